<?php
// A bakery's site in several scripts: what a sync meets outside, in text, markup and length.

const CATEGORIES = ['News', 'Recipes', 'Behind the counter', 'Événements', '季節のパン', 'Angebote & Aktionen'];

const TAGS = ['sourdough', 'rye', 'café', 'Brötchen', 'चाय', '抹茶', 'خبز', 'vegan 🌱', 'orders', 'team', 'Q&A'];

const PAGE_TITLES = [
    'About us', 'Our bread', 'Opening hours', 'Contact', 'Careers', 'Wholesale', 'Allergens & ingredients',
    'Delivery area', 'Gift cards', 'Catering', 'Frequently asked questions', 'Press', 'Privacy policy', 'Imprint',
    'Terms of sale', 'Our suppliers', 'Baking courses', 'Über uns', '会社概要', 'من نحن',
];

const TITLES = [
    'Why our rye takes three days', 'New opening hours in the old town', 'Five things to do with yesterday’s bread',
    'The croissant, layer by layer 🥐', 'How we price a loaf: 38% flour & energy', 'Brötchen am Sonntag? Ja!',
    'Pão de queijo, agora às sextas', '季節限定：さつまいもパンのお知らせ', 'चाय के साथ बन मस्का', 'خبز الصباح من فرن الحي',
    'Вечерний хлеб со скидкой', 'Κουλούρια κάθε πρωί', '오늘의 식빵', 'A "small" mistake with 40 kg of dough',
    'Meet Ana, who opens the shop at 4:30', 'Our answer to <em>“is it vegan?”</em>', 'Starter care 101 👩‍🍳✨',
];

const SENTENCES = [
    'We mix the dough the evening before and leave it in the cold room, where time does most of the work.',
    'Nobody was hurt, but the oven door has been replaced and the smell of burnt sugar stayed for a week.',
    'Flour prices rose by 12% since March; we raised the large loaf by 20 cents and left the small one alone.',
    'If you order before 18:00, your bread is in the shop at 7:00 on the next day, Sundays included.',
    'Ana says that the trick is patience, and that the other trick is a sharp knife.',
    'Der Teig ruht über Nacht; früh um vier heizen wir den Ofen an, und um sechs steht die erste Schlange da.',
    'A massa descansa doze horas, o forno chega aos 250 °C e o balcão abre às sete em ponto.',
    '生地は一晩ゆっくり発酵させ、朝四時に窯に火を入れます。焼きたては七時からです。',
    'आटा रात भर ठंडे कमरे में रहता है, और सुबह सात बजे पहली खेप तैयार होती है।',
    'نعجن العجين مساءً ونتركه يرتاح طوال الليل، ثم نشعل الفرن عند الرابعة فجراً.',
    'Тесто стоит ночь в холоде, а утром первая партия выходит из печи ровно в шесть.',
    'Thank you for 1,000 reviews 🎉🥖 — the kindest ones hang in the kitchen 👩🏽‍🍳❤️.',
    'Ask at the counter for the allergen list (gluten, milk, sesame & nuts are handled in the same room).',
    'Our supplier mills 4 tonnes a week, less than 30 km from here, on stones that are older than the shop.',
];

const MARKS = ['🥖', '☕️', '🇮🇳', '½', '…', 'ﬁ', 'e' . "\u{0301}", '𝒷read'];

function title_of(int $n): string
{
    return TITLES[$n % count(TITLES)] . ' · ' . $n;
}

function sentence(int $n): string
{
    return SENTENCES[$n % count(SENTENCES)];
}

function excerpt_of(int $n): string
{
    return sentence($n * 3) . ' ' . MARKS[$n % count(MARKS)];
}

/** From two paragraphs to some sixty, the markup that the block editor writes. */
function content_of(int $n): string
{
    $blocks = [];
    $paragraphs = $n % 50 === 0 ? 60 : 2 + $n % 7;
    for ($i = 0; $i < $paragraphs; $i++) {
        if ($i % 3 === 2) {
            $blocks[] = "<!-- wp:heading -->\n<h2>" . esc_html(TAGS[($n + $i) % count(TAGS)]) . "</h2>\n<!-- /wp:heading -->";
        }
        $text = esc_html(sentence($n + $i * 5) . ' ' . sentence($n * 3 + $i) . ' ' . MARKS[($n + $i) % count(MARKS)]);
        $blocks[] = "<!-- wp:paragraph -->\n<p>$text</p>\n<!-- /wp:paragraph -->";
    }
    if ($n % 6 === 0) {
        $items = implode('', array_map(fn ($k) => '<li>' . esc_html(TAGS[($n + $k) % count(TAGS)]) . '</li>', range(0, 3)));
        $blocks[] = "<!-- wp:list -->\n<ul>$items</ul>\n<!-- /wp:list -->";
    }
    return implode("\n\n", $blocks);
}

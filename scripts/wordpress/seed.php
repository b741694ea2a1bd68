<?php
// Fills a fresh site: WORDPRESS_POSTS posts, 20 pages, 10 pictures, and nothing of what the installer puts in.
// Every date is derived from the item's number, so that two seeded sites are equal and all of it lies in the past.
require getenv('WORDPRESS_TREE') . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/image.php';
require_once ABSPATH . 'wp-admin/includes/taxonomy.php';
require __DIR__ . '/texts.php';

const PAGES = 20;
const MEDIA = 10;

/** The site's own time of item $n: steps of 61 minutes and 7 seconds from January 2025, no two alike. */
function date_of(int $n): string
{
    return gmdate('Y-m-d H:i:s', gmmktime(8, 30, 0, 1, 6, 2025) + $n * 3667);
}

function added(int|WP_Error $id): int
{
    if (is_wp_error($id)) {
        fwrite(STDERR, $id->get_error_message() . "\n");
        exit(1);
    }
    return $id;
}

function picture(int $n): int
{
    $image = imagecreatetruecolor(320, 200);
    imagefill($image, 0, 0, imagecolorallocate($image, 25 * $n % 256, 90 + 13 * $n % 120, 200 - 17 * $n % 150));
    imagefilledellipse($image, 30 * $n % 320, 100, 90, 90, imagecolorallocate($image, 255, 255 - 20 * $n, 120));
    ob_start();
    imagepng($image);
    $file = wp_upload_bits("bread-$n.png", null, ob_get_clean(), '2025/01');
    $id = added(wp_insert_attachment([
        'post_title' => "Bread $n",
        'post_excerpt' => "Loaf number $n, as it leaves the oven 🍞",
        'post_mime_type' => 'image/png',
        'post_date' => date_of(400 + $n),
    ], $file['file'], 0, true));
    wp_update_attachment_metadata($id, wp_generate_attachment_metadata($id, $file['file']));
    update_post_meta($id, '_wp_attachment_image_alt', "A loaf of bread, picture $n");
    return $id;
}

global $wpdb, $wp_rewrite;
$posts = (int) getenv('WORDPRESS_POSTS');
wp_set_current_user(get_user_by('login', getenv('WORDPRESS_USER'))->ID);
wp_defer_term_counting(true);
wp_defer_comment_counting(true);
$wpdb->query('START TRANSACTION');

foreach (get_posts(['post_type' => ['post', 'page'], 'post_status' => 'any', 'numberposts' => -1]) as $old) {
    wp_delete_post($old->ID, true);
}

// A zone off UTC by a half-hour tells apart who reads `modified` from who reads `modified_gmt`.
update_option('timezone_string', 'Asia/Kolkata');
$wp_rewrite->set_permalink_structure('/%year%/%monthnum%/%postname%/');
flush_rewrite_rules(false);

$categories = array_map(fn ($name) => added(wp_create_category($name)), CATEGORIES);
$pictures = array_map(picture(...), range(1, MEDIA));

for ($n = 1; $n <= $posts; $n++) {
    $id = added(wp_insert_post(wp_slash([
        'post_title' => title_of($n),
        'post_content' => content_of($n),
        'post_excerpt' => $n % 4 === 0 ? excerpt_of($n) : '',
        'post_status' => 'publish',
        'post_date' => date_of($n),
        'post_name' => "story-$n",
        'post_category' => [$categories[$n % count($categories)]],
        'tags_input' => [TAGS[$n % count(TAGS)], TAGS[($n * 7 + 3) % count(TAGS)]],
    ]), true));
    if ($n % 5 === 0) {
        set_post_thumbnail($id, $pictures[$n % MEDIA]);
    }
}

for ($n = 1; $n <= PAGES; $n++) {
    added(wp_insert_post(wp_slash([
        'post_type' => 'page',
        'post_title' => PAGE_TITLES[$n - 1],
        'post_content' => content_of(1000 + $n),
        'post_status' => 'publish',
        'post_date' => date_of(300 + $n),
        'menu_order' => $n,
    ]), true));
}

$wpdb->query('COMMIT');
wp_defer_term_counting(false);
wp_defer_comment_counting(false);

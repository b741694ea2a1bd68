/**
 * The site of a small bakery, told the way such sites are: useful here, thin or out of date there. Excerpts are
 * missing, opening hours contradict each other, an event has long passed, one post has no words to speak of.
 */
export interface Story {
  title: string;
  text: string[];
  excerpt?: string;
  /** When it was last changed; earlier than that it was published. */
  modified: string;
}

export const STORIES: Story[] = [
  {
    title: 'Why our sourdough takes thirty hours',
    modified: '2025-05-12T06:40:00Z',
    excerpt: 'Flour, water, salt and a great deal of waiting: how our house loaf is made.',
    text: [
      'Our starter is fed twice a day and is older than the shop. Every loaf begins with it, with stone-ground rye from the Albrecht mill, and with nothing that needs a factory to pronounce.',
      'The dough rests overnight at eight degrees. Slow fermentation breaks the starch down, which is why many guests who avoid bread can eat ours; ask us at the counter if you are unsure.',
      'We bake at 250 degrees on stone, at five and again at eleven. Come after the second bake for a loaf that is still warm, or order by noon for the next day.',
    ],
  },
  {
    title: 'Summer opening hours 2021',
    modified: '2021-06-28T09:05:00Z',
    text: ['From July we are open Tuesday to Saturday, 7 to 13.'],
  },
  {
    title: 'Gluten-free Thursdays',
    modified: '2024-11-07T13:20:00Z',
    text: [
      'Every Thursday the small oven is kept free of wheat. We bake buckwheat bread, almond slices and a chestnut loaf that sells out before ten.',
      'Please note that we are one kitchen: traces cannot be ruled out, and guests with coeliac disease should talk to us first.',
    ],
  },
  { title: 'Hello world!', modified: '2019-03-02T10:00:00Z', text: ['Welcome to WordPress. This is your first post.'] },
  {
    title: 'Ordering a wedding cake: what we need to know, by when, and what it costs',
    modified: '2023-02-15T08:45:00Z',
    excerpt: 'Six weeks ahead, the number of guests, and one tasting on a Wednesday.',
    text: [
      'A cake for sixty guests takes us two days. Tell us the date at least six weeks ahead, the number of guests, and any allergies.',
      'Tastings are on Wednesdays at four. They cost 25 euros a couple, which we take off the bill when you order.',
      'Delivery within the city is included. Further out we charge by distance, since the cake travels with one of us beside it.',
    ],
  },
  {
    title: 'Christmas market, 10 December 2022',
    modified: '2022-11-20T16:30:00Z',
    text: ['Find us at stall 14 with stollen and punch. We look forward to you!'],
  },
  {
    title: 'Meet the mill: Albrecht, four generations on the river',
    modified: '2024-04-03T07:10:00Z',
    text: [
      'Twelve kilometres upstream the Albrechts have milled rye, spelt and wheat since 1911. We fetch our flour on Mondays and know the fields it comes from.',
      'Stone milling keeps the germ in the flour, so it turns rancid sooner. That is why we buy little and often, and why our bread tastes of grain.',
    ],
  },
  { title: 'New coffee machine', modified: '2020-09-14T11:00:00Z', text: ['It is here. It is red. ☕'] },
  {
    title: 'A baking class for children in the autumn holidays',
    modified: '2023-09-01T12:00:00Z',
    text: [
      'Three mornings, ten children, flour everywhere. We shape pretzels, learn why dough rises, and everyone takes a bag home.',
      'Places are 18 euros. Register by telephone on 030 5550 142.',
    ],
  },
  {
    title: 'How we keep yesterday’s bread out of the bin',
    modified: '2025-01-22T15:25:00Z',
    excerpt: 'Half price from four, crumbs, croutons, and a shelf at the neighbourhood kitchen.',
    text: [
      'What is left at four goes for half price; what is left at six goes to the neighbourhood kitchen in Lindenstraße. The rest becomes crumbs for our dumplings.',
      'Last year that left us with 140 kilograms of waste, a third of the year before.',
    ],
  },
  { title: 'We are hiring', modified: '2022-01-11T08:00:00Z', text: ['We look for a baker (m/f/d). Write to us.'] },
  {
    title: 'Summer opening hours',
    modified: '2024-06-30T09:00:00Z',
    text: [
      'In July and August we open Wednesday to Sunday, 8 to 14. On Mondays and Tuesdays the oven rests, and so do we.',
    ],
  },
];

export const PAGES: Story[] = [
  {
    title: 'Home',
    modified: '2025-02-01T09:00:00Z',
    text: ['Kornblume is a bakery in the old tram depot: sourdough, cake, coffee, and a table in the sun.'],
  },
  {
    title: 'About us',
    modified: '2021-03-10T09:00:00Z',
    text: ['We opened in 2016 with one oven and two people. Today we are nine.'],
  },
  { title: 'Opening hours', modified: '2023-08-18T09:00:00Z', text: ['Tuesday to Saturday 7 to 18, Sunday 8 to 12.'] },
  {
    title: 'Wedding cakes',
    modified: '2022-05-05T09:00:00Z',
    text: ['Prices from 4.20 euros a slice. See our blog for how to order.'],
  },
  {
    title: 'Contact',
    modified: '2020-01-20T09:00:00Z',
    text: ['Depotgasse 4, telephone 030 5550 142, mail@kornblume.example'],
  },
];

export const PICTURES = [
  'Sourdough loaf on a board',
  'The counter in the morning',
  'Wedding cake with cornflowers',
  'IMG_2041',
];

/** Past the told ones, posts of a longer history, one a week backwards from spring 2025. */
export function further(index: number): Story {
  const modified = new Date(Date.parse('2025-03-30T08:00:00Z') - index * 7 * 86_400_000).toISOString();
  const loaf = ['spelt', 'rye', 'walnut', 'potato', 'oat', 'carrot'][index % 6] ?? 'rye';
  return {
    title: `Bread of the week ${index + 1}: ${loaf}`,
    modified,
    text: [
      `This week the ${loaf} loaf comes out of the second bake. It keeps for four days in a cloth and likes butter best.`,
      ...(index % 3 === 0 ? [] : ['We bake thirty of them a day. When they are gone, they are gone.']),
    ],
    ...(index % 4 === 0 ? { excerpt: `The ${loaf} loaf, this week only.` } : {}),
  };
}

import { createCollection, type Kept } from '../../records/collection.ts';

const FIRST_POST = 7_380_012_345_678_900_000n;

export const organizationAt = (place: number): string => `urn:li:organization:${40_213_377 + place}`;
/** A post has an activity of its own beside it, which is what people comment on. */
const shareAt = (place: number): string => `urn:li:share:${FIRST_POST + 2n * BigInt(place)}`;
export const activityOf = (share: string): string => `urn:li:activity:${BigInt(share.split(':').at(-1) ?? 0) + 1n}`;
const commentOf = (activity: string, place: number): string =>
  `urn:li:comment:(${activity},${7_380_055_566_677_000_000n + BigInt(place)})`;

/** The pages that somebody administers, with what was posted there and said about it. */
export function createPages(now: () => number) {
  let commented: string | undefined;
  return {
    organizations: createCollection<Record<string, unknown>>({
      now,
      count: 2,
      spell: organizationAt,
      make: (place) => ({
        role: 'ADMINISTRATOR',
        state: 'APPROVED',
        localizedName: `Kornblume ${place}`,
      }),
      edit: (body) => ({ ...body, localizedName: `${String(body['localizedName'])} (edited)` }),
    }),
    posts: createCollection<Record<string, unknown>>({
      now,
      count: 6,
      spell: shareAt,
      make: (place) => ({
        ...{ author: organizationAt(place % 2), commentary: `New coats are in \\(${place}\\)`, visibility: 'PUBLIC' },
        ...{ lifecycleState: 'PUBLISHED', isReshareDisabledByAuthor: false },
        distribution: { feedDistribution: 'MAIN_FEED', targetEntities: [], thirdPartyDistributionChannels: [] },
      }),
      edit: (body) => ({ ...body, commentary: `${String(body['commentary'])} and out` }),
    }),
    comments: createCollection<Record<string, unknown>>({
      now,
      count: 4,
      spell: (place) => {
        const urn = commentOf(commented ?? activityOf(shareAt(place % 2)), place);
        commented = undefined;
        return urn;
      },
      make: (place) => ({
        actor: 'urn:li:person:zX9yW8vU7t',
        message: { text: `Is it in size ${place}?`, attributes: [] },
      }),
      edit: (body) => ({ ...body, message: { text: 'Never mind', attributes: [] } }),
    }),
    /** The next comment that is made lies under this activity. */
    under: (activity: string): void => void (commented = activity),
  };
}
export type Pages = ReturnType<typeof createPages>;

/** The same for everybody who may see it: who asks is its administrator. */
export const shownAcl = ({ id, body: { role, state } }: Kept, roleAssignee: string) => ({
  organization: id,
  roleAssignee,
  role,
  state,
});
export const shownOrganization = ({ id, body, broken }: Kept) => ({
  ...{ id: Number(id.split(':').at(-1)), vanityName: `page-${id.split(':').at(-1) ?? ''}` },
  ...(broken ? {} : { localizedName: body['localizedName'] }),
});
export const shownPost = ({ id, body, madeAt, changedAt, broken }: Kept) => ({
  ...{ id, ...body, createdAt: madeAt, publishedAt: madeAt, lastModifiedAt: changedAt },
  ...(broken && { commentary: undefined }),
});
export const shownComment = ({ id, body, madeAt, changedAt, broken }: Kept) => {
  const [, object = '', own = ''] = /^urn:li:comment:\((.*),(\d+)\)$/.exec(id) ?? [];
  const { actor } = body;
  return {
    ...{ id: own, actor, object, commentUrn: id, ...(broken ? {} : { message: body['message'] }) },
    ...{ created: { actor, time: madeAt }, lastModified: { actor, time: changedAt } },
  };
};

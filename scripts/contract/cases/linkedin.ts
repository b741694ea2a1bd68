import { granted } from '../case.ts';
import type { ContractCase } from '../case.ts';

const failed = (status: number, code: string, serviceErrorCode = 0) => ({
  status,
  code,
  serviceErrorCode,
  message: 'words',
});
const ORGANIZATION = 'urn:li:organization:40213377';
const POST = 'urn:li:share:7380012345678900000';

export const linkedin: ContractCase = {
  connector: 'linkedin',
  vendor: 'linkedin',
  faultsAt: '/rest/',
  method: 'oauth',
  settings: () => ({}),
  credential: granted('linkedin'),
  wrong: { access_token: 'AQnobody' },
  streams: {
    organizations: {},
    profiles: { collection: 'organizations', probe: { organizationId: ORGANIZATION } },
    social_posts: {
      collection: 'posts',
      probe: { organizationId: ORGANIZATION },
      create: { organizationId: ORGANIZATION, text: 'New coats (in #wool) are in' },
      update: { text: 'New coats [all sizes] are in' },
    },
    comments: {
      collection: 'comments',
      probe: { postId: POST },
      create: { postId: POST, organizationId: ORGANIZATION, text: 'Yes, it is' },
      update: { text: 'Yes, and in S' },
    },
    share_statistics: { probe: { organizationId: ORGANIZATION } },
    followers: { probe: { organizationId: ORGANIZATION } },
  },
  errors: [
    { name: 'expired', status: 401, body: failed(401, 'EXPIRED_ACCESS_TOKEN', 65_602), fault: 'credential_rejected' },
    { name: 'revoked', status: 401, body: failed(401, 'REVOKED_ACCESS_TOKEN', 65_601), fault: 'credential_rejected' },
    { name: 'forbidden', status: 403, body: failed(403, 'ACCESS_DENIED'), fault: 'credential_forbidden' },
    { name: 'missing', status: 404, body: failed(404, 'NOT_FOUND'), fault: 'not_found' },
    { name: 'throttled', status: 429, body: failed(429, 'TOO_MANY_REQUESTS'), fault: 'provider_rate_limited' },
    { name: 'invalid', status: 400, body: failed(400, 'INVALID_PARAM'), fault: 'provider_rejected' },
    { name: 'conflict', status: 422, body: failed(422, 'DUPLICATE_POST'), fault: 'conflict' },
    { name: 'version ended', status: 426, body: failed(426, 'NONEXISTENT_VERSION'), fault: 'unsupported' },
  ],
  webhook: { collection: 'comments', kind: 'create', streams: ['comments'] },
};

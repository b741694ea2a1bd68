import { z } from 'zod';
import { BEARER } from '../../auth-methods.ts';
import { defineConnector } from '../../manifest.ts';
import { followers, organizations, profiles, shareStatistics } from './pages.ts';
import { comments, socialPosts } from './posts.ts';
import { numberOf } from './urns.ts';

export const linkedin = defineConnector({
  id: 'linkedin',
  title: 'LinkedIn',
  category: 'social',
  docs: 'https://learn.microsoft.com/en-us/linkedin/marketing/community-management/',
  notes: [
    'The application needs the Community Management API, which LinkedIn approves, and in development may have no other product.',
    'Only an application that is approved for it gets refresh tokens, for a year from the consent; without them people connect again every 60 days.',
    'The limits are not published; the development tier is very small.',
    'Comments are written and changed here, not deleted: that call wants to know as which page. How comments are paged and changed is taken from examples.',
    'LinkedIn refuses the same text for some minutes: a post whose answer was lost is looked for by a person.',
    'Which of two numbers means an expired and which a revoked token is not certain; both ask people to connect again.',
  ],
  auth: [
    {
      id: 'oauth',
      title: 'With your LinkedIn account',
      kind: 'oauth2_code',
      fields: [],
      use: BEARER,
      authorizeUrl: 'https://www.linkedin.com/oauth/v2/authorization',
      tokenUrl: 'https://www.linkedin.com/oauth/v2/accessToken',
      scopes: ['r_basicprofile', 'r_organization_social', 'w_organization_social', 'rw_organization_admin'],
      scopeSeparator: ' ',
      pkce: 'none',
      clientAuth: 'body',
      tokenLifetimeS: 5_184_000,
    },
  ],
  base: 'https://api.linkedin.com/rest',
  // A month's version lives about a year: 202607 until 2027-07-15.
  headers: { 'linkedin-version': '202607', 'x-restli-protocol-version': '2.0.0' },
  // Userinfo would need scopes of another product.
  verify: {
    path: '/organizationAcls',
    query: { q: 'roleAssignee', role: 'ADMINISTRATOR', state: 'APPROVED', count: '1', start: '0' },
    account: z
      .object({ elements: z.tuple([z.object({ roleAssignee: z.string().regex(/^urn:li:person:/) })], z.unknown()) })
      .transform(({ elements: [{ roleAssignee }] }) => ({
        accountId: roleAssignee,
        accountName: `LinkedIn member ${numberOf(roleAssignee)}`,
        settings: {},
      })),
    nobody: 'this login administers no page; let its administrator connect',
  },
  errors: {
    code: 'code',
    rules: [
      {
        status: 401,
        is: ['EXPIRED_ACCESS_TOKEN', 'REVOKED_ACCESS_TOKEN', 'INVALID_ACCESS_TOKEN'],
        fault: 'credential_rejected',
        message: 'does not take this token any more; connect it again',
      },
      {
        status: 403,
        is: ['ACCESS_DENIED'],
        fault: 'credential_forbidden',
        message: 'the login is no administrator of this page, or the application lacks a permission',
      },
      {
        status: 422,
        is: ['DUPLICATE_POST'],
        fault: 'conflict',
        message: 'the same text was posted minutes ago; nothing was posted again',
      },
      {
        status: 426,
        fault: 'unsupported',
        message: 'has ended this version of its API; whoever runs this platform must update it',
      },
    ],
  },
  webhooks: {
    // The scheme's name is part of what is signed, and not of the header.
    signature: {
      scheme: 'hmac',
      header: 'x-li-signature',
      algorithm: 'sha256',
      encoding: 'hex',
      signed: 'hmacsha256={body}',
    },
    secret: 'app',
    handshake: 'linkedin',
    many: 'notifications',
    id: { at: 'notificationId' },
    type: { at: 'action' },
    at: { at: 'lastModifiedAt' },
    events: {
      LIKE: ['share_statistics'],
      COMMENT: ['comments'],
      SHARE: ['social_posts', 'share_statistics'],
      SHARE_MENTION: [],
      ADMIN_COMMENT: ['comments'],
      COMMENT_EDIT: ['comments'],
      COMMENT_DELETE: ['comments'],
    },
    setUp:
      'Your application at LinkedIn → Webhooks: register our URL, then subscribe each page to ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS; LinkedIn asks the URL again every two hours',
  },
  streams: {
    organizations,
    profiles,
    social_posts: socialPosts,
    comments,
    share_statistics: shareStatistics,
    followers,
  },
});

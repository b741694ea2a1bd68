import { logIn } from './api-client.ts';
import type { ApiClient, StoryEvent } from './api-client.ts';

/** The address of the site to connect, and the application password of its owner. */
export interface Site {
  url: string;
  user: string;
  password: string;
}

export interface Onboarding {
  slug: string;
  ownerEmail: string;
  operation: string;
  owner: ApiClient;
  /** Resolves with the event of this step and state; rejects when the operation ends before. */
  reaches: (step: string, state: string) => Promise<StoryEvent>;
  story: StoryEvent[];
  stop: () => void;
}

const onboardingBody = (slug: string, ownerEmail: string) => ({
  name: `Bakery ${slug}`,
  slug,
  ownerEmail,
  plan: 'growth',
  connectors: [
    {
      connector: 'wordpress',
      sync: [
        { stream: 'posts', sink: 'knowledge' },
        { stream: 'pages', sink: 'knowledge' },
        { stream: 'media', sink: 'store' },
      ],
    },
    { connector: 'hubspot', sync: [{ stream: 'contacts', sink: 'store' }] },
  ],
});

/** Starts the onboarding and follows its story; returns when its people can be let in. Null when the slug is taken. */
export const beginOnboarding = async (
  admin: ApiClient,
  slug: string,
  onEvent: (event: StoryEvent) => void,
): Promise<Onboarding | null> => {
  const ownerEmail = `owner@${slug}.example`;
  const started = await admin.post<{ id: string }>(
    '/api/v1/tenants',
    onboardingBody(slug, ownerEmail),
    `onboard-${slug}`,
  );
  if (started.status === 409) return null;
  if (started.status !== 202)
    throw new Error(`POST /tenants answered ${started.status}: ${JSON.stringify(started.body)}`);
  const operation = `/api/v1/operations/${started.body.id}`;

  const story: StoryEvent[] = [];
  const watching = new AbortController();
  let wake = Promise.withResolvers<void>();
  let ended = false;
  const follow = async () => {
    try {
      for await (const event of admin.events(`${operation}/events`, watching.signal)) {
        story.push(event);
        onEvent(event);
        wake.resolve();
        wake = Promise.withResolvers<void>();
      }
    } finally {
      ended = true;
      wake.resolve();
    }
  };
  const following = follow().catch((error: unknown) => {
    if (!watching.signal.aborted) throw error;
  });

  const reaches = async (step: string, state: string): Promise<StoryEvent> => {
    for (;;) {
      const found = story.find((event) => event.step === step && event.state === state);
      if (found) return found;
      if (ended) {
        await following;
        throw new Error(`the operation ended before ${step} was ${state}: ${JSON.stringify(story.at(-1))}`);
      }
      await wake.promise;
    }
  };

  await reaches('connect.hubspot', 'waiting');
  return {
    slug,
    ownerEmail,
    operation,
    owner: await logIn(admin.baseUrl, ownerEmail),
    reaches,
    story,
    stop: () => watching.abort(),
  };
};

export const connectSite = (owner: ApiClient, site: Site) =>
  owner.post<Record<string, unknown>>('/api/v1/connectors/wordpress/connect', {
    fields: { site_url: site.url, username: site.user, application_password: site.password },
  });

export const emulatedSite = (emulatorUrl: string): Site => ({
  url: `${emulatorUrl}/wordpress/demo`,
  user: 'owner',
  password: 'abcd EFGH ijkl MNOP qrst UVWX',
});

import { PLATFORM } from '../../ports/ids.ts';
import type { Ports } from '../../ports/index.ts';
import { webhookSecretPath } from '../../ports/secrets.ts';
import type { EndpointRef } from '../../ports/webhooks.ts';
import type { Apps } from '../connectors/apps.ts';
import type { Webhooks } from '../connectors/webhooks.ts';
import { createHold } from '../rotation/hold.ts';
import type { Proofs } from './handshakes.ts';

const present = (values: (string | undefined)[]): string[] =>
  values.filter((value): value is string => value !== undefined && value !== '');

export interface ProofParts extends Pick<Ports, 'secrets' | 'rotations'> {
  apps: Apps;
}

/** The secrets that may prove a delivery, read at each one and kept nowhere. */
export const createProofs = ({ secrets, rotations, apps }: ProofParts) => ({
  /** The endpoint's own, where a person or we gave it one (and the one before it); else the application's. */
  async of({ scope, id, connectorId }: EndpointRef, { secret }: Webhooks): Promise<Proofs> {
    const own = (await secrets.read(webhookSecretPath(scope, id)))?.values ?? {};
    const verifyToken = own['verify_token'] ?? '';
    const isOverlap = Date.parse(own['previous_until'] ?? '') > Date.now();
    const mine = present([own['secret'], isOverlap ? own['previous'] : undefined]);
    if (mine.length > 0 || secret === 'endpoint') return { secrets: mine, verifyToken };
    return { secrets: present([(await apps(connectorId))?.clientSecret]), verifyToken };
  },

  /** What the application's rotation holds: vendors sign with the old or the new secret while it lasts. */
  async rotating(connectorId: string): Promise<string[]> {
    const running = (await rotations.latest(PLATFORM)).find(
      ({ secretClass, subject, outcome }) =>
        secretClass === 'oauth_client_secret' && subject === connectorId && outcome === 'running',
    );
    if (!running) return [];
    const { id: rotationId, secretClass, subject } = running;
    const held = await createHold(secrets, { scope: PLATFORM, secretClass, subject, rotationId }).read();
    return present([held?.predecessor['client_secret'], held?.successor?.['client_secret']]);
  },
});

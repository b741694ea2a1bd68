// Leaves a demo tenant that has connected the emulated systems and waits for its owner's approval. Silent when it exists.
import { logIn } from './demo/api-client.ts';
import { beginOnboarding, connectSite, emulatedSite } from './demo/main-job.ts';
import { readSettings } from './lib/settings.ts';

const { apiPort, emulatorPort } = readSettings();
const admin = await logIn(`http://127.0.0.1:${apiPort}`, 'admin@bizosaas.local');
const onboarding = await beginOnboarding(admin, 'demo', () => undefined);
if (onboarding) {
  const connected = await connectSite(onboarding.owner, emulatedSite(`http://127.0.0.1:${emulatorPort}`));
  if (connected.status !== 200) throw new Error(`connecting the emulated site answered ${connected.status}`);
  await onboarding.owner.authorize('hubspot');
  await onboarding.reaches('approval', 'waiting');
  onboarding.stop();
}

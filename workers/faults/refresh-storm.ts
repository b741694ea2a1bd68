import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { aTenant } from '../../adapters/postgres/testing-data.ts';
import { ConnectionId } from '../../ports/ids.ts';
import { connectionWorkflowId, QUEUES } from '../../ports/operations.ts';
import { connection, importGrantUpdate } from '../../workflows/connection.ts';
import type { Answered, Question } from './calling-worker.ts';
import type { Deployment } from './deployment.ts';
import type { Program } from './processes.ts';

export interface Storm {
  processes: number;
  callers: number;
  generations: number;
  /** A process chosen at random is killed this often, give or take a half. */
  killEveryMs: number;
}

export interface StormFigures {
  generations: number;
  /** Calls that were answered, and what the others met. */
  answered: number;
  refused: Record<string, number>;
  kills: number;
  /** Successful refreshes at the vendor, and the most of any one generation. */
  refreshes: number;
  mostOfOne: number;
  /** The vendor saw a refresh token again that it had replaced. */
  reuseAlarms: number;
  /** Deaths of the grant after a kill, said to be a lost answer: the window between the vendor's answer and our write. */
  lostInWindow: number;
  /** Any other death of the grant. */
  falseDeaths: string[];
  tookMs: number;
}

/**
 * Callers in many processes share one token. Generation after generation the vendor lapses it and all callers meet that at
 * once, while processes are killed. The vendor rotates refresh tokens and kills the family of one that is used twice.
 */
export async function refreshStorm(
  { ground, startCaller }: Deployment,
  { processes, callers, generations, killEveryMs }: Storm,
): Promise<StormFigures> {
  const { ports, client, emulator } = ground;
  const vendor = emulator.control.oauth('hubspot');
  vendor.rotate(true);
  vendor.overlap(0);
  const tenantId = await aTenant(ports);
  const connectionId = ConnectionId.parse(randomUUID());
  const workflowId = connectionWorkflowId(tenantId, connectionId);
  const { id: methodId } = ports.connectors.method('hubspot');
  const programs = await Promise.all(Array.from({ length: processes }, startCaller));
  const handle = await client.workflow.start(connection, {
    taskQueue: QUEUES.operations,
    workflowId,
    args: [{ tenantId, connectionId, connectorId: 'hubspot', sync: [], notify: null }],
  });
  const connect = async () => {
    const { accessToken, refreshToken, expiresAt } = vendor.grant();
    const values = { access_token: accessToken, refresh_token: refreshToken ?? '' };
    const staged = await ports.staging.stage(workflowId, values);
    const given = { staged, methodId, settings: {}, actor: 'storm', expiresAt };
    await handle.executeUpdate(importGrantUpdate, { args: [given] });
  };
  await connect();

  const figures: StormFigures = {
    ...{ generations: 0, answered: 0, refused: {}, kills: 0, refreshes: 0, mostOfOne: 0, reuseAlarms: 0 },
    ...{ lostInWindow: 0, falseDeaths: [], tookMs: 0 },
  };
  const began = Date.now();
  /** Kills before this generation and before the one before it: what a kill cut off may be noticed one generation later. */
  let [before, earlier] = [0, 0];
  const calm = new AbortController();
  const killing = kill(programs, startCaller, killEveryMs, calm.signal, () => (figures.kills += 1));
  try {
    // A storm that was over before its first kill proved nothing about them.
    while (figures.generations < generations || figures.kills === 0) {
      [before, earlier] = [figures.kills, before];
      vendor.expireTokens();
      const question: Question = { tenantId, connectionId, callers: Math.ceil(callers / processes) };
      const answers = (await Promise.all(programs.map(({ ask }) => ask(question)))) as (Answered | null)[];
      // One whose callers were all killed is none.
      if (answers.some((answer) => answer !== null)) figures.generations += 1;
      for (const answer of answers) {
        figures.answered += answer?.answered ?? 0;
        for (const [code, times] of Object.entries(answer?.refused ?? {}))
          figures.refused[code] = (figures.refused[code] ?? 0) + times;
      }
      const { state, reason } = await ports.connections.get(tenantId, connectionId);
      if (state !== 'reauth_required') continue;
      if (reason?.code === 'lost_response' && figures.kills > earlier) figures.lostInWindow += 1;
      else
        figures.falseDeaths.push(`generation ${figures.generations}: ${reason?.code ?? ''} ${reason?.message ?? ''}`);
      await connect();
    }
  } finally {
    calm.abort();
    await killing;
  }
  const calls = vendor.tokenCalls();
  return {
    ...figures,
    refreshes: calls.grantTypes['refresh_token']?.succeeded ?? 0,
    mostOfOne: Math.max(...calls.generations.map(({ succeeded }) => succeeded)),
    reuseAlarms: calls.reuseAlarms,
    tookMs: Date.now() - began,
  };
}

/** Kills one after the other and puts another in its place, until it is calm. */
async function kill(
  programs: Program[],
  start: () => Promise<Program>,
  everyMs: number,
  calm: AbortSignal,
  killed: () => void,
): Promise<void> {
  while (!calm.aborted) {
    await pause(everyMs * (0.5 + Math.random()), undefined, { signal: calm }).catch(() => undefined);
    if (calm.aborted) return;
    const victim = Math.floor(Math.random() * programs.length);
    programs[victim]?.signal('SIGKILL');
    killed();
    programs[victim] = await start();
  }
}

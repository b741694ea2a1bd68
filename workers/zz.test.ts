import { expect, test } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import { heartbeat, Context } from '@temporalio/activity';
import { fileURLToPath } from 'node:url';
import { openNamespace, testLog } from './testing/namespace.ts';
import { cachedBundle } from './bundle.ts';
import { startWorkers } from './run.ts';
import { payloadCodec } from '../adapters/temporal/codec.ts';
import { keyRing } from '../adapters/temporal/key-ring.ts';
import { dataConverter } from '../adapters/temporal/data-converter.ts';
import { TEST_KEYS } from './testing/namespace.ts';

test('experiment', async () => {
  const t0 = performance.now(); const lap = (s: string) => console.log(s, (performance.now() - t0).toFixed(0));
  const base = dataConverter(keyRing(TEST_KEYS));
  const inner = payloadCodec(keyRing(TEST_KEYS));
  const seen = new Set<string>();
  const tenantOf = (p: any) => Buffer.from(p.metadata?.tenant ?? '').toString();
  const spy = {
    encode: async (p: any, c: any) => { const out = await inner.encode(p, c); out.forEach((x) => seen.add(`enc ${tenantOf(x)} <- ${c?.type} ${c?.workflowId} ${c?.activityId ?? ''}`)); return out; },
    decode: async (p: any, c: any) => { p.forEach((x: any) => seen.add(`dec ${tenantOf(x)} <- ${c?.type} ${c?.workflowId} ${c?.activityId ?? ''}`)); return inner.decode(p, c); },
  };
  const converter = { ...base, payloadCodecs: [spy] };
  const ns = await openNamespace({ converter });
  lap('ns');
  const bundle = { codePath: await cachedBundle(fileURLToPath(new URL('./testing/workflows.ts', import.meta.url))) };
  lap('bundle');
  const activities = {
    echo: async (t: string) => t, fail: async (t: string) => { throw ApplicationFailure.create({ message: t, type: 'x', details: [t] }); },
    beat: async (t: string) => { heartbeat(t); await Context.current().sleep(300); return t; }, blob: async (n: number) => 'x'.repeat(n),
  };
  const w = startWorkers({ temporal: ns.temporal, dataConverter: converter, ports: {} as never, bundle, log: testLog, activities });
  await w.ready; lap('ready');
  const { client } = ns;
  const l = await client.workflow.start('listener', { workflowId: 'listener:T2:1', taskQueue: 'operations', args: ['first'], memo: { note: 'secret-memo' } });
  const h = await client.workflow.start('traveller', { workflowId: 'traveller:platform:1', taskQueue: 'operations', args: ['child:T1:1', 'listener:T2:1'] });
  console.log(await h.result()); lap('traveller');
  console.log(await l.executeUpdate('ask', { args: ['secret-ask'] }));
  console.log(await l.query('heard', 'secret'));
  await l.signal('tell', 'end');
  console.log(await l.result());
  console.log((await l.describe()).memo);
  for await (const x of client.workflow.list()) if (x.memo) console.log(x.workflowId, x.memo);
  const f = await client.workflow.start('failing', { workflowId: 'failing:T1:1', taskQueue: 'operations', args: ['secret-failure'] });
  console.log(await f.result().catch((e) => [e.cause.message, e.cause.cause.message, e.cause.cause.details]));
  const b = await client.workflow.start('beating', { workflowId: 'beating:T1:1', taskQueue: 'operations', args: ['secret-beat'] });
  console.log(await b.result());
  const s = await client.schedule.create({ scheduleId: 'failing:T1:s', spec: { intervals: [{ every: '1 hour' }] }, action: { type: 'startWorkflow', workflowType: 'child', workflowId: 'child:T1:s', taskQueue: 'operations', args: ['secret-schedule', false] }, memo: { x: 'secret-smemo' } });
  lap('schedule created');
  await s.trigger();
  for (;;) { const d = await s.describe(); const r = d.info.recentActions[0]; if (r) { const id = r.action.workflow.workflowId; console.log(id, await client.workflow.getHandle(id).result()); break; } }
  lap('schedule ran');
  for await (const x of client.schedule.list()) console.log(x.scheduleId, x.memo);
  console.log([...seen].sort().join('\n'));
  await w.stop(); lap('stopped'); await ns[Symbol.asyncDispose]();
}, 60000);

import { createHash } from 'node:crypto';
import { RunId, TenantId, UserId } from '../../ports/ids.ts';
import type { PinnedTool } from '../../ports/tools.ts';
import { TenantSettings } from '../../ports/tenant-settings.ts';
import type { AtWork, Lineage } from '../../activities/agents/terms.ts';
import { createToolbox } from '../../activities/tools/index.ts';
import type { ToolCalled } from '../../activities/tools/toolbox.ts';

export const acme = TenantId.parse('11111111-1111-4111-8111-111111111111');
export const rival = TenantId.parse('22222222-2222-4222-8222-222222222222');
export const runId = RunId.parse('33333333-3333-4333-8333-333333333333');
const startedBy = UserId.parse('44444444-4444-4444-8444-444444444444');
export const alone: Lineage = { crewRunId: null, parentRunId: null, path: [] };

export const hash = (text: string) => createHash('sha256').update(text).digest('hex');

type Ports = Parameters<typeof createToolbox>[0];
/** As much of each port as a test needs. */
export type Given = { [Name in keyof Ports]?: object };

/** The toolbox over these ports, and content that is kept by tenant. */
export const openTools = (given: Given = {}) => {
  const kept = new Map<string, unknown>();
  const put = async (tenantId: TenantId, content: unknown) => {
    const id = `00000000-0000-4000-8000-${String(kept.size).padStart(12, '0')}`;
    kept.set(`${tenantId}/${id}`, content);
    return { id, sha256: hash(JSON.stringify(content)), bytes: 1 };
  };
  const content = {
    put,
    putFor: (tenantId: TenantId, _owner: string, body: unknown) => put(tenantId, body),
    get: async (tenantId: TenantId, id: string) => kept.get(`${tenantId}/${id}`),
  };
  const settings = { get: async () => TenantSettings.parse({}) };
  const catalogue = { agents: () => [], crews: () => [] };
  const categories = {};
  const ports = { hash, content, tenantSettings: settings, catalogue, categories, ...given };
  const toolbox = createToolbox(ports as unknown as Ports);

  const at = (more: Partial<AtWork> = {}): AtWork => ({
    ...{ tenantId: acme, runId, agentId: 'Seller', pinId: 'p', lineage: alone, operationId: null, startedBy },
    ...{ sandbox: false, ...more },
  });
  /** Pins tools as a run would. */
  const pin = (names: string[], of: { lineage?: Lineage; agentId?: string; tenantId?: TenantId } = {}) =>
    toolbox.pin(of.tenantId ?? acme, names, { agentId: of.agentId ?? 'Seller', lineage: of.lineage ?? alone });
  /** A call as a model writes it, read by the pin. */
  const called = (tools: PinnedTool[], name: string, args: unknown, more: Partial<AtWork> = {}): ToolCalled => {
    const read = toolbox.read({ tools }, name, typeof args === 'string' ? args : JSON.stringify(args));
    if ('refused' in read) throw new Error(read.refused);
    return { ...read, at: at(more), asked: 7, effectKey: hash(`effect ${name}`), signal: new AbortController().signal };
  };
  const familyOf = (call: ToolCalled) => toolbox.family(call.tool);
  return {
    ...{ toolbox, pin, called, at, kept },
    run: async (call: ToolCalled) => familyOf(call).run?.(call) ?? Promise.reject(new Error('no run')),
    act: async (call: ToolCalled) => familyOf(call).act?.(call) ?? Promise.reject(new Error('no act')),
    tell: async (call: ToolCalled, resultId: string | null, receipt: string | null = null) =>
      familyOf(call).tell?.(call, resultId, receipt) ?? Promise.reject(new Error('no tell')),
  };
};

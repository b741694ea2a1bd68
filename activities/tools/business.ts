import { z } from 'zod';
import { isFault } from '../../ports/errors.ts';
import { ConnectionId, Text } from '../../ports/ids.ts';
import type { WorkerPorts } from '../../ports/index.ts';
import { QUEUES, runCrewId, syncStreamId, WORKFLOWS } from '../../ports/operations.ts';
import { DEFAULT_ASK } from '../../ports/tools.ts';
import { refusal, said } from './answers.ts';
import { AUTO, declaredFamily, declareTool, reads } from './declare.ts';
import { runOf } from './run-ids.ts';
import type { ToolCalled, ToolFamily } from './toolbox.ts';

type Needs = Pick<WorkerPorts, 'catalogue' | 'connections' | 'connectors' | 'content'>;

/** Business operations that an agent may start, each the same workflow that people start, as a child of the run. */
export const businessTools = ({ catalogue, connections, connectors, content }: Needs): ToolFamily => {
  const tellResult = async ({ at: { tenantId } }: ToolCalled, resultId: string | null): Promise<string> =>
    said({ done: true, result: resultId === null ? null : await content.get(tenantId, resultId) }).content;

  return declaredFamily('business', {
    verify_connection: declareTool({
      ...reads(false),
      description: 'Asks a connected system whether our credential works there, by a real call.',
      input: z.strictObject({ connectionId: ConnectionId }),
      async run({ at: { tenantId } }, { connectionId }) {
        const connection = await connections.get(tenantId, connectionId);
        try {
          const { accountName } = await connectors.test(connection);
          return said({ works: true, accountName });
        } catch (error) {
          if (!isFault(error, 'credential_rejected', 'reauth_required', 'provider_down')) throw error;
          return { ok: false, content: refusal(error.message) };
        }
      },
    }),

    start_sync: declareTool({
      ...{ route: 'workflow', effect: 'write', consent: AUTO, external: false },
      description: 'Syncs one stream of a connected system to where the company chose, and waits for its end.',
      input: z.strictObject({
        connectionId: ConnectionId,
        stream: z.string().min(1).max(100),
        mode: z.enum(['full', 'incremental']).default('incremental'),
      }),
      async act({ at: { tenantId }, effectKey }, { connectionId, stream, mode }) {
        const { connectorId, sync } = await connections.get(tenantId, connectionId);
        const chosen = sync.find((choice) => choice.stream === stream);
        if (!chosen) return { refused: refusal(`nobody chose to sync ${stream} of this connection`) };
        const { sink, target } = chosen;
        return {
          act: {
            ...{ kind: 'workflow', workflow: WORKFLOWS.syncStream, taskQueue: QUEUES.operations },
            // Its own id: runs of one stream wait for each other, however they were started.
            workflowId: `${syncStreamId(tenantId, connectionId, stream)}/${effectKey.slice(0, 16)}`,
            input: {
              ...{ tenantId, connectionId, connectorId, stream, sink, mode, operationId: null },
              ...(target && { target }),
            },
          },
          shown: { subject: `Sync ${stream} of ${connectorId}`, connectionId },
          preview: { connectorId, connectionId, stream, mode },
        };
      },
      tell: tellResult,
    }),

    run_crew: declareTool({
      ...{ route: 'workflow', effect: 'write', consent: { kind: 'ask', policy: DEFAULT_ASK }, external: true },
      description: 'Has a crew of agents do a piece of work and waits for its end.',
      // A crew that could start crews would never end.
      now: async ({ lineage }) =>
        lineage.crewRunId === null
          ? `There are: ${catalogue
              .crews()
              .map(({ id, description }) => `${id} (${description})`)
              .join('; ')}`
          : null,
      input: z.strictObject({ crewId: z.string().max(100), brief: Text.max(8000).optional() }),
      async act({ at: { tenantId, startedBy, sandbox, lineage }, effectKey }, { crewId, brief }) {
        if (lineage.crewRunId !== null) return { refused: refusal('a crew cannot start another one') };
        const { title } = catalogue.crew(crewId);
        const runId = runOf(effectKey);
        return {
          act: {
            ...{ kind: 'workflow', workflow: WORKFLOWS.runCrew, taskQueue: QUEUES.operations },
            workflowId: runCrewId(tenantId, runId),
            input: {
              ...{ tenantId, crewId, runId, startedBy, operationId: null, sandbox },
              brief: brief === undefined ? null : await content.put(tenantId, { brief }),
            },
          },
          shown: { subject: `Run the ${title}`, connectionId: null },
          preview: { crewId, runId },
        };
      },
      tell: tellResult,
    }),
  });
};

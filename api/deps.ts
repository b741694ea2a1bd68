import type { Client } from '@temporalio/client';
import type { PayloadCodec } from '@temporalio/common';
import type { TranscriptStore } from '../ports/agent-runs.ts';
import type { Catalogue } from '../ports/agents.ts';
import type { Ports } from '../ports/index.ts';
import type { McpPort } from '../ports/mcp.ts';
import type { LlmPort } from '../ports/models.ts';
import type { EventFeed } from './event-feed.ts';
import type { TokenFeed } from './token-feed.ts';
import type { Tokens } from './tokens.ts';

export interface Log {
  info: (facts: object, message: string) => void;
  warn: (facts: object, message: string) => void;
  error: (facts: object, message: string) => void;
}

export interface ApiSettings {
  /** The development login exists in `development` and `test` only. */
  environment: 'development' | 'test' | 'staging' | 'production';
  /** Where browsers reach this API: the only source of redirect URIs, whatever a request's headers say. */
  publicUrl: string;
  /** Origins that browsers may call from; all others are refused. */
  portalOrigins: string[];
  /** Where the Temporal UI is; its browsers may call the codec. Null: none may. */
  temporalUiOrigin: string | null;
}

/** What `main` hands the routes: ports to read through, and Temporal to start, update and cancel with. */
export interface ApiDeps {
  ports: Omit<Ports, 'llm' | 'sinks' | 'effects' | 'transcripts' | 'mcp' | 'web'> & {
    /** Known about, never asked: a model's answer costs money, which workflows count. */
    llm: Pick<LlmPort, 'info' | 'models' | 'default' | 'keyState'>;
    /** Asked what it has, never to do it. */
    mcp: Pick<McpPort, 'listTools'>;
    transcripts: Pick<TranscriptStore, 'lines' | 'usage' | 'modelCalls' | 'toolCalls'>;
  };
  /** Agents and crews that there are: data of another room. */
  catalogue: Catalogue;
  temporal: Pick<Client, 'workflow'>;
  /** Opens and seals payloads of any tenant. */
  codec: PayloadCodec;
  tokens: Tokens;
  feed: EventFeed;
  /** Text of answers while they are written. */
  tokenFeed: TokenFeed;
  settings: ApiSettings;
  log: Log;
  /** False once the process is told to stop, so that no new traffic is sent here. */
  accepting: () => boolean;
}

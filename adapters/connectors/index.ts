import type { ConnectorPort } from '../../ports/connectors.ts';
import { createEngine } from './engine.ts';
import type { EngineParts } from './engine.ts';
import { hubspot } from './hubspot.ts';
import type { Manifest } from './manifest.ts';
import { wordpress } from './wordpress.ts';

/** One line a connector. */
export const manifests: Record<string, Manifest> = { hubspot, wordpress };

export const createConnectors = (parts: EngineParts): ConnectorPort => createEngine(manifests, parts);

-- Where vendors send their webhooks. tenant_id is a scope: a tenant, or 'platform' for what comes to the platform's own
-- applications, whichever tenant's account it is about.
CREATE TABLE webhook_endpoints (
  id uuid PRIMARY KEY,
  tenant_id text NOT NULL,
  connector_id text NOT NULL,
  connection_id uuid CHECK ((connection_id IS NULL) = (tenant_id = 'platform')),
  account_id text,
  enabled boolean NOT NULL DEFAULT true,
  -- Since when events wait that no inbox has worked off. NULL: none does.
  waiting_since timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connector_configs (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX webhook_endpoints_takers ON webhook_endpoints (connector_id, account_id) WHERE account_id IS NOT NULL;
CREATE INDEX webhook_endpoints_waiting ON webhook_endpoints (waiting_since) WHERE waiting_since IS NOT NULL;
CREATE INDEX webhook_endpoints_of ON webhook_endpoints (tenant_id, connection_id);
CALL protect_tenant_table('webhook_endpoints');
-- Whoever posts names no tenant: the platform finds whose endpoint it is, and what comes is written in that scope.
CREATE POLICY platform_reads ON webhook_endpoints FOR SELECT USING (app_tenant() = 'platform');
GRANT SELECT, INSERT, DELETE ON webhook_endpoints TO bizosaas_app;
GRANT UPDATE (enabled, waiting_since) ON webhook_endpoints TO bizosaas_app;

-- Deliveries as they came, byte for byte, before the vendor is told that we have them.
CREATE TABLE webhook_inbox (
  id uuid PRIMARY KEY,
  tenant_id text NOT NULL,
  endpoint_id uuid NOT NULL,
  headers jsonb NOT NULL,
  -- NULL once all of its events are done: what it said of records is the source's to keep.
  body bytea,
  received_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, id),
  FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoints (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX webhook_inbox_age ON webhook_inbox (tenant_id, endpoint_id, received_at);
CALL protect_tenant_table('webhook_inbox');
GRANT SELECT, INSERT, DELETE ON webhook_inbox TO bizosaas_app;
GRANT UPDATE (headers, body) ON webhook_inbox TO bizosaas_app;

-- What they hold: each event once for each endpoint, by the vendor's own id of it.
CREATE TABLE webhook_events (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id text NOT NULL,
  endpoint_id uuid NOT NULL,
  inbox_id uuid NOT NULL,
  event_id text NOT NULL,
  type text NOT NULL,
  account_id text,
  record_id text,
  happened_at timestamptz,
  received_at timestamptz NOT NULL DEFAULT now(),
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'unknown', 'failed')),
  message text,
  UNIQUE (tenant_id, endpoint_id, event_id),
  FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoints (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, inbox_id) REFERENCES webhook_inbox (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX webhook_events_waiting ON webhook_events (tenant_id, endpoint_id, seq) WHERE state = 'waiting';
CREATE INDEX webhook_events_newest ON webhook_events (tenant_id, endpoint_id, seq DESC);
CREATE INDEX webhook_events_of ON webhook_events (tenant_id, inbox_id);
CALL protect_tenant_table('webhook_events');
GRANT SELECT, INSERT ON webhook_events TO bizosaas_app;
GRANT UPDATE (state, message) ON webhook_events TO bizosaas_app;

-- The way a connection was made and what the vendor granted; both unknown of those that are older than this.
ALTER TABLE connector_configs ADD COLUMN auth_method text, ADD COLUMN scopes text[];

-- A reason was given one moment; now it has a first and a last one. The owner is bound by the policies as well while they
-- are forced, and would change nothing.
ALTER TABLE connector_configs NO FORCE ROW LEVEL SECURITY;
UPDATE connector_configs
SET reason = (reason - 'at') || jsonb_build_object('firstAt', reason -> 'at', 'lastAt', reason -> 'at')
WHERE reason ? 'at';

CREATE TABLE connection_events (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id text NOT NULL,
  connection_id uuid NOT NULL,
  -- NULL: the connection was made, or was there before its story was kept.
  from_state text,
  to_state text NOT NULL,
  reason jsonb,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connector_configs (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX connection_events_newest ON connection_events (tenant_id, connection_id, seq DESC);
INSERT INTO connection_events (tenant_id, connection_id, to_state, reason, at)
  SELECT tenant_id, id, state, reason, updated_at FROM connector_configs ORDER BY created_at, id;
ALTER TABLE connector_configs FORCE ROW LEVEL SECURITY;
CALL protect_tenant_table('connection_events');
GRANT SELECT, INSERT ON connection_events TO bizosaas_app;

-- The newest intent to renew a token and how it ended; 'begun' without an end may have been processed by the vendor.
CREATE TABLE token_refreshes (
  tenant_id text NOT NULL,
  connection_id uuid NOT NULL,
  generation int NOT NULL,
  state text NOT NULL CHECK (state IN ('begun', 'refreshed', 'refused', 'not_sent')),
  asked_at timestamptz NOT NULL,
  settled_at timestamptz,
  PRIMARY KEY (tenant_id, connection_id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connector_configs (tenant_id, id) ON DELETE CASCADE
);
CALL protect_tenant_table('token_refreshes');
GRANT SELECT, INSERT, UPDATE ON token_refreshes TO bizosaas_app;

-- An authorization in flight lives ten minutes: those of the old form are begun again. (TRUNCATE asks no policy.)
TRUNCATE oauth_transactions;
ALTER TABLE oauth_transactions RENAME COLUMN verifier_ref TO proof_ref;
ALTER TABLE oauth_transactions ADD COLUMN auth_method text NOT NULL, ADD COLUMN settings jsonb NOT NULL;

-- The platform's own applications at vendors, for all tenants alike.
CREATE TABLE oauth_apps (
  connector_id text PRIMARY KEY,
  client_id text NOT NULL,
  redirect_uris text[] NOT NULL,
  scopes text[],
  enabled boolean NOT NULL,
  secret_version int NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE oauth_apps ENABLE ROW LEVEL SECURITY;
ALTER TABLE oauth_apps FORCE ROW LEVEL SECURITY;
CREATE POLICY platform_only ON oauth_apps USING (app_tenant() = 'platform') WITH CHECK (app_tenant() = 'platform');
GRANT SELECT, INSERT, UPDATE, DELETE ON oauth_apps TO bizosaas_app;

-- One row for each kind of trouble, so that asking us to wait does not hide that a client is refused. No foreign key:
-- apps that the environment declares have no row.
CREATE TABLE oauth_app_troubles (
  connector_id text NOT NULL,
  code text NOT NULL CHECK (code IN ('client_broken', 'provider_rate_limited')),
  provider_code text,
  message text NOT NULL,
  since timestamptz NOT NULL DEFAULT now(),
  until timestamptz NOT NULL,
  PRIMARY KEY (connector_id, code)
);
ALTER TABLE oauth_app_troubles ENABLE ROW LEVEL SECURITY;
ALTER TABLE oauth_app_troubles FORCE ROW LEVEL SECURITY;
CREATE POLICY platform_only ON oauth_app_troubles
  USING (app_tenant() = 'platform') WITH CHECK (app_tenant() = 'platform');
GRANT SELECT, INSERT, UPDATE, DELETE ON oauth_app_troubles TO bizosaas_app;

CREATE TABLE connect_sessions (
  id uuid PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  created_by text NOT NULL,
  connectors text[] NOT NULL,
  connection_id uuid,
  link_hash text NOT NULL UNIQUE,
  -- NULL until the link is claimed.
  token_hash text UNIQUE,
  connected_id uuid,
  connected_at timestamptz,
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connector_configs (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, connected_id) REFERENCES connector_configs (tenant_id, id) ON DELETE SET NULL (connected_id)
);
CREATE INDEX connect_sessions_lapsed ON connect_sessions (tenant_id, expires_at);
CALL protect_tenant_table('connect_sessions');
-- Whoever has a link names no tenant: the platform finds whose it is, and the claim is written in that tenant's scope.
CREATE POLICY platform_reads ON connect_sessions FOR SELECT USING (app_tenant() = 'platform');
GRANT SELECT, INSERT, DELETE ON connect_sessions TO bizosaas_app;
GRANT UPDATE (token_hash, connected_id, connected_at) ON connect_sessions TO bizosaas_app;

-- tenant_id is a scope: a tenant, or 'platform' for those who run it.
CREATE TABLE notification_channels (
  id uuid PRIMARY KEY,
  tenant_id text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('email', 'slack', 'webhook')),
  title text NOT NULL,
  enabled boolean NOT NULL DEFAULT true,
  last_ok boolean,
  last_message text,
  last_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, id)
);
CALL protect_tenant_table('notification_channels');
GRANT SELECT, INSERT, DELETE ON notification_channels TO bizosaas_app;
GRANT UPDATE (enabled, last_ok, last_message, last_at) ON notification_channels TO bizosaas_app;

CREATE TABLE notification_deliveries (
  tenant_id text NOT NULL,
  channel_id uuid NOT NULL,
  key text NOT NULL,
  delivered boolean NOT NULL DEFAULT false,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, channel_id, key),
  FOREIGN KEY (tenant_id, channel_id) REFERENCES notification_channels (tenant_id, id) ON DELETE CASCADE
);
CALL protect_tenant_table('notification_deliveries');
GRANT SELECT, INSERT, UPDATE ON notification_deliveries TO bizosaas_app;

-- No foreign key: an approval tells what was decided, also when the connection is gone.
ALTER TABLE approvals ADD COLUMN connection_id uuid;
CREATE INDEX approvals_through ON approvals (tenant_id, connection_id) WHERE state = 'pending';

-- What an agent declares, kept beside what its tenant chose, so that those who reach a system are found by it.
ALTER TABLE agent_configs ADD COLUMN tools text[] NOT NULL DEFAULT '{}';
ALTER TABLE agent_configs NO FORCE ROW LEVEL SECURITY;
UPDATE agent_configs SET tools = '{list_content,read_content}' WHERE agent_id = 'DigitalPresenceAudit';
ALTER TABLE agent_configs FORCE ROW LEVEL SECURITY;

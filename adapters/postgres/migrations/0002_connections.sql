-- The connection itself: where its secret lies, never the secret.
CREATE TABLE connector_configs (
  id uuid PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  connector_id text NOT NULL,
  vault_path text NOT NULL,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'healthy', 'degraded', 'suspect', 'reauth_required',
    'disabled', 'disconnecting', 'disconnected')),
  reason jsonb,
  settings jsonb NOT NULL DEFAULT '{}',
  sync jsonb NOT NULL DEFAULT '[]',
  -- Usable now; follows from the state, so that the two never disagree.
  is_active boolean NOT NULL GENERATED ALWAYS AS (state IN ('healthy', 'degraded', 'suspect')) STORED,
  secret_version int NOT NULL DEFAULT 0,
  token_expires_at timestamptz,
  last_sync_at timestamptz,
  sync_status text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  -- Lets the tables below name tenant and connection together: no row can point into another tenant.
  UNIQUE (tenant_id, id)
);
CALL protect_tenant_table('connector_configs');
GRANT SELECT, INSERT, UPDATE, DELETE ON connector_configs TO bizosaas_app;

CREATE TABLE oauth_transactions (
  state_hash text PRIMARY KEY,
  tenant_id text NOT NULL,
  user_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  connector_id text NOT NULL,
  redirect_uri text NOT NULL,
  browser_hash text NOT NULL,
  verifier_ref text NOT NULL,
  expires_at timestamptz NOT NULL,
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connector_configs (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX oauth_transactions_lapsed ON oauth_transactions (tenant_id, expires_at);
CALL protect_tenant_table('oauth_transactions');
GRANT SELECT, INSERT, DELETE ON oauth_transactions TO bizosaas_app;

CREATE TABLE sync_runs (
  id uuid PRIMARY KEY,
  tenant_id text NOT NULL,
  connection_id uuid NOT NULL,
  stream text NOT NULL,
  mode text NOT NULL CHECK (mode IN ('full', 'incremental')),
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'completed', 'failed', 'cancelled')),
  reason text,
  cursor text,
  scan_complete boolean NOT NULL DEFAULT false,
  since timestamptz,
  high_water timestamptz,
  pages bigint NOT NULL DEFAULT 0,
  read bigint NOT NULL DEFAULT 0,
  delivered bigint NOT NULL DEFAULT 0,
  unchanged bigint NOT NULL DEFAULT 0,
  deleted bigint NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0,
  started_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connector_configs (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX sync_runs_newest ON sync_runs (tenant_id, connection_id, started_at DESC);
CALL protect_tenant_table('sync_runs');
GRANT SELECT, INSERT, UPDATE, DELETE ON sync_runs TO bizosaas_app;

CREATE TABLE sync_cursors (
  tenant_id text NOT NULL,
  connection_id uuid NOT NULL,
  stream text NOT NULL,
  high_water timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, connection_id, stream),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connector_configs (tenant_id, id) ON DELETE CASCADE
);
CALL protect_tenant_table('sync_cursors');
GRANT SELECT, INSERT, UPDATE, DELETE ON sync_cursors TO bizosaas_app;

-- What was delivered last, as hashes: all that the platform keeps of a tenant's records.
CREATE TABLE sync_records (
  tenant_id text NOT NULL,
  connection_id uuid NOT NULL,
  stream text NOT NULL,
  external_id text NOT NULL,
  hash text NOT NULL,
  seen_run uuid NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, connection_id, stream, external_id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connector_configs (tenant_id, id) ON DELETE CASCADE
);
CALL protect_tenant_table('sync_records');
GRANT SELECT, INSERT, UPDATE, DELETE ON sync_records TO bizosaas_app;

CREATE TABLE documents (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant_id text NOT NULL,
  connection_id uuid NOT NULL,
  stream text NOT NULL,
  external_id text NOT NULL,
  title text NOT NULL,
  link text,
  hash text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, connection_id, stream, external_id),
  UNIQUE (tenant_id, id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connector_configs (tenant_id, id) ON DELETE CASCADE
);
CALL protect_tenant_table('documents');
GRANT SELECT, INSERT, UPDATE, DELETE ON documents TO bizosaas_app;

CREATE TABLE knowledge_base (
  tenant_id text NOT NULL,
  document_id uuid NOT NULL,
  seq int NOT NULL,
  content text NOT NULL,
  embedding vector(1536),
  PRIMARY KEY (document_id, seq),
  FOREIGN KEY (tenant_id, document_id) REFERENCES documents (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX knowledge_base_of_tenant ON knowledge_base (tenant_id);
CALL protect_tenant_table('knowledge_base');
GRANT SELECT, INSERT, DELETE ON knowledge_base TO bizosaas_app;

-- tenant_id is a scope: a tenant, or 'platform' for what belongs to no tenant (yet).
CREATE TABLE operations (
  id uuid PRIMARY KEY,
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  tenant_id text NOT NULL,
  -- The scope in which it was begun: stays when the operation is handed to the tenant that it made.
  begun_in text NOT NULL,
  workflow_id text NOT NULL,
  kind text NOT NULL,
  started_by uuid NOT NULL,
  idempotency_key text,
  outcome text NOT NULL DEFAULT 'running' CHECK (outcome IN ('running', 'completed', 'failed', 'cancelled')),
  error jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  UNIQUE (tenant_id, id)
);
CREATE UNIQUE INDEX operations_once_per_key ON operations (begun_in, started_by, idempotency_key)
  WHERE idempotency_key IS NOT NULL;
CREATE INDEX operations_newest ON operations (tenant_id, seq DESC);
ALTER TABLE operations ENABLE ROW LEVEL SECURITY;
ALTER TABLE operations FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON operations FOR SELECT USING (tenant_id = app_tenant() OR app_tenant() = 'platform');
CREATE POLICY begun ON operations FOR INSERT WITH CHECK (tenant_id = app_tenant() AND begun_in = app_tenant());
-- The platform may hand over what is its own; nobody may take.
CREATE POLICY changed ON operations FOR UPDATE USING (tenant_id = app_tenant())
  WITH CHECK (tenant_id = app_tenant() OR app_tenant() = 'platform');
CREATE POLICY discarded ON operations FOR DELETE USING (tenant_id = app_tenant());
GRANT SELECT, INSERT, DELETE ON operations TO bizosaas_app;
GRANT UPDATE (tenant_id, outcome, error, ended_at) ON operations TO bizosaas_app;

CREATE TABLE operation_events (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id text NOT NULL,
  operation_id uuid NOT NULL,
  step text NOT NULL,
  state text NOT NULL CHECK (state IN ('started', 'waiting', 'completed', 'failed', 'undone')),
  message text NOT NULL,
  data jsonb NOT NULL DEFAULT '{}',
  at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (operation_id, step, state),
  -- Events follow their operation to its tenant, and go with one that is discarded.
  FOREIGN KEY (tenant_id, operation_id) REFERENCES operations (tenant_id, id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX operation_events_in_order ON operation_events (operation_id, seq);
ALTER TABLE operation_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE operation_events FORCE ROW LEVEL SECURITY;
-- One poll of a process serves its viewers of all tenants; who may watch which operation is asked of `operations`.
CREATE POLICY seen ON operation_events FOR SELECT USING (tenant_id = app_tenant() OR app_tenant() = 'platform');
CREATE POLICY recorded ON operation_events FOR INSERT WITH CHECK (tenant_id = app_tenant());
GRANT SELECT, INSERT ON operation_events TO bizosaas_app;

CREATE TABLE idempotency_keys (
  scope text NOT NULL,
  key text NOT NULL,
  body_hash text NOT NULL,
  status int,
  headers jsonb,
  -- JSON as text, since an answer may hold what jsonb refuses.
  body text,
  lapses_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (scope, key)
);
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY platform_only ON idempotency_keys
  USING (app_tenant() = 'platform') WITH CHECK (app_tenant() = 'platform');
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO bizosaas_app;

CREATE TABLE effects (
  tenant_id text NOT NULL,
  key text NOT NULL,
  action text NOT NULL,
  state text NOT NULL DEFAULT 'begun' CHECK (state IN ('begun', 'committed')),
  external_id text,
  link text,
  created_at timestamptz NOT NULL DEFAULT now(),
  committed_at timestamptz,
  PRIMARY KEY (tenant_id, key),
  CHECK (state = 'begun' OR external_id IS NOT NULL)
);
CALL protect_tenant_table('effects');
GRANT SELECT, INSERT, UPDATE, DELETE ON effects TO bizosaas_app;

-- Append-only, one hash chain a scope: `seq` has no gaps and `hash` covers the line and the hash before it.
CREATE TABLE audit_logs (
  tenant_id text NOT NULL,
  seq bigint NOT NULL,
  key text NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  resource_type text NOT NULL,
  resource_id text NOT NULL,
  metadata jsonb NOT NULL DEFAULT '{}',
  ip text,
  user_agent text,
  at timestamptz NOT NULL,
  hash text NOT NULL,
  PRIMARY KEY (tenant_id, seq),
  UNIQUE (tenant_id, key)
);
CALL protect_tenant_table('audit_logs');
GRANT SELECT, INSERT ON audit_logs TO bizosaas_app;

-- Stops the owner and a superuser's slip as well; the grants above stop the product.
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_logs is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_logs
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

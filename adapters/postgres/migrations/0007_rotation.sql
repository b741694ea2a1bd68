-- How each class of secrets is rotated, where a platform admin changed the default.
CREATE TABLE rotation_policies (
  secret_class text PRIMARY KEY,
  -- NULL: only when somebody asks.
  every_days int,
  overlap_hours int NOT NULL,
  asks text NOT NULL CHECK (asks IN ('platform', 'tenant')),
  enabled boolean NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE rotation_policies ENABLE ROW LEVEL SECURITY;
ALTER TABLE rotation_policies FORCE ROW LEVEL SECURITY;
CREATE POLICY platform_only ON rotation_policies
  USING (app_tenant() = 'platform') WITH CHECK (app_tenant() = 'platform');
GRANT SELECT, INSERT, UPDATE ON rotation_policies TO bizosaas_app;

-- tenant_id is a scope: a tenant, or 'platform' for those who run it. What a secret was never stands here.
CREATE TABLE rotations (
  id uuid NOT NULL,
  tenant_id text NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  -- No foreign key: a rotation tells what became of it, also when its operation is forgotten.
  operation_id uuid,
  secret_class text NOT NULL,
  subject text NOT NULL,
  step text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('running', 'rotated', 'rolled_back', 'kept')),
  message text,
  started_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz CHECK ((ended_at IS NULL) = (outcome = 'running')),
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX rotations_newest ON rotations (tenant_id, secret_class, subject, seq DESC);
CALL protect_tenant_table('rotations');
GRANT SELECT, INSERT ON rotations TO bizosaas_app;
GRANT UPDATE (operation_id, step, outcome, message, ended_at) ON rotations TO bizosaas_app;

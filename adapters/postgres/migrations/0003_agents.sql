CREATE TABLE agent_configs (
  tenant_id text NOT NULL,
  agent_id text NOT NULL,
  provider text NOT NULL,
  -- NULL: the deployment's default for the agent's class.
  model text,
  temperature double precision NOT NULL,
  max_tokens int NOT NULL,
  active boolean NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, agent_id)
);
CALL protect_tenant_table('agent_configs');
GRANT SELECT, INSERT, UPDATE, DELETE ON agent_configs TO bizosaas_app;

-- Bodies of this file are JSON as text: what a model or a site wrote may hold a NUL or half a surrogate pair, which JSON
-- can escape and jsonb refuses.
CREATE TABLE content (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant_id text NOT NULL,
  sha256 text NOT NULL,
  bytes int NOT NULL,
  body text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, sha256)
);
CALL protect_tenant_table('content');
GRANT SELECT, INSERT, DELETE ON content TO bizosaas_app;

CREATE TABLE transcript (
  tenant_id text NOT NULL,
  run_id uuid NOT NULL,
  seq int NOT NULL,
  message text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, run_id, seq)
);
CALL protect_tenant_table('transcript');
GRANT SELECT, INSERT, DELETE ON transcript TO bizosaas_app;

-- Paid answers, journalled before the activity returns, so that a retry pays nothing twice.
CREATE TABLE model_calls (
  tenant_id text NOT NULL,
  run_id uuid NOT NULL,
  step int NOT NULL,
  answer text NOT NULL,
  prompt_hash text NOT NULL,
  model text NOT NULL,
  input_tokens int NOT NULL,
  output_tokens int NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, run_id, step)
);
CALL protect_tenant_table('model_calls');
GRANT SELECT, INSERT, DELETE ON model_calls TO bizosaas_app;

CREATE TABLE tool_calls (
  tenant_id text NOT NULL,
  run_id uuid NOT NULL,
  seq int NOT NULL,
  tool text NOT NULL,
  args_hash text NOT NULL,
  ok boolean NOT NULL,
  ms int NOT NULL,
  bytes int NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, run_id, seq)
);
CALL protect_tenant_table('tool_calls');
GRANT SELECT, INSERT, DELETE ON tool_calls TO bizosaas_app;

CREATE TABLE approvals (
  id uuid PRIMARY KEY,
  tenant_id text NOT NULL,
  operation_id uuid,
  workflow_id text NOT NULL,
  subject text NOT NULL,
  content_id uuid NOT NULL,
  content_hash text NOT NULL,
  policy jsonb NOT NULL,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'approved', 'rejected', 'expired', 'withdrawn')),
  reminded_at timestamptz,
  deadline_at timestamptz NOT NULL,
  decided_by uuid,
  decided_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX approvals_newest ON approvals (tenant_id, created_at DESC);
CALL protect_tenant_table('approvals');
GRANT SELECT, INSERT, UPDATE ON approvals TO bizosaas_app;

CREATE TABLE notifications (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant_id text NOT NULL,
  user_id uuid NOT NULL,
  key text NOT NULL,
  kind text NOT NULL,
  subject text NOT NULL,
  link text NOT NULL,
  read_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, user_id, key)
);
CALL protect_tenant_table('notifications');
GRANT SELECT, INSERT, UPDATE, DELETE ON notifications TO bizosaas_app;

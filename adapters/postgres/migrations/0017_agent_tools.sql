-- What agents remember for later runs: facts, each with the message that it was learned from.
CREATE TABLE agent_memory (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant_id text NOT NULL,
  agent_id text NOT NULL,
  fact text NOT NULL,
  fact_hash text NOT NULL,
  run_id uuid NOT NULL,
  seq int NOT NULL,
  op_id text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, agent_id, fact_hash),
  UNIQUE (tenant_id, agent_id, op_id)
);
CREATE INDEX agent_memory_newest ON agent_memory (tenant_id, agent_id, created_at);
CALL protect_tenant_table('agent_memory');
GRANT SELECT, INSERT, DELETE ON agent_memory TO bizosaas_app;

-- Servers of tools that tenants added. A token is in the secret store, at vault_path.
CREATE TABLE mcp_servers (
  id uuid PRIMARY KEY,
  tenant_id text NOT NULL,
  name text NOT NULL,
  url text NOT NULL,
  -- Only these of its tools; NULL: all.
  included text[],
  -- The tools that the tenant agreed to, as JSON, and the hash of that list.
  tools text NOT NULL,
  tools_hash text NOT NULL,
  vault_path text,
  -- Since when the server shows another list; NULL: it does not.
  changed_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, name)
);
CALL protect_tenant_table('mcp_servers');
GRANT SELECT, INSERT, UPDATE, DELETE ON mcp_servers TO bizosaas_app;

-- Row-level security keeps full-text indexes from being used, so the words of each chunk are kept ready beside it.
ALTER TABLE knowledge_base ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('simple', content)) STORED;

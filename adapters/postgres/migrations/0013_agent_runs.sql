-- Agents, their runs, what they cost and what may be spent. Money is in micro-dollars everywhere.

-- Rows of before are an agent as it was declared, open to everybody.
ALTER TABLE agent_configs
  ADD COLUMN display_name text,
  ADD COLUMN system_prompt text,
  ADD COLUMN instructions text NOT NULL DEFAULT '',
  -- What the tenant chose; NULL: the declared ones. `tools` beside it is what the agent has in the end.
  ADD COLUMN chosen_tools text[],
  ADD COLUMN fallbacks jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN access jsonb NOT NULL
    DEFAULT '{"roles": ["tenant_user", "tenant_admin", "platform_admin", "super_admin"], "users": []}',
  ADD COLUMN consents jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN version int NOT NULL DEFAULT 1;

CREATE TABLE agent_runs (
  tenant_id text NOT NULL,
  run_id uuid NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  kind text NOT NULL CHECK (kind IN ('agent', 'crew', 'conversation')),
  subject text NOT NULL,
  parent_run_id uuid,
  operation_id uuid,
  version int,
  pin_id uuid,
  pin_hash text,
  toolset_hash text,
  limits jsonb NOT NULL,
  sandbox boolean NOT NULL,
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'completed', 'failed', 'cancelled')),
  -- JSON as text: a message may quote what a model or a site wrote.
  error text,
  reply_id uuid,
  started_by text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  PRIMARY KEY (tenant_id, run_id)
);
CREATE INDEX agent_runs_newest ON agent_runs (tenant_id, seq DESC) WHERE parent_run_id IS NULL;
CREATE INDEX agent_runs_parts ON agent_runs (tenant_id, parent_run_id, seq DESC) WHERE parent_run_id IS NOT NULL;
CREATE INDEX agent_runs_begun ON agent_runs (tenant_id, started_at);
CALL protect_tenant_table('agent_runs');
GRANT SELECT, INSERT, UPDATE, DELETE ON agent_runs TO bizosaas_app;

-- Of answers of before neither agent nor price was written down: they count as unpriced.
ALTER TABLE model_calls
  ADD COLUMN agent_id text NOT NULL DEFAULT '',
  ADD COLUMN provider text NOT NULL DEFAULT 'openai',
  ADD COLUMN finish text NOT NULL DEFAULT 'stop',
  ADD COLUMN cached_tokens int NOT NULL DEFAULT 0,
  ADD COLUMN reasoning_tokens int NOT NULL DEFAULT 0,
  ADD COLUMN cost_micros bigint NOT NULL DEFAULT 0,
  ADD COLUMN priced boolean NOT NULL DEFAULT false,
  ADD COLUMN first_token_ms int,
  ADD COLUMN took_ms int;

-- How often a provider was asked for a step, counted before it is asked: an answer that was paid and lost is seen here.
CREATE TABLE model_attempts (
  tenant_id text NOT NULL,
  run_id uuid NOT NULL,
  step int NOT NULL,
  agent_id text NOT NULL,
  attempts int NOT NULL DEFAULT 1,
  last_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, run_id, step)
);
CALL protect_tenant_table('model_attempts');
GRANT SELECT, INSERT, UPDATE, DELETE ON model_attempts TO bizosaas_app;

ALTER TABLE tool_calls
  ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY,
  ADD COLUMN agent_id text NOT NULL DEFAULT '',
  ADD COLUMN effect text NOT NULL DEFAULT 'read' CHECK (effect IN ('read', 'write', 'irreversible')),
  ADD COLUMN receipt text,
  ADD COLUMN approval_id uuid,
  ADD COLUMN flagged boolean NOT NULL DEFAULT false;
CREATE INDEX tool_calls_newest ON tool_calls (tenant_id, id DESC);
CREATE INDEX tool_calls_of_agent ON tool_calls (tenant_id, agent_id, id DESC);

CREATE TABLE budgets (
  tenant_id text NOT NULL,
  scope text NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  -- NULL: counted, not limited.
  limit_micros bigint CHECK (limit_micros >= 0),
  reserved_micros bigint NOT NULL DEFAULT 0 CHECK (reserved_micros >= 0),
  spent_micros bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, scope)
) WITH (fillfactor = 50);
CREATE INDEX budgets_newest ON budgets (tenant_id, seq DESC);
CALL protect_tenant_table('budgets');
GRANT SELECT, INSERT, UPDATE ON budgets TO bizosaas_app;

CREATE TABLE budget_reservations (
  tenant_id text NOT NULL,
  op_id text NOT NULL,
  scopes text[] NOT NULL,
  micros bigint NOT NULL CHECK (micros >= 0),
  state text NOT NULL DEFAULT 'reserved' CHECK (state IN ('reserved', 'settled', 'released')),
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, op_id)
);
CREATE INDEX budget_reservations_open ON budget_reservations (tenant_id, at) WHERE state = 'reserved';
CALL protect_tenant_table('budget_reservations');
GRANT SELECT, INSERT, UPDATE ON budget_reservations TO bizosaas_app;

-- What a tenant decided for every month to come; without a row its plan says it.
CREATE TABLE budget_standing (
  tenant_id text NOT NULL,
  subject text NOT NULL,
  limit_micros bigint NOT NULL CHECK (limit_micros >= 0),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, subject)
);
CALL protect_tenant_table('budget_standing');
GRANT SELECT, INSERT, UPDATE, DELETE ON budget_standing TO bizosaas_app;

-- Reserves from all budgets or from none, in one round trip. Everybody locks budgets first and in the order of their names,
-- so nobody waits in a circle, and whoever has the locks reads what the one before left. `wanted`: [{scope, limit}].
CREATE FUNCTION reserve_spending(in_tenant text, its_op text, need bigint, wanted jsonb)
  RETURNS TABLE (is_ok boolean, its_scope text, its_limit bigint, its_reserved bigint, its_spent bigint) LANGUAGE plpgsql AS $$
DECLARE
  names CONSTANT text[] := ARRAY (SELECT want ->> 'scope' FROM jsonb_array_elements(wanted) AS want);
BEGIN
  PERFORM step_down(in_tenant);
  INSERT INTO budgets (tenant_id, scope, limit_micros)
    SELECT in_tenant, want ->> 'scope', (want ->> 'limit')::bigint FROM jsonb_array_elements(wanted) AS want
    ORDER BY want ->> 'scope'
    ON CONFLICT DO NOTHING;
  PERFORM FROM budgets b WHERE b.tenant_id = in_tenant AND b.scope = ANY (names) ORDER BY b.scope FOR UPDATE;
  is_ok := true;
  IF EXISTS (SELECT FROM budget_reservations r
             WHERE r.tenant_id = in_tenant AND r.op_id = its_op AND r.state = 'reserved') THEN
    RETURN NEXT;
    RETURN;
  END IF;
  SELECT b.scope, b.limit_micros, b.reserved_micros, b.spent_micros INTO its_scope, its_limit, its_reserved, its_spent
    FROM budgets b
    WHERE b.tenant_id = in_tenant AND b.scope = ANY (names) AND b.limit_micros < b.reserved_micros + b.spent_micros + need
    ORDER BY array_position(names, b.scope) LIMIT 1;
  IF FOUND THEN
    is_ok := false;
  ELSE
    UPDATE budgets b SET reserved_micros = b.reserved_micros + need WHERE b.tenant_id = in_tenant AND b.scope = ANY (names);
    INSERT INTO budget_reservations (tenant_id, op_id, scopes, micros) VALUES (in_tenant, its_op, names, need)
      -- Of a call that ended: what comes now is another one.
      ON CONFLICT (tenant_id, op_id) DO UPDATE SET scopes = names, micros = need, state = 'reserved', at = now();
  END IF;
  RETURN NEXT;
END $$;

-- Ends an open reservation: at a cost, or (NULL) with nothing used. Silent when it was ended before. The caller has stepped
-- down: this is a part of its transaction.
CREATE FUNCTION end_reservation(in_tenant text, its_op text, cost bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  names text[];
  held bigint;
BEGIN
  SELECT r.scopes INTO names FROM budget_reservations r WHERE r.tenant_id = in_tenant AND r.op_id = its_op;
  PERFORM FROM budgets b WHERE b.tenant_id = in_tenant AND b.scope = ANY (names) ORDER BY b.scope FOR UPDATE;
  UPDATE budget_reservations r SET state = CASE WHEN cost IS NULL THEN 'released' ELSE 'settled' END
    WHERE r.tenant_id = in_tenant AND r.op_id = its_op AND r.state = 'reserved' RETURNING r.scopes, r.micros INTO names, held;
  IF FOUND THEN
    UPDATE budgets b SET reserved_micros = b.reserved_micros - held, spent_micros = b.spent_micros + coalesce(cost, 0)
      WHERE b.tenant_id = in_tenant AND b.scope = ANY (names);
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION reserve_spending, end_reservation FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reserve_spending, end_reservation TO bizosaas_app;

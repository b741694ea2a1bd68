-- What stands before every start, each as one statement: a transaction of its own that costs one round trip instead of
-- four. They run as their caller and step down like every transaction of the product, so row-level security holds inside.
CREATE FUNCTION step_down(scope text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('role', 'bizosaas_app', true), set_config('app.tenant', scope, true);
END $$;

CREATE FUNCTION role_stands(of_user uuid, its_role text, in_tenant text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM step_down(coalesce(in_tenant, 'platform'));
  IF in_tenant IS NULL THEN
    RETURN EXISTS (SELECT FROM platform_roles WHERE user_id = of_user AND role = its_role);
  END IF;
  RETURN EXISTS (
    SELECT FROM memberships JOIN tenants ON tenants.id = tenant_id
    WHERE tenant_id = in_tenant AND user_id = of_user AND role = its_role AND state <> 'released');
END $$;

-- The kind of answer that a key gets, and the kept answer where it is a replay.
CREATE FUNCTION begin_once(for_scope text, its_key text, its_hash text)
  RETURNS TABLE (kind text, status int, headers jsonb, body text) LANGUAGE plpgsql AS $$
DECLARE
  kept idempotency_keys;
  lapse CONSTANT timestamptz := now() + interval '1 minute';
BEGIN
  PERFORM step_down('platform');
  INSERT INTO idempotency_keys AS k (scope, key, body_hash, lapses_at) VALUES (for_scope, its_key, its_hash, lapse)
  ON CONFLICT DO NOTHING;
  IF FOUND THEN
    kind := 'new';
  ELSE
    SELECT * INTO kept FROM idempotency_keys k WHERE k.scope = for_scope AND k.key = its_key FOR UPDATE;
    kind := CASE
      -- Abandoned between the two statements: the caller asks again.
      WHEN NOT FOUND THEN 'in_progress'
      WHEN kept.body_hash <> its_hash THEN 'mismatch'
      WHEN kept.status IS NOT NULL THEN 'replay'
      WHEN kept.lapses_at > now() THEN 'in_progress'
      ELSE 'new'
    END;
    IF kind = 'new' THEN
      UPDATE idempotency_keys k SET lapses_at = lapse WHERE k.scope = for_scope AND k.key = its_key;
    ELSIF kind = 'replay' THEN
      status := kept.status;
      headers := kept.headers;
      body := kept.body;
    END IF;
  END IF;
  RETURN NEXT;
END $$;

-- The row of a new operation, or the earlier one of the same caller and key; none when the id is somebody else's.
CREATE FUNCTION begin_operation(its_id uuid, in_scope text, its_workflow text, its_kind text, by_user uuid, its_key text)
  RETURNS SETOF operations LANGUAGE plpgsql AS $$
BEGIN
  PERFORM step_down(in_scope);
  RETURN QUERY INSERT INTO operations (id, tenant_id, begun_in, workflow_id, kind, started_by, idempotency_key)
    VALUES (its_id, in_scope, in_scope, its_workflow, its_kind, by_user, its_key) ON CONFLICT DO NOTHING RETURNING *;
  IF NOT FOUND THEN
    RETURN QUERY SELECT * FROM operations
      WHERE id = its_id OR (begun_in = in_scope AND started_by = by_user AND idempotency_key = its_key)
      ORDER BY id = its_id DESC LIMIT 1;
  END IF;
END $$;

REVOKE EXECUTE ON FUNCTION step_down, role_stands, begin_once, begin_operation FROM PUBLIC;
GRANT EXECUTE ON FUNCTION step_down, role_stands, begin_once, begin_operation TO bizosaas_app;

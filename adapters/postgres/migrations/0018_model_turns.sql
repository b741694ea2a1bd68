-- A model turn costs four statements, each a transaction of one round trip: what it goes by, what is reserved for it, by whose
-- key it is asked, and its answer; a tool's result costs one. All step down like those of 0005.

-- The answer of a step that was journalled before, and messages as one JSON list, since the log keeps each as JSON.
CREATE FUNCTION open_turn(
  in_tenant text, of_run uuid, of_step int, from_seq int, upto_seq int, OUT answer text, OUT messages text
) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM step_down(in_tenant);
  SELECT c.answer INTO answer FROM model_calls c
  WHERE c.tenant_id = in_tenant AND c.run_id = of_run AND c.step = of_step;
  SELECT '[' || coalesce(string_agg(t.message, ',' ORDER BY t.seq), '') || ']' INTO messages FROM transcript t
  WHERE t.tenant_id = in_tenant AND t.run_id = of_run AND t.seq >= from_seq AND t.seq < upto_seq;
END $$;

-- Reserves for one asking of a step, and counts it where that is granted (`earlier`: those before). What an earlier asking of
-- the step still holds is counted as spent: it died, or nobody waits for it any more, and its call may have been paid.
CREATE FUNCTION reserve_call(
  in_tenant text, of_run uuid, of_step int, of_agent text, its_op text, need bigint, wanted jsonb
) RETURNS TABLE (is_ok boolean, its_scope text, its_limit bigint, its_reserved bigint, its_spent bigint, earlier int)
LANGUAGE plpgsql AS $$
DECLARE
  lost record;
BEGIN
  PERFORM step_down(in_tenant);
  FOR lost IN
    SELECT r.op_id, r.micros FROM budget_reservations r
    WHERE r.tenant_id = in_tenant AND r.state = 'reserved' AND starts_with(r.op_id, of_run || '/' || of_step || '/')
      AND r.op_id <> its_op ORDER BY r.op_id
  LOOP
    PERFORM end_reservation(in_tenant, lost.op_id, lost.micros);
  END LOOP;
  SELECT r.* INTO is_ok, its_scope, its_limit, its_reserved, its_spent
  FROM reserve_spending(in_tenant, its_op, need, wanted) r;
  IF is_ok THEN
    INSERT INTO model_attempts AS made (tenant_id, run_id, step, agent_id) VALUES (in_tenant, of_run, of_step, of_agent)
    ON CONFLICT (tenant_id, run_id, step) DO UPDATE SET attempts = made.attempts + 1, last_at = now()
    RETURNING made.attempts - 1 INTO earlier;
  END IF;
  RETURN NEXT;
END $$;

-- The tenant's plan, and its own key for one provider: NULL where it has none.
CREATE FUNCTION model_access(
  in_tenant text, of_service text, OUT plan text, OUT vault_path text, OUT version int, OUT state text
) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM step_down(in_tenant);
  SELECT t.plan, k.vault_path, k.version, k.state INTO plan, vault_path, version, state FROM tenants t
  LEFT JOIN api_key_refs k ON k.tenant_id = t.id AND k.service = of_service WHERE t.id = in_tenant;
END $$;

-- Whether the run is a conversation that was deleted: of that no words are kept. One that is there stays until the end of the
-- transaction, so that whoever deletes it finds all that was kept.
CREATE FUNCTION is_deleted_chat(in_tenant text, of_run uuid) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM agent_runs r WHERE r.tenant_id = in_tenant AND r.run_id = of_run AND r.kind = 'conversation';
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM FROM conversations c WHERE c.tenant_id = in_tenant AND c.id = of_run FOR KEY SHARE;
  RETURN NOT FOUND;
END $$;

-- An answer, once for its step, with the message that it becomes (NULL: none); and the end of its own reservation, whether it
-- is kept or not. `call` names the rest of its row by its columns. Gives the answer that stands, NULL where that is this one.
CREATE FUNCTION keep_answer(
  in_tenant text, of_run uuid, its_op text, answer text, call jsonb, said_seq int, said text, OUT stands text
) LANGUAGE plpgsql AS $$
DECLARE
  made CONSTANT model_calls := jsonb_populate_record(NULL::model_calls, call);
  is_gone boolean;
BEGIN
  PERFORM step_down(in_tenant);
  is_gone := is_deleted_chat(in_tenant, of_run);
  INSERT INTO model_calls (tenant_id, run_id, step, answer, prompt_hash, agent_id, provider, model, finish, input_tokens,
    cached_tokens, output_tokens, reasoning_tokens, cost_micros, priced, first_token_ms, took_ms)
  VALUES (in_tenant, of_run, made.step, CASE WHEN is_gone THEN 'null' ELSE answer END, made.prompt_hash, made.agent_id,
    made.provider, made.model, made.finish, made.input_tokens, made.cached_tokens, made.output_tokens, made.reasoning_tokens, made.cost_micros, made.priced,
    made.first_token_ms, made.took_ms)
  ON CONFLICT (tenant_id, run_id, step) DO NOTHING;
  IF NOT FOUND THEN
    SELECT nullif(c.answer, 'null') INTO stands FROM model_calls c
    WHERE c.tenant_id = in_tenant AND c.run_id = of_run AND c.step = made.step;
  END IF;
  PERFORM end_reservation(in_tenant, its_op, made.cost_micros);
  IF stands IS NULL AND said IS NOT NULL AND NOT is_gone THEN
    INSERT INTO transcript (tenant_id, run_id, seq, message) VALUES (in_tenant, of_run, said_seq, said)
    ON CONFLICT (tenant_id, run_id, seq) DO NOTHING;
  END IF;
END $$;

-- A call of a tool and its result, which stand in the same place of the log and of the transcript.
CREATE FUNCTION keep_result(in_tenant text, of_run uuid, call jsonb, result text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  made CONSTANT tool_calls := jsonb_populate_record(NULL::tool_calls, call);
BEGIN
  PERFORM step_down(in_tenant);
  INSERT INTO tool_calls (tenant_id, run_id, seq, agent_id, tool, effect, args_hash, ok, receipt, approval_id, flagged, ms,
    bytes)
  VALUES (in_tenant, of_run, made.seq, made.agent_id, made.tool, made.effect, made.args_hash, made.ok, made.receipt,
    made.approval_id, made.flagged, made.ms, made.bytes)
  ON CONFLICT (tenant_id, run_id, seq) DO NOTHING;
  INSERT INTO transcript (tenant_id, run_id, seq, message)
  SELECT in_tenant, of_run, made.seq, result WHERE NOT is_deleted_chat(in_tenant, of_run)
  ON CONFLICT (tenant_id, run_id, seq) DO NOTHING;
END $$;

REVOKE EXECUTE ON FUNCTION open_turn, reserve_call, model_access, is_deleted_chat, keep_answer, keep_result FROM PUBLIC;
GRANT EXECUTE ON FUNCTION open_turn, reserve_call, model_access, is_deleted_chat, keep_answer, keep_result TO bizosaas_app;

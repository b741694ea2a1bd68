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

-- Reserves for a step of a run and, where that is granted, counts one more asking for it. `earlier`: those before.
CREATE FUNCTION reserve_call(
  in_tenant text, of_run uuid, of_step int, of_agent text, its_op text, need bigint, wanted jsonb
) RETURNS TABLE (is_ok boolean, its_scope text, its_limit bigint, its_reserved bigint, its_spent bigint, earlier int)
LANGUAGE plpgsql AS $$
BEGIN
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

-- An answer, once for its step, with the end of its reservation and the message that it becomes (NULL: none). `call` names the
-- rest of its row by its columns.
CREATE FUNCTION keep_answer(
  in_tenant text, of_run uuid, its_op text, answer text, call jsonb, said_seq int, said text
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  made CONSTANT model_calls := jsonb_populate_record(NULL::model_calls, call);
BEGIN
  PERFORM step_down(in_tenant);
  INSERT INTO model_calls (tenant_id, run_id, step, answer, prompt_hash, agent_id, provider, model, finish, input_tokens,
    cached_tokens, output_tokens, reasoning_tokens, cost_micros, priced, first_token_ms, took_ms)
  VALUES (in_tenant, of_run, made.step, answer, made.prompt_hash, made.agent_id, made.provider, made.model, made.finish,
    made.input_tokens, made.cached_tokens, made.output_tokens, made.reasoning_tokens, made.cost_micros, made.priced,
    made.first_token_ms, made.took_ms)
  ON CONFLICT (tenant_id, run_id, step) DO NOTHING;
  PERFORM end_reservation(in_tenant, its_op, made.cost_micros);
  IF said IS NOT NULL THEN
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
  INSERT INTO transcript (tenant_id, run_id, seq, message) VALUES (in_tenant, of_run, made.seq, result)
  ON CONFLICT (tenant_id, run_id, seq) DO NOTHING;
END $$;

REVOKE EXECUTE ON FUNCTION open_turn, reserve_call, model_access, keep_answer, keep_result FROM PUBLIC;
GRANT EXECUTE ON FUNCTION open_turn, reserve_call, model_access, keep_answer, keep_result TO bizosaas_app;

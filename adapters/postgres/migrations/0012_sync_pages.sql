-- A page of a sync costs two statements, each a transaction of one round trip: what of it changed, and its outcome. Both
-- step down like those of 0005, and their plans are kept.

-- What is looked up for each record is short and compared byte by byte, and pages leave room for the same record's next run.
ALTER TABLE sync_records DROP CONSTRAINT sync_records_pkey, ALTER COLUMN stream TYPE text COLLATE "C",
  ALTER COLUMN external_id TYPE text COLLATE "C", ADD PRIMARY KEY (connection_id, stream, external_id);
ALTER TABLE sync_records SET (fillfactor = 70);

-- A look at the connection for each record of each page is a third of what keeping it costs. Whoever writes records holds
-- their run's row, which is bound to the connection, so that none is written once that is gone; and they go with it by a
-- trigger. Triggers fire by name: this one does so after those that take the runs, and sees what they had to wait for.
ALTER TABLE sync_records DROP CONSTRAINT sync_records_tenant_id_connection_id_fkey;
CREATE FUNCTION forget_records() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM sync_records WHERE tenant_id = OLD.tenant_id AND connection_id = OLD.id;
  RETURN NULL;
END $$;
CREATE TRIGGER records_go_too AFTER DELETE ON connector_configs FOR EACH ROW EXECUTE FUNCTION forget_records();

-- A run as it is told. Five tries are QUARANTINE_TRIES_MAX of ports/syncs.ts.
CREATE VIEW sync_reports WITH (security_invoker) AS
SELECT id, tenant_id, connection_id, stream, mode, state, reason, cursor, scan_complete, unproven, since, gap_from, drift,
  workflow_id, started_at, ended_at, pages, read, delivered, unchanged, deleted, quarantined, bytes, calls, throttled,
  extract(epoch FROM coalesce(ended_at, now()) - started_at)::float8 AS seconds,
  (SELECT c.choice FROM sync_cursors c
    WHERE (c.tenant_id, c.connection_id, c.stream) = (r.tenant_id, r.connection_id, r.stream)) AS choice,
  (SELECT count(*) FROM quarantine q
    WHERE (q.tenant_id, q.connection_id, q.stream) = (r.tenant_id, r.connection_id, r.stream)
    AND q.tries < 5 AND q.tried_by IS DISTINCT FROM r.id) AS to_retry
FROM sync_runs r;
GRANT SELECT ON sync_reports TO bizosaas_app;

-- Of those records that are known: id, hash, how often it was delivered, and as which record of the target. In one row: rows
-- of their own would cost more than the question.
CREATE FUNCTION known_records(in_scope text, of_connection uuid, of_stream text, ids text[], OUT known json)
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM step_down(in_scope);
  -- One by one, each by its whole key: of a stream that is new to its statistics the planner would read all for every page.
  SELECT json_agg(json_build_array(found.external_id, found.hash, found.version, found.target_id)) INTO known
  FROM unnest(ids) AS page (external_id) CROSS JOIN LATERAL (
    SELECT s.external_id, s.hash, s.version, s.target_id FROM sync_records s
    WHERE s.tenant_id = in_scope AND s.connection_id = of_connection AND s.stream = of_stream
      AND s.external_id = page.external_id LIMIT 1
  ) found;
END $$;

-- A page of a run with all that follows from it. `page` says as columns of the run what it adds there. The run as it is then:
-- left alone where it has ended, or goes on elsewhere than from `from_cursor`, as after the same page before.
CREATE FUNCTION commit_page(
  in_scope text, of_connection uuid, of_stream text, of_run uuid, from_cursor text, page jsonb,
  ids text[], hashes text[], target_ids text[], held_ids text[], reasons text[]
) RETURNS SETOF sync_reports LANGUAGE plpgsql AS $$
DECLARE
  met CONSTANT sync_runs := jsonb_populate_record(NULL::sync_runs, page);
  run sync_runs;
BEGIN
  PERFORM step_down(in_scope);
  SELECT * INTO run FROM sync_runs r
  WHERE r.id = of_run AND r.tenant_id = in_scope AND r.connection_id = of_connection AND r.stream = of_stream FOR UPDATE;
  IF run.state = 'running' AND NOT run.scan_complete AND run.cursor IS NOT DISTINCT FROM from_cursor THEN
    INSERT INTO sync_records AS old (tenant_id, connection_id, stream, external_id, hash, target_id, seen_run)
    SELECT in_scope, of_connection, of_stream, kept.*, of_run FROM unnest(ids, hashes, target_ids) AS kept
    ON CONFLICT (connection_id, stream, external_id) DO UPDATE
    SET hash = excluded.hash, seen_run = excluded.seen_run, seen_at = excluded.seen_at,
      target_id = coalesce(excluded.target_id, old.target_id),
      version = old.version + CASE WHEN old.hash = excluded.hash THEN 0 ELSE 1 END;
    IF EXISTS (SELECT FROM quarantine q
      WHERE q.tenant_id = in_scope AND q.connection_id = of_connection AND q.stream = of_stream) THEN
      DELETE FROM quarantine q WHERE q.tenant_id = in_scope AND q.connection_id = of_connection AND q.stream = of_stream
        AND q.external_id = ANY (ids);
    END IF;
    IF cardinality(held_ids) > 0 THEN
      -- Could not be read or delivered: still there, and set aside.
      UPDATE sync_records s SET seen_run = of_run, seen_at = now() WHERE s.tenant_id = in_scope
        AND s.connection_id = of_connection AND s.stream = of_stream AND s.external_id = ANY (held_ids);
      INSERT INTO quarantine AS q (tenant_id, connection_id, stream, external_id, reason)
      SELECT in_scope, of_connection, of_stream, held.* FROM unnest(held_ids, reasons) AS held
      ON CONFLICT (tenant_id, connection_id, stream, external_id) DO UPDATE
      SET reason = excluded.reason, last_at = excluded.last_at;
    END IF;
    UPDATE sync_runs r SET cursor = met.cursor, scan_complete = met.cursor IS NULL, pages = r.pages + 1,
      read = r.read + met.read, delivered = r.delivered + met.delivered, unchanged = r.unchanged + met.unchanged,
      quarantined = r.quarantined + met.quarantined, bytes = r.bytes + met.bytes, calls = r.calls + met.calls,
      throttled = r.throttled + met.throttled, unproven = r.unproven OR met.unproven,
      high_water = greatest(r.high_water, met.high_water),
      fields = r.fields || CASE WHEN cardinality(r.fields) < 500 THEN array(
        SELECT unnest(met.fields) EXCEPT SELECT unnest(r.fields)) ELSE '{}' END
    WHERE r.id = of_run;
  END IF;
  RETURN QUERY SELECT * FROM sync_reports r WHERE r.id = run.id;
END $$;

REVOKE EXECUTE ON FUNCTION forget_records, known_records, commit_page FROM PUBLIC;
GRANT EXECUTE ON FUNCTION known_records, commit_page TO bizosaas_app;

-- Rate budgets that all processes share: small documents, changed by compare-and-set. Rows are rewritten often, so half of
-- each page is left for the next version of what stands there.
CREATE TABLE rate_meters (
  id text PRIMARY KEY,
  connector_id text NOT NULL,
  version bigint NOT NULL,
  body text NOT NULL,
  stale_at timestamptz NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX rate_meters_of_connector ON rate_meters (connector_id, id);
ALTER TABLE rate_meters ENABLE ROW LEVEL SECURITY;
ALTER TABLE rate_meters FORCE ROW LEVEL SECURITY;
CREATE POLICY platform_only ON rate_meters USING (app_tenant() = 'platform') WITH CHECK (app_tenant() = 'platform');
GRANT SELECT, INSERT, UPDATE, DELETE ON rate_meters TO bizosaas_app;

-- Replaces the body if nobody was faster; else says what is there. One round trip, which stands before every call of a vendor.
CREATE FUNCTION swap_rate_meter(its_id text, of_connector text, seen bigint, new_body text, keep_ms bigint)
  RETURNS TABLE (is_swapped boolean, its_version bigint, its_body text, now_ms bigint) LANGUAGE plpgsql AS $$
DECLARE
  -- Never one that was there before, also when the row was forgotten and is made anew.
  next_version CONSTANT bigint := greatest(seen + 1, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint);
  stale CONSTANT timestamptz := clock_timestamp() + keep_ms * interval '1 millisecond';
BEGIN
  PERFORM step_down('platform');
  is_swapped := false;
  IF new_body IS NOT NULL THEN
    -- The last moments of a budget may be lost with the database's machine: a call need not wait for its disk.
    PERFORM set_config('synchronous_commit', 'off', true);
    IF seen = 0 THEN
      DELETE FROM rate_meters WHERE stale_at < clock_timestamp();
      INSERT INTO rate_meters VALUES (its_id, of_connector, next_version, new_body, stale) ON CONFLICT DO NOTHING;
    ELSE
      UPDATE rate_meters SET version = next_version, body = new_body, stale_at = stale WHERE id = its_id AND version = seen;
    END IF;
    is_swapped := FOUND;
  END IF;
  IF is_swapped THEN
    its_version := next_version;
  ELSE
    SELECT version, CASE WHEN version <> seen THEN body END INTO its_version, its_body FROM rate_meters WHERE id = its_id;
    its_version := coalesce(its_version, 0);
  END IF;
  now_ms := floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint;
  RETURN NEXT;
END $$;
REVOKE EXECUTE ON FUNCTION swap_rate_meter FROM PUBLIC;
GRANT EXECUTE ON FUNCTION swap_rate_meter TO bizosaas_app;

-- Limits that platform admins set; they go before those of the connector's declaration.
CREATE TABLE connector_rate_limits (
  connector_id text NOT NULL,
  name text NOT NULL,
  scope text NOT NULL CHECK (scope IN ('app', 'connection')),
  units double precision NOT NULL CHECK (units > 0),
  per_seconds double precision NOT NULL CHECK (per_seconds > 0),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (connector_id, name)
);
ALTER TABLE connector_rate_limits ENABLE ROW LEVEL SECURITY;
ALTER TABLE connector_rate_limits FORCE ROW LEVEL SECURITY;
CREATE POLICY platform_only ON connector_rate_limits USING (app_tenant() = 'platform') WITH CHECK (app_tenant() = 'platform');
GRANT SELECT, INSERT, UPDATE, DELETE ON connector_rate_limits TO bizosaas_app;

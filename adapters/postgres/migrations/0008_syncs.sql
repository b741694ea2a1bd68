ALTER TABLE sync_runs
  ADD COLUMN quarantined bigint NOT NULL DEFAULT 0,
  ADD COLUMN calls bigint NOT NULL DEFAULT 0,
  ADD COLUMN throttled bigint NOT NULL DEFAULT 0,
  -- The scan does not prove what is gone.
  ADD COLUMN unproven boolean NOT NULL DEFAULT false,
  -- Names of the vendor's fields that this run met.
  ADD COLUMN fields text[] NOT NULL DEFAULT '{}',
  ADD COLUMN drift jsonb,
  -- The end of the last good run, where an outage came after it.
  ADD COLUMN gap_from timestamptz,
  -- NULL: the run is older than this column.
  ADD COLUMN workflow_id text;
CREATE INDEX sync_runs_at_work ON sync_runs (tenant_id, connection_id, stream) WHERE state = 'running';

ALTER TABLE sync_cursors
  -- Names the tenant's choice of this stream: it ends when the choice does.
  ADD COLUMN choice uuid NOT NULL DEFAULT gen_random_uuid(),
  ADD COLUMN fields text[],
  ADD COLUMN completed_at timestamptz;
ALTER TABLE sync_cursors NO FORCE ROW LEVEL SECURITY;
UPDATE sync_cursors SET completed_at = updated_at;
ALTER TABLE sync_cursors FORCE ROW LEVEL SECURITY;
ALTER TABLE sync_cursors DROP COLUMN updated_at;

ALTER TABLE sync_records
  -- How often it was delivered, and as which record of another system.
  ADD COLUMN version int NOT NULL DEFAULT 1,
  ADD COLUMN target_id text;

-- Records that could not be read, or that a sink refused: which, why and since when; never what they hold.
CREATE TABLE quarantine (
  tenant_id text NOT NULL,
  connection_id uuid NOT NULL,
  stream text NOT NULL,
  external_id text NOT NULL,
  reason text NOT NULL,
  tries int NOT NULL DEFAULT 0,
  -- The run that tried it last, so that none tries it twice.
  tried_by uuid,
  first_at timestamptz NOT NULL DEFAULT now(),
  last_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, connection_id, stream, external_id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connector_configs (tenant_id, id) ON DELETE CASCADE
);
CALL protect_tenant_table('quarantine');
GRANT SELECT, INSERT, UPDATE, DELETE ON quarantine TO bizosaas_app;

-- What a sync writes into another system passes through here, owned by that one write, and leaves when it is done.
ALTER TABLE content ADD COLUMN owner text;
CREATE INDEX content_owned ON content (tenant_id, owner) WHERE owner IS NOT NULL;

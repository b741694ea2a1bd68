-- What a tenant decided for itself; one without a row has the defaults, which are named in ports/tenant-settings.ts alone.
CREATE TABLE tenant_settings (
  tenant_id text PRIMARY KEY,
  settings jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);
CALL protect_tenant_table('tenant_settings');
GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_settings TO bizosaas_app;

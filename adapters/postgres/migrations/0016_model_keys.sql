-- Where tenants' own keys at model providers lie, and how they fare. A key itself stands in the secret store alone.
CREATE TABLE api_key_refs (
  tenant_id text NOT NULL,
  service text NOT NULL,
  vault_path text NOT NULL,
  version int NOT NULL,
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'rejected')),
  added_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  checked_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  PRIMARY KEY (tenant_id, service)
);
CALL protect_tenant_table('api_key_refs');
GRANT SELECT, INSERT, UPDATE, DELETE ON api_key_refs TO bizosaas_app;

-- The role that every transaction of the product takes on (`set_config('role', …, true)`). It owns nothing and bypasses
-- nothing. On a server of your own, create a login for the product and `GRANT bizosaas_app TO <login>`.
DO $$
BEGIN
  CREATE ROLE bizosaas_app NOLOGIN NOBYPASSRLS;
EXCEPTION
  -- Roles belong to the whole server: another database of it may have made the role already, even at this moment.
  WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$
BEGIN
  -- Where one login does everything, it must be able to step down. A superuser always can.
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('GRANT bizosaas_app TO %I', current_user);
  END IF;
END $$;
GRANT USAGE ON SCHEMA public TO bizosaas_app;

CREATE EXTENSION IF NOT EXISTS vector;

-- Whose rows this transaction may touch. NULL or '' (what PostgreSQL leaves behind after a transaction-local setting)
-- equals no tenant, so a forgotten tenant sees nothing.
CREATE FUNCTION app_tenant() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.tenant', true), '') $$;
REVOKE EXECUTE ON FUNCTION app_tenant() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_tenant() TO bizosaas_app;

-- The plain case: rows of one tenant, seen and written by that tenant alone.
CREATE PROCEDURE protect_tenant_table(target regclass) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE format(
    'CREATE POLICY own_tenant ON %s USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant())', target);
END $$;
REVOKE EXECUTE ON PROCEDURE protect_tenant_table(regclass) FROM PUBLIC;

CREATE TABLE tenants (
  id text PRIMARY KEY CHECK (id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  name text NOT NULL,
  slug text NOT NULL,
  owner_email text NOT NULL,
  plan text NOT NULL,
  state text NOT NULL DEFAULT 'reserved' CHECK (state IN ('reserved', 'active', 'released')),
  created_at timestamptz NOT NULL DEFAULT now()
);
-- A released slug is free again, while the story of who had it stays.
CREATE UNIQUE INDEX tenants_slug_held ON tenants (slug) WHERE state <> 'released';
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON tenants USING (id = app_tenant()) WITH CHECK (id = app_tenant());
-- Platform staff list tenants and join them to memberships; they change none from the platform's scope.
CREATE POLICY platform_reads ON tenants FOR SELECT USING (app_tenant() = 'platform');
GRANT SELECT, INSERT ON tenants TO bizosaas_app;
GRANT UPDATE (state) ON tenants TO bizosaas_app;

-- People belong to no tenant; only the platform's scope knows their addresses.
CREATE TABLE users (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  email text NOT NULL UNIQUE CHECK (email = lower(email)),
  created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY platform_only ON users USING (app_tenant() = 'platform') WITH CHECK (app_tenant() = 'platform');
GRANT SELECT, INSERT ON users TO bizosaas_app;

CREATE TABLE platform_roles (
  user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  role text NOT NULL CHECK (role IN ('platform_admin', 'super_admin')),
  created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE platform_roles ENABLE ROW LEVEL SECURITY;
ALTER TABLE platform_roles FORCE ROW LEVEL SECURITY;
CREATE POLICY platform_only ON platform_roles USING (app_tenant() = 'platform') WITH CHECK (app_tenant() = 'platform');
GRANT SELECT, INSERT, UPDATE ON platform_roles TO bizosaas_app;

CREATE TABLE memberships (
  tenant_id text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  role text NOT NULL CHECK (role IN ('tenant_user', 'tenant_admin')),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX memberships_of_user ON memberships (user_id);
CALL protect_tenant_table('memberships');
-- A login asks for all that an address may act as, before any tenant is chosen.
CREATE POLICY platform_reads ON memberships FOR SELECT USING (app_tenant() = 'platform');
GRANT SELECT, INSERT, UPDATE, DELETE ON memberships TO bizosaas_app;

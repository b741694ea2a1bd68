# What the platform's own processes may do. `npm run vault:init` fills in ${…} and applies it.

# Secrets of the tenants, of the platform itself, and what is staged; nothing else in the mount. Deleted versions are
# brought back (undelete) by whoever runs Vault, never from here.
path "${mount}/data/tenants/*"      { capabilities = ["create", "update", "read", "delete"] }
path "${mount}/data/platform/*"     { capabilities = ["create", "update", "read", "delete"] }
path "${mount}/data/staging/*"      { capabilities = ["create", "update", "read", "delete"] }
path "${mount}/metadata/tenants/*"  { capabilities = ["read", "list", "delete"] }
path "${mount}/metadata/platform/*" { capabilities = ["read", "list", "delete"] }
path "${mount}/metadata/staging/*"  { capabilities = ["read", "list", "delete"] }
path "${mount}/metadata/"           { capabilities = ["list"] }
path "${mount}/delete/tenants/*"    { capabilities = ["update"] }
path "${mount}/delete/platform/*"   { capabilities = ["update"] }
path "${mount}/delete/staging/*"    { capabilities = ["update"] }
path "${mount}/destroy/tenants/*"   { capabilities = ["update"] }
path "${mount}/destroy/platform/*"  { capabilities = ["update"] }
path "${mount}/destroy/staging/*"   { capabilities = ["update"] }

# Its own token, in place of the default policy, which allows more.
path "auth/token/lookup-self" { capabilities = ["read"] }
path "auth/token/renew-self"  { capabilities = ["update"] }
path "auth/token/revoke-self" { capabilities = ["update"] }

# Rotation of its own secret_id: to make one, find it again by its accessor, and destroy it. No other role's, and not
# the role itself.
path "auth/${approle}/role/${role}/secret-id"                  { capabilities = ["update", "list"] }
path "auth/${approle}/role/${role}/secret-id/lookup"           { capabilities = ["update"] }
path "auth/${approle}/role/${role}/secret-id-accessor/lookup"  { capabilities = ["update"] }
path "auth/${approle}/role/${role}/secret-id-accessor/destroy" { capabilities = ["update"] }

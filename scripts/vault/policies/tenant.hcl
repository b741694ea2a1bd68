# A token that serves one tenant alone: that tenant's secrets, and what was staged for that tenant's workflows. Another
# tenant's path, the platform's, and their names, are refused. `npm run vault:init -- --tenant <id>` fills in ${…}.
path "${mount}/data/tenants/${tenant}/*"     { capabilities = ["create", "update", "read", "delete"] }
path "${mount}/data/staging/${tenant}/*"     { capabilities = ["create", "update", "read", "delete"] }
path "${mount}/metadata/tenants/${tenant}/*" { capabilities = ["read", "list", "delete"] }
path "${mount}/metadata/staging/${tenant}/*" { capabilities = ["read", "list", "delete"] }
path "${mount}/delete/tenants/${tenant}/*"   { capabilities = ["update"] }
path "${mount}/delete/staging/${tenant}/*"   { capabilities = ["update"] }
path "${mount}/destroy/tenants/${tenant}/*"  { capabilities = ["update"] }
path "${mount}/destroy/staging/${tenant}/*"  { capabilities = ["update"] }

path "auth/token/lookup-self" { capabilities = ["read"] }
path "auth/token/renew-self"  { capabilities = ["update"] }
path "auth/token/revoke-self" { capabilities = ["update"] }

path "auth/${approle}/role/${role}/secret-id"                  { capabilities = ["update", "list"] }
path "auth/${approle}/role/${role}/secret-id/lookup"           { capabilities = ["update"] }
path "auth/${approle}/role/${role}/secret-id-accessor/lookup"  { capabilities = ["update"] }
path "auth/${approle}/role/${role}/secret-id-accessor/destroy" { capabilities = ["update"] }

# What `npm run vault:init` needs, so that the root token can be revoked after the first run. It reads no secret, but
# whoever holds it can rewrite the policies that do: for people who run Vault, and for the minutes of a run.
path "sys/mounts"             { capabilities = ["read"] }
path "sys/mounts/${mount}"    { capabilities = ["create", "update"] }
path "${mount}/config"        { capabilities = ["create", "update", "read"] }
path "sys/auth"               { capabilities = ["read"] }
path "sys/auth/${approle}"    { capabilities = ["create", "update", "sudo"] }
path "sys/policies/acl/bizosaas*" { capabilities = ["create", "update", "read"] }
path "auth/${approle}/role/+"         { capabilities = ["create", "update", "read"] }
path "auth/${approle}/role/+/role-id" { capabilities = ["read"] }
# A secret_id leaves here wrapped or not at all, and so does the list of their accessors.
path "auth/${approle}/role/+/secret-id" {
  capabilities     = ["update", "list"]
  min_wrapping_ttl = "1s"
  max_wrapping_ttl = "24h"
}
path "sys/audit"              { capabilities = ["read", "sudo"] }
path "sys/audit/*"            { capabilities = ["create", "update", "sudo"] }

# Vault's own configuration in docker-compose.vault.yml: one node with integrated storage, TLS from the first byte.
ui            = false
# Integrated storage maps its files into memory, which mlock would pin as a whole; give the machine no swap instead.
disable_mlock = true
api_addr      = "https://vault:8200"
cluster_addr  = "https://vault:8201"

storage "raft" {
  path    = "/vault/file"
  node_id = "vault-1"
}

listener "tcp" {
  address         = "0.0.0.0:8200"
  cluster_address = "0.0.0.0:8201"
  tls_cert_file   = "/vault/tls/vault.crt"
  tls_key_file    = "/vault/tls/vault.key"
  tls_min_version = "tls12"
}

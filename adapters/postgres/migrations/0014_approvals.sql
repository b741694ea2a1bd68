-- Approvals that were asked before this migration are decisions, at no one's wish, and not escalated.
ALTER TABLE approvals
  ADD COLUMN kind text NOT NULL DEFAULT 'decision' CHECK (kind IN ('decision', 'question')),
  ADD COLUMN requested_by uuid,
  ADD COLUMN level int NOT NULL DEFAULT 0;
CREATE INDEX approvals_waiting ON approvals (tenant_id, created_at, id) WHERE state = 'pending';

-- One word of one person on one content: an edit is other content, about which all are asked again.
CREATE TABLE approval_votes (
  tenant_id text NOT NULL,
  approval_id uuid NOT NULL,
  user_id uuid NOT NULL,
  -- What the word is about: the content that was shown, or what an edit or an answer put in its place.
  given_hash text NOT NULL,
  content_hash text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('approve', 'edit', 'reject', 'respond')),
  receipt text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, approval_id, user_id, given_hash, kind)
);
CALL protect_tenant_table('approval_votes');
GRANT SELECT, INSERT ON approval_votes TO bizosaas_app;

CREATE TABLE approval_delegates (
  tenant_id text NOT NULL,
  approval_id uuid NOT NULL,
  user_id uuid NOT NULL,
  delegated_by uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, approval_id, user_id)
);
CALL protect_tenant_table('approval_delegates');
GRANT SELECT, INSERT ON approval_delegates TO bizosaas_app;

-- Links in letters: the hash of a token that works once. The token itself is kept nowhere.
CREATE TABLE approval_links (
  tenant_id text NOT NULL,
  token_hash text NOT NULL,
  approval_id uuid NOT NULL,
  expires_at timestamptz NOT NULL,
  used_by uuid,
  used_at timestamptz,
  PRIMARY KEY (tenant_id, token_hash)
);
CALL protect_tenant_table('approval_links');
GRANT SELECT, INSERT, DELETE ON approval_links TO bizosaas_app;
GRANT UPDATE (used_by, used_at) ON approval_links TO bizosaas_app;

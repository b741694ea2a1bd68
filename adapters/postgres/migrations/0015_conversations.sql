-- Chats of people with agents. The transcript of one is that of the run with the same id.
CREATE TABLE conversations (
  id uuid NOT NULL,
  tenant_id text NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  agent_id text NOT NULL,
  user_id uuid NOT NULL,
  title text NOT NULL,
  -- JSON: where its agent stands between two messages, so that a chat goes on after any rest. NULL: nothing was said yet.
  stand text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX conversations_of ON conversations (tenant_id, user_id, seq DESC);
CALL protect_tenant_table('conversations');
GRANT SELECT, INSERT, DELETE ON conversations TO bizosaas_app;
GRANT UPDATE (stand, updated_at) ON conversations TO bizosaas_app;

-- What was said, as people see it.
CREATE TABLE conversation_messages (
  tenant_id text NOT NULL,
  conversation_id uuid NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  message_id text NOT NULL,
  role text NOT NULL CHECK (role IN ('user', 'assistant')),
  -- A JSON string: a model may write what text refuses.
  content text NOT NULL,
  -- Of a message: the one that it was said into, whose answer is its own.
  said_into text,
  -- Of an answer: the model turn with which it began, and how it ended. NULL: it is being written.
  step int,
  state text CHECK (state IN ('done', 'failed', 'cancelled')),
  error text,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, conversation_id, message_id, role),
  FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX conversation_messages_in_order ON conversation_messages (tenant_id, conversation_id, seq);
CALL protect_tenant_table('conversation_messages');
GRANT SELECT, INSERT, DELETE ON conversation_messages TO bizosaas_app;
GRANT UPDATE (content, said_into, step, state, error, at) ON conversation_messages TO bizosaas_app;

-- Of an answer in a conversation that is deleted only the cost is kept.
GRANT UPDATE (answer) ON model_calls TO bizosaas_app;

-- What the agents of one crew share: each version of each entry, its content by reference.
CREATE TABLE board_entries (
  tenant_id text NOT NULL,
  crew_run_id uuid NOT NULL,
  key text NOT NULL,
  version int NOT NULL,
  author text NOT NULL,
  content jsonb NOT NULL,
  op_id text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, crew_run_id, key, version),
  UNIQUE (tenant_id, crew_run_id, op_id)
);
CALL protect_tenant_table('board_entries');
GRANT SELECT, INSERT, DELETE ON board_entries TO bizosaas_app;

-- What they tell each other. NULL recipient: all. Numbers have no holes, so that a reader who saw 8 has seen 7.
CREATE TABLE crew_messages (
  tenant_id text NOT NULL,
  crew_run_id uuid NOT NULL,
  seq int NOT NULL,
  sender text NOT NULL,
  recipient text,
  content jsonb NOT NULL,
  op_id text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, crew_run_id, seq),
  UNIQUE (tenant_id, crew_run_id, op_id)
);
CALL protect_tenant_table('crew_messages');
GRANT SELECT, INSERT, DELETE ON crew_messages TO bizosaas_app;

-- Answers while they are written, for those who watch: the transcript is the truth, and these may be lost with a crash. Their
-- numbers may not, or a viewer who saw 8 would be given no 7 after it.
CREATE SEQUENCE token_pieces_seq;
GRANT USAGE ON SEQUENCE token_pieces_seq TO bizosaas_app;
CREATE UNLOGGED TABLE token_pieces (
  seq bigint PRIMARY KEY DEFAULT nextval('token_pieces_seq'),
  tenant_id text NOT NULL,
  run_id uuid NOT NULL,
  step int NOT NULL,
  kind text NOT NULL CHECK (kind IN ('text', 'reset', 'done')),
  -- A JSON string.
  body text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX token_pieces_in_order ON token_pieces (tenant_id, run_id, seq);
CREATE INDEX token_pieces_age ON token_pieces (at);
CALL protect_tenant_table('token_pieces');
-- One poll of a process serves its viewers of all tenants; who may watch which run is asked elsewhere.
CREATE POLICY platform_reads ON token_pieces FOR SELECT USING (app_tenant() = 'platform');
CREATE POLICY platform_sweeps ON token_pieces FOR DELETE USING (app_tenant() = 'platform');
GRANT SELECT, INSERT, DELETE ON token_pieces TO bizosaas_app;

-- Runs that somebody watches, until when.
CREATE UNLOGGED TABLE token_watches (
  tenant_id text NOT NULL,
  run_id uuid NOT NULL,
  until timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, run_id)
);
CALL protect_tenant_table('token_watches');
CREATE POLICY platform_reads ON token_watches FOR SELECT USING (app_tenant() = 'platform');
CREATE POLICY platform_sweeps ON token_watches FOR DELETE USING (app_tenant() = 'platform');
GRANT SELECT, INSERT, UPDATE, DELETE ON token_watches TO bizosaas_app;

-- Executions, task runs, logs and metrics are partitioned by month, by the UUIDv7 range of the execution's id, which
-- leads every key. Everything short-lived (inbox, leases, wake-ups, slots …) is one small table each. No foreign keys to
-- partitioned tables. Texts that are compared are COLLATE "C": byte order, and indexes serve prefixes.

CREATE TABLE flows (
  tenant      text COLLATE "C" NOT NULL,
  namespace   text COLLATE "C" NOT NULL,
  id          text COLLATE "C" NOT NULL,
  revision    integer NOT NULL,
  latest      boolean NOT NULL,
  disabled    boolean NOT NULL,
  deleted     boolean NOT NULL,
  description text,
  labels      jsonb NOT NULL DEFAULT '[]',
  source      text NOT NULL,
  sequence    bigint GENERATED ALWAYS AS IDENTITY,
  updated_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant, namespace, id, revision)
);
CREATE UNIQUE INDEX flows_latest ON flows (tenant, namespace, id) WHERE latest;
CREATE UNIQUE INDEX flows_sequence ON flows (sequence);

CREATE TABLE kv_entries (
  tenant     text COLLATE "C" NOT NULL,
  namespace  text COLLATE "C" NOT NULL,
  key        text COLLATE "C" NOT NULL,
  type       text NOT NULL,
  value      json NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  PRIMARY KEY (tenant, namespace, key)
);

CREATE TABLE executions (
  id                   uuid NOT NULL,
  tenant               text COLLATE "C" NOT NULL,
  namespace            text COLLATE "C" NOT NULL,
  flow_id              text COLLATE "C" NOT NULL,
  flow_revision        integer NOT NULL,
  partition            smallint NOT NULL,
  version              integer NOT NULL DEFAULT 0,
  state                text COLLATE "C" NOT NULL,
  history              json NOT NULL,
  inputs               json,
  outputs              json,
  labels               jsonb NOT NULL DEFAULT '[]',
  variables            json,
  trigger              json,
  trigger_execution_id uuid,
  parent_id            uuid,
  original_id          uuid NOT NULL,
  attempt_number       integer NOT NULL DEFAULT 1,
  original_created     bigint NOT NULL,
  schedule_date        bigint,
  started_at           timestamptz NOT NULL,
  ended_at             timestamptz,
  -- When the reconciler looks again; null: nothing is owed (ended, or waiting for the outside).
  owes_at              timestamptz,
  owes_tries           smallint NOT NULL DEFAULT 0,
  PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE INDEX executions_flow ON executions (tenant, namespace, flow_id, id);
CREATE INDEX executions_live ON executions (tenant, namespace, flow_id, id) WHERE ended_at IS NULL;
CREATE INDEX executions_owes ON executions (owes_at) WHERE owes_at IS NOT NULL;
CREATE INDEX executions_children ON executions (trigger_execution_id) WHERE trigger_execution_id IS NOT NULL;

CREATE TABLE task_runs (
  execution_id uuid NOT NULL,
  seq          integer NOT NULL,
  id           uuid NOT NULL,
  tenant       text COLLATE "C" NOT NULL,
  task_id      text COLLATE "C" NOT NULL,
  parent_seq   integer,
  branch       text NOT NULL,
  item         integer,
  value        text,
  state        text COLLATE "C" NOT NULL,
  dispatch     integer NOT NULL,
  -- A job with this dispatch number has been handed out, and its result has not come.
  sent         boolean NOT NULL,
  worker_group text COLLATE "C",
  history      json NOT NULL,
  attempts     json NOT NULL,
  outputs      json,
  plan         json,
  PRIMARY KEY (execution_id, seq)
) PARTITION BY RANGE (execution_id);

CREATE TABLE logs (
  execution_id uuid NOT NULL,
  task_run_seq integer NOT NULL,
  dispatch     integer NOT NULL,
  number       integer NOT NULL,
  tenant       text COLLATE "C" NOT NULL,
  namespace    text COLLATE "C" NOT NULL,
  flow_id      text COLLATE "C" NOT NULL,
  task_id      text COLLATE "C",
  attempt      integer,
  trigger_id   text COLLATE "C",
  level        smallint NOT NULL,
  logged_at    bigint NOT NULL,
  thread       text,
  message      text NOT NULL,
  PRIMARY KEY (execution_id, task_run_seq, dispatch, number)
) PARTITION BY RANGE (execution_id);
CREATE INDEX logs_time ON logs USING brin (logged_at);

CREATE TABLE metrics (
  execution_id uuid NOT NULL,
  task_run_seq integer NOT NULL,
  dispatch     integer NOT NULL,
  number       integer NOT NULL,
  tenant       text COLLATE "C" NOT NULL,
  namespace    text COLLATE "C" NOT NULL,
  flow_id      text COLLATE "C" NOT NULL,
  task_id      text COLLATE "C" NOT NULL,
  type         text NOT NULL,
  name         text NOT NULL,
  value        double precision NOT NULL,
  tags         json,
  measured_at  bigint NOT NULL,
  PRIMARY KEY (execution_id, task_run_seq, dispatch, number)
) PARTITION BY RANGE (execution_id);

-- What waits to be applied by an execution's next step.
CREATE TABLE inbox (
  id           uuid PRIMARY KEY,
  tenant       text COLLATE "C" NOT NULL,
  execution_id uuid NOT NULL,
  event        json NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX inbox_execution ON inbox (execution_id);
CREATE INDEX inbox_age ON inbox (created_at);

CREATE TABLE operations (
  id           uuid PRIMARY KEY,
  tenant       text COLLATE "C" NOT NULL,
  execution_id uuid NOT NULL,
  operation    json NOT NULL,
  outcome      text NOT NULL DEFAULT 'pending',
  reason       text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  resolved_at  timestamptz
);
CREATE INDEX operations_age ON operations (created_at);

CREATE TABLE leases (
  execution_id uuid NOT NULL,
  task_run_seq integer NOT NULL,
  dispatch     integer NOT NULL,
  tenant       text COLLATE "C" NOT NULL,
  worker_id    text COLLATE "C" NOT NULL,
  expires_at   timestamptz NOT NULL,
  kill         boolean NOT NULL DEFAULT false,
  PRIMARY KEY (execution_id, task_run_seq)
);
CREATE INDEX leases_expiry ON leases (expires_at);

CREATE TABLE wake_ups (
  id           uuid PRIMARY KEY,
  tenant       text COLLATE "C" NOT NULL,
  execution_id uuid NOT NULL,
  due_at       timestamptz NOT NULL,
  wake_up      json NOT NULL
);
CREATE INDEX wake_ups_due ON wake_ups (due_at);

-- A webhook sender's delivery ids, so that a repeat is answered with the first execution.
CREATE TABLE deliveries (
  tenant       text COLLATE "C" NOT NULL,
  key          text COLLATE "C" NOT NULL,
  execution_id uuid NOT NULL,
  expires_at   timestamptz NOT NULL,
  PRIMARY KEY (tenant, key)
);
CREATE INDEX deliveries_expiry ON deliveries (expires_at);

-- Concurrency limits: one row a limited flow to lock, and a row per execution that asked for or holds a slot.
CREATE TABLE flow_limits (
  tenant    text COLLATE "C" NOT NULL,
  namespace text COLLATE "C" NOT NULL,
  flow_id   text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, namespace, flow_id)
);
CREATE TABLE slots (
  execution_id uuid PRIMARY KEY,
  tenant       text COLLATE "C" NOT NULL,
  namespace    text COLLATE "C" NOT NULL,
  flow_id      text COLLATE "C" NOT NULL,
  granted      boolean NOT NULL DEFAULT false,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX slots_flow ON slots (tenant, namespace, flow_id, granted, requested_at);

CREATE TABLE members (
  id           text COLLATE "C" PRIMARY KEY,
  service      text NOT NULL,
  worker_group text,
  seen_at      timestamptz NOT NULL
);

-- Ended executions by flow, day of creation and end state. Steps append deltas; the scheduler folds them in.
CREATE TABLE execution_counts (
  tenant    text COLLATE "C" NOT NULL,
  namespace text COLLATE "C" NOT NULL,
  flow_id   text COLLATE "C" NOT NULL,
  day       date NOT NULL,
  state     text COLLATE "C" NOT NULL,
  count     bigint NOT NULL,
  PRIMARY KEY (tenant, namespace, flow_id, day, state)
);
CREATE TABLE execution_count_deltas (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant    text COLLATE "C" NOT NULL,
  namespace text COLLATE "C" NOT NULL,
  flow_id   text COLLATE "C" NOT NULL,
  day       date NOT NULL,
  state     text COLLATE "C" NOT NULL,
  delta     integer NOT NULL
);

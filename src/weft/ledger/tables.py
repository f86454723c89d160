"""The tables of a ledger, of three kinds.

- the log: `event`, append-only, the only truth;
- projections, folded from the log in the append's own transaction: rebuilt and compared by `weft ledger verify`;
- control state that is no history: leases, reservations, documents by digest, caches of planning, what a scheduler
  looked at last, which workers are there, who holds slots of pools, accounts and tokens (hashed).

A partition that has none is written as the empty string, so that it can stand in a primary key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LOG = ("event",)
PROJECTIONS = (
    "run",
    "partition",
    "version",
    "check_result",
    "step_time",
    "dynamic_key",
    "code",
    "step_run",
    "cached",
    "artifact",
    "input_request",
    "location",
    "definition",
    "automation",
    "tick",
    "saved_plan",
    "execution",
    "incident",
    "incident_entry",
    "silence",
    "alert_rule",
    "change_made",
)
CONTROL = (
    "lease",
    "reservation",
    "document",
    "summary",
    "work_pool",
    "automation_state",
    "execution_state",
    "worker_seen",
    "pool",
    "pool_grant",
    "pool_wait",
    "account",
    "session",
    "api_token",
    "idempotency",
    "alert_state",
    "alert_problem",
    "alert_message",
    "operation",
)

SCHEMA_1 = """
CREATE TABLE event (
  position INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  run TEXT,
  type TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX event_of_run ON event (run, position) WHERE run IS NOT NULL;

CREATE TABLE run (
  id TEXT PRIMARY KEY,
  execution TEXT NOT NULL DEFAULT '',
  pipeline TEXT,
  definitions TEXT NOT NULL DEFAULT '',
  plan TEXT NOT NULL DEFAULT '',
  request TEXT NOT NULL DEFAULT '',
  by_whom TEXT NOT NULL DEFAULT '',
  phase TEXT NOT NULL,
  outcome TEXT,
  reason TEXT NOT NULL DEFAULT '',
  created INTEGER NOT NULL DEFAULT 0,
  started INTEGER,
  finished INTEGER,
  epoch INTEGER NOT NULL DEFAULT 0,
  steps INTEGER NOT NULL DEFAULT 0,
  succeeded INTEGER NOT NULL DEFAULT 0,
  reused INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  held INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX run_by_age ON run (created);
CREATE INDEX run_live ON run (phase) WHERE phase <> 'finished';

CREATE TABLE partition (
  asset TEXT NOT NULL,
  key TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 0,
  token INTEGER NOT NULL DEFAULT 0,
  first_token INTEGER NOT NULL DEFAULT 0,
  data_version TEXT NOT NULL DEFAULT '',
  code TEXT NOT NULL DEFAULT '',
  inputs BLOB,
  made_at INTEGER NOT NULL DEFAULT 0,
  made_by TEXT NOT NULL DEFAULT '',
  confirmed_at INTEGER NOT NULL DEFAULT 0,
  outcome TEXT NOT NULL DEFAULT '',
  attempt_run TEXT NOT NULL DEFAULT '',
  attempt_at INTEGER NOT NULL DEFAULT 0,
  attempt INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  rejected INTEGER NOT NULL DEFAULT 0,
  rejected_code TEXT NOT NULL DEFAULT '',
  rejected_inputs BLOB,
  accepted TEXT NOT NULL DEFAULT '',
  changed INTEGER NOT NULL,
  PRIMARY KEY (asset, key)
) WITHOUT ROWID;
CREATE INDEX partition_changed ON partition (asset, changed);

CREATE TABLE version (
  asset TEXT NOT NULL,
  key TEXT NOT NULL,
  id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  run TEXT NOT NULL DEFAULT '',
  data_version TEXT NOT NULL,
  code TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (asset, key, id)
) WITHOUT ROWID;

CREATE TABLE check_result (
  asset TEXT NOT NULL,
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  passed INTEGER NOT NULL,
  blocking INTEGER NOT NULL,
  severity TEXT NOT NULL,
  description TEXT NOT NULL,
  metadata BLOB,
  at INTEGER NOT NULL,
  run TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (asset, key, name)
) WITHOUT ROWID;

CREATE TABLE step_time (
  step TEXT PRIMARY KEY,
  count INTEGER NOT NULL DEFAULT 0,
  total INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE dynamic_key (
  name TEXT NOT NULL,
  key TEXT NOT NULL,
  added INTEGER NOT NULL,
  place INTEGER NOT NULL,
  removed INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (name, key)
) WITHOUT ROWID;

CREATE TABLE code (
  code TEXT PRIMARY KEY,
  document TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE lease (
  run TEXT PRIMARY KEY,
  epoch INTEGER NOT NULL,
  owner TEXT NOT NULL,
  expires INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE reservation (
  run TEXT NOT NULL,
  asset TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  ordinals TEXT NOT NULL,
  PRIMARY KEY (asset, run)
) WITHOUT ROWID;

CREATE TABLE document (
  digest TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  body BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE summary (
  asset TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  position INTEGER NOT NULL,
  body BLOB NOT NULL
);
"""

SCHEMA_2 = """
DELETE FROM check_result;
ALTER TABLE run ADD COLUMN partition TEXT;
ALTER TABLE run ADD COLUMN params BLOB;
ALTER TABLE run ADD COLUMN trigger_by TEXT NOT NULL DEFAULT 'manual';
ALTER TABLE run ADD COLUMN parent TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN parent_step TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN parent_item TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN rerun_of TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN pool TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN values_removed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN mapped INTEGER NOT NULL DEFAULT 0;
CREATE INDEX run_of_pipeline ON run (pipeline, partition, created) WHERE pipeline IS NOT NULL;
CREATE INDEX run_of_parent ON run (parent) WHERE parent <> '';
CREATE INDEX run_of_pool ON run (pool, created) WHERE pool <> '';
CREATE INDEX event_of_people ON event (type, position) WHERE type IN ('Accepted', 'VersionPointed');

CREATE TABLE step_run (
  run TEXT NOT NULL,
  step TEXT NOT NULL,
  item TEXT NOT NULL,
  phase TEXT NOT NULL,
  outcome TEXT,
  reason TEXT NOT NULL DEFAULT '',
  attempt INTEGER NOT NULL DEFAULT 0,
  at INTEGER NOT NULL DEFAULT 0,
  started INTEGER NOT NULL DEFAULT 0,
  duration INTEGER NOT NULL DEFAULT 0,
  until INTEGER NOT NULL DEFAULT 0,
  source_run TEXT NOT NULL DEFAULT '',
  position INTEGER NOT NULL DEFAULT 0,
  first INTEGER NOT NULL DEFAULT 0,
  items INTEGER,
  PRIMARY KEY (run, step, item)
) WITHOUT ROWID;

CREATE TABLE cached (
  key TEXT PRIMARY KEY,
  run TEXT NOT NULL,
  step TEXT NOT NULL,
  item TEXT NOT NULL,
  position INTEGER NOT NULL,
  expires INTEGER
) WITHOUT ROWID;
CREATE INDEX cached_of_run ON cached (run);

CREATE TABLE artifact (
  position INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  kind TEXT NOT NULL,
  run TEXT NOT NULL,
  step TEXT NOT NULL,
  item TEXT NOT NULL,
  asset TEXT NOT NULL,
  partition TEXT NOT NULL,
  description TEXT NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX artifact_of_key ON artifact (key, position);
CREATE INDEX artifact_of_run ON artifact (run, position);
CREATE INDEX artifact_of_asset ON artifact (asset, position) WHERE asset <> '';

CREATE TABLE input_request (
  run TEXT NOT NULL,
  key TEXT NOT NULL,
  form BLOB,
  message TEXT NOT NULL DEFAULT '',
  asked INTEGER NOT NULL DEFAULT 0,
  until INTEGER,
  suspended INTEGER NOT NULL DEFAULT 0,
  answered INTEGER,
  value BLOB,
  by_whom TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (run, key)
) WITHOUT ROWID;

CREATE TABLE work_pool (
  name TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  config TEXT NOT NULL,
  slots INTEGER,
  paused INTEGER NOT NULL,
  created INTEGER NOT NULL
) WITHOUT ROWID;
"""

SCHEMA_3 = """
ALTER TABLE run ADD COLUMN location TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN automation TEXT NOT NULL DEFAULT '';
CREATE INDEX run_of_execution ON run (execution, created, outcome) WHERE execution <> '';
CREATE INDEX run_open_of_execution ON run (execution) WHERE execution <> '' AND phase <> 'finished';
CREATE INDEX run_of_automation ON run (automation, created) WHERE automation <> '';
CREATE INDEX run_by_pipeline ON run (pipeline, created) WHERE pipeline IS NOT NULL;
CREATE INDEX run_by_outcome ON run (outcome, created) WHERE outcome IS NOT NULL;
CREATE INDEX run_by_location ON run (location, created) WHERE location <> '';
CREATE INDEX run_live_by_age ON run (created) WHERE phase <> 'finished';
CREATE INDEX run_waiting ON run (pool, location, priority DESC, created, partition)
  WHERE phase = 'created' AND pool <> '';
CREATE INDEX run_waiting_of_pipeline ON run (pool, location, coalesce(pipeline, ''), priority DESC, created, partition)
  WHERE phase = 'created' AND pool <> '';

CREATE TABLE location (
  name TEXT PRIMARY KEY,
  snapshot TEXT NOT NULL DEFAULT '',
  loaded INTEGER,
  source TEXT NOT NULL DEFAULT '',
  problems BLOB,
  failed INTEGER,
  removed INTEGER NOT NULL DEFAULT 0,
  changed INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE definition (
  name TEXT NOT NULL,
  position INTEGER NOT NULL,
  digest TEXT NOT NULL,
  location TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (name, position)
) WITHOUT ROWID;

CREATE TABLE automation (
  id TEXT PRIMARY KEY,
  location TEXT NOT NULL DEFAULT '',
  activated INTEGER,
  paused INTEGER NOT NULL DEFAULT 0,
  paused_by TEXT NOT NULL DEFAULT '',
  paused_at INTEGER,
  reason TEXT NOT NULL DEFAULT '',
  cursor TEXT,
  last_tick TEXT NOT NULL DEFAULT '',
  last_due INTEGER,
  last_decision TEXT NOT NULL DEFAULT '',
  last_at INTEGER
) WITHOUT ROWID;

CREATE TABLE tick (
  automation TEXT NOT NULL,
  tick TEXT NOT NULL,
  position INTEGER NOT NULL,
  due INTEGER NOT NULL,
  at INTEGER NOT NULL,
  decision TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  runs TEXT NOT NULL DEFAULT '',
  executions TEXT NOT NULL DEFAULT '',
  count INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY (automation, tick)
) WITHOUT ROWID;
CREATE INDEX version_by_age ON version (asset, id) WHERE state <> 'removed';
CREATE INDEX check_result_failed ON check_result (asset, passed, key, name) WHERE passed = 0;
CREATE INDEX tick_by_age ON tick (position);
CREATE INDEX tick_of_automation ON tick (automation, position);

CREATE TABLE saved_plan (
  id TEXT PRIMARY KEY,
  document TEXT NOT NULL,
  request TEXT NOT NULL DEFAULT '',
  steps INTEGER NOT NULL DEFAULT 0,
  by_whom TEXT NOT NULL DEFAULT '',
  created INTEGER NOT NULL,
  execution TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX saved_plan_by_age ON saved_plan (created);

CREATE TABLE execution (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL DEFAULT '',
  document TEXT NOT NULL DEFAULT '',
  request TEXT NOT NULL DEFAULT '',
  total INTEGER NOT NULL DEFAULT 0,
  by_whom TEXT NOT NULL DEFAULT '',
  priority INTEGER NOT NULL DEFAULT 0,
  concurrency INTEGER,
  pool TEXT NOT NULL DEFAULT '',
  plan TEXT NOT NULL DEFAULT '',
  automation TEXT NOT NULL DEFAULT '',
  options BLOB,
  phase TEXT NOT NULL,
  outcome TEXT,
  reason TEXT NOT NULL DEFAULT '',
  created INTEGER NOT NULL DEFAULT 0,
  finished INTEGER
) WITHOUT ROWID;
CREATE INDEX execution_by_age ON execution (created);
CREATE INDEX execution_live ON execution (phase) WHERE phase <> 'finished';

CREATE TABLE incident (
  id TEXT PRIMARY KEY,
  key TEXT NOT NULL,
  rule TEXT NOT NULL,
  severity TEXT NOT NULL,
  title TEXT NOT NULL,
  root TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL,
  run TEXT NOT NULL,
  partition TEXT,
  owners TEXT NOT NULL,
  tags TEXT NOT NULL,
  phase TEXT NOT NULL,
  opened INTEGER NOT NULL,
  acknowledged INTEGER,
  acknowledged_by TEXT NOT NULL DEFAULT '',
  resolved INTEGER,
  resolved_by TEXT NOT NULL DEFAULT '',
  occurrences INTEGER NOT NULL DEFAULT 0,
  last INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX incident_by_age ON incident (opened);
CREATE INDEX incident_open ON incident (key) WHERE phase <> 'resolved';

CREATE TABLE incident_entry (
  incident TEXT NOT NULL,
  position INTEGER NOT NULL,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  by_whom TEXT NOT NULL DEFAULT '',
  subject TEXT NOT NULL DEFAULT '',
  run TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (incident, position)
) WITHOUT ROWID;

CREATE TABLE silence (
  id TEXT PRIMARY KEY,
  matches TEXT NOT NULL,
  until INTEGER NOT NULL,
  by_whom TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  created INTEGER NOT NULL,
  removed INTEGER
) WITHOUT ROWID;

CREATE TABLE change_made (
  position INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  action TEXT NOT NULL,
  by_whom TEXT NOT NULL,
  via TEXT NOT NULL,
  target TEXT NOT NULL,
  detail BLOB,
  token TEXT NOT NULL,
  address TEXT NOT NULL,
  chain TEXT NOT NULL
);
CREATE INDEX change_made_by ON change_made (by_whom, position);

CREATE TABLE automation_state (
  automation TEXT PRIMARY KEY,
  next_due INTEGER,
  looked_at INTEGER,
  same INTEGER NOT NULL DEFAULT 0,
  decision TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  holder TEXT NOT NULL DEFAULT '',
  until INTEGER NOT NULL DEFAULT 0,
  body BLOB
) WITHOUT ROWID;
CREATE INDEX automation_due ON automation_state (next_due);

CREATE TABLE execution_state (
  execution TEXT PRIMARY KEY,
  turn INTEGER NOT NULL,
  body BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE worker_seen (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  owner TEXT NOT NULL,
  started INTEGER NOT NULL,
  seen INTEGER NOT NULL,
  body BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE pool (
  name TEXT PRIMARY KEY,
  slots INTEGER NOT NULL,
  changed INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE pool_grant (
  pool TEXT NOT NULL,
  run TEXT NOT NULL,
  slots INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (pool, run)
) WITHOUT ROWID;
CREATE INDEX pool_grant_of_run ON pool_grant (run);

CREATE TABLE pool_wait (
  pool TEXT NOT NULL,
  run TEXT NOT NULL,
  slots INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  since INTEGER NOT NULL,
  steps TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (pool, run)
) WITHOUT ROWID;
CREATE INDEX pool_wait_of_run ON pool_wait (run);

CREATE TABLE account (
  name TEXT PRIMARY KEY,
  password TEXT NOT NULL,
  role TEXT NOT NULL,
  disabled INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE session (
  hash TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  used INTEGER NOT NULL,
  address TEXT NOT NULL DEFAULT '',
  agent TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;

CREATE TABLE api_token (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  account TEXT NOT NULL,
  role TEXT NOT NULL,
  scopes TEXT NOT NULL DEFAULT '',
  created INTEGER NOT NULL,
  expires INTEGER,
  used INTEGER,
  revoked INTEGER
) WITHOUT ROWID;

CREATE TABLE idempotency (
  principal TEXT NOT NULL,
  key TEXT NOT NULL,
  request TEXT NOT NULL,
  status INTEGER,
  headers TEXT NOT NULL DEFAULT '',
  body BLOB,
  at INTEGER NOT NULL,
  PRIMARY KEY (principal, key)
) WITHOUT ROWID;

CREATE TABLE alert_state (
  id TEXT PRIMARY KEY,
  position INTEGER NOT NULL,
  holder TEXT NOT NULL DEFAULT '',
  until INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE alert_problem (
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  partition TEXT NOT NULL,
  since INTEGER NOT NULL,
  at INTEGER NOT NULL,
  detail TEXT NOT NULL DEFAULT '',
  run TEXT NOT NULL DEFAULT '',
  origin TEXT NOT NULL DEFAULT '',
  severity TEXT NOT NULL DEFAULT '',
  blocking INTEGER NOT NULL DEFAULT 0,
  incident TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (kind, subject, partition)
) WITHOUT ROWID;
CREATE INDEX alert_problem_of_incident ON alert_problem (incident) WHERE incident <> '';

CREATE TABLE alert_message (
  id INTEGER PRIMARY KEY,
  incident TEXT NOT NULL,
  channel TEXT NOT NULL,
  about TEXT NOT NULL,
  created INTEGER NOT NULL,
  due INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  body BLOB NOT NULL
);
CREATE INDEX alert_message_due ON alert_message (due);

CREATE TABLE operation (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  location TEXT NOT NULL DEFAULT '',
  ask BLOB NOT NULL,
  by_whom TEXT NOT NULL DEFAULT '',
  created INTEGER NOT NULL,
  holder TEXT NOT NULL DEFAULT '',
  begun INTEGER,
  until INTEGER NOT NULL DEFAULT 0,
  finished INTEGER,
  outcome TEXT NOT NULL DEFAULT '',
  answer BLOB
) WITHOUT ROWID;
CREATE INDEX operation_by_age ON operation (created);
CREATE INDEX operation_waiting ON operation (created) WHERE begun IS NULL AND finished IS NULL;
"""

SCHEMA_4 = """
CREATE TABLE alert_rule (
  name TEXT PRIMARY KEY,
  body BLOB NOT NULL,
  by_whom TEXT NOT NULL DEFAULT '',
  created INTEGER NOT NULL,
  position INTEGER NOT NULL,
  removed INTEGER
) WITHOUT ROWID;

ALTER TABLE alert_problem RENAME TO alert_problem_3;
DROP INDEX alert_problem_of_incident;

CREATE TABLE alert_problem (
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  partition TEXT NOT NULL,
  rule TEXT NOT NULL DEFAULT '',
  since INTEGER NOT NULL,
  at INTEGER NOT NULL,
  detail TEXT NOT NULL DEFAULT '',
  run TEXT NOT NULL DEFAULT '',
  origin TEXT NOT NULL DEFAULT '',
  severity TEXT NOT NULL DEFAULT '',
  blocking INTEGER NOT NULL DEFAULT 0,
  incident TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (kind, subject, partition, rule)
) WITHOUT ROWID;
INSERT INTO alert_problem (kind, subject, partition, since, at, detail, run, origin, severity, blocking, incident)
  SELECT kind, subject, partition, since, at, detail, run, origin, severity, blocking, incident FROM alert_problem_3;
DROP TABLE alert_problem_3;
CREATE INDEX alert_problem_of_incident ON alert_problem (incident) WHERE incident <> '';
"""

SCHEMA_5 = """
ALTER TABLE saved_plan ADD COLUMN removed INTEGER;
"""

MIGRATIONS: tuple[str, ...] = (SCHEMA_1, SCHEMA_2, SCHEMA_3, SCHEMA_4, SCHEMA_5)
"""Scripts that lead from each version of the schema to the next; a published one is never edited."""

REFOLDED: Mapping[int, Mapping[str, str]] = {
    2: {"check_result": "type = 'ChecksEvaluated' OR body LIKE '%\"checks\"%'"}
}
"""Projections that a migration leaves empty, and the events to fold them anew from.

2: the metadata of checks could not be read back.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One kind of change to a projection.

    An upsert by `key` that replaces the `replace` columns, adds to the `add` columns and, on a first insert only, sets
    the `first` columns. Parameters come in the order key, replace, add, first.
    """

    table: str
    key: tuple[str, ...]
    replace: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    first: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, in the order of the parameters."""
        return self.key + self.replace + self.add + self.first

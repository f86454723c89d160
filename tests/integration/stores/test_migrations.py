"""A ledger that an older weft wrote is brought to the newest schema: nothing is lost, and it still verifies."""

from __future__ import annotations

import random
import sqlite3
import threading
from pathlib import Path

import msgspec
import pytest

from weft.ledger import tables
from weft.model import errors, events
from weft.stores import sqlite
from weft.testing import ledger_conformance


def history() -> list[events.Event]:
    found = events.CheckResult(name="sound", passed=False, severity="warn", metadata={"rows": msgspec.Raw(b"3")})
    return [
        events.RunCreated(run="r1", execution="e", steps=2, by="me"),
        events.RunStarted(run="r1"),
        *ledger_conformance.draw_events(random.Random(11), 80, pipelines=False),
        events.ChecksEvaluated(asset="counted", results=(found,), version_id=1),
        events.RunFinished(run="r1", outcome="failed", reason="so"),
    ]


def written_with_schema_1(path: Path, batch: list[events.Event]) -> None:
    """A file as the first weft left it: its tables, with what the events come to in the columns of then."""
    newest = sqlite.SqliteLedger()
    newest.append(batch)
    old = sqlite3.connect(path)
    old.executescript(tables.SCHEMA_1)
    for (table,) in old.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        columns = [row[1] for row in old.execute(f"PRAGMA table_info({table})")]
        rows = newest._rows(f"SELECT {', '.join(columns)} FROM {table}")
        old.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", rows)
    old.execute("UPDATE check_result SET metadata = x'81a4726f777333' WHERE asset = 'counted'")  # as it was: unreadable
    old.execute("PRAGMA user_version = 1")
    old.commit()
    old.close()
    newest.close()


def test_a_ledger_of_the_first_schema_is_migrated_and_verifies(tmp_path: Path) -> None:
    path, batch = tmp_path / "ledger.db", history()
    written_with_schema_1(path, batch)
    opened = sqlite.SqliteLedger(path)
    assert opened.schema() == len(tables.MIGRATIONS)
    assert [event for _, _, event in opened.events()] == batch
    verification = opened.verify()
    assert verification.passed, verification.differences
    (run,) = [row for row in opened.runs() if row.id == "r1"]
    assert (run.steps, run.outcome, run.reason, run.by) == (2, "failed", "so", "me")
    assert (run.partition, run.params, run.trigger, run.parent, run.rerun_of) == (None, None, "manual", "", "")
    assert [row.metadata for row in opened.checks("counted")] == [{"rows": 3}]
    opened.append([events.RunCreated(run="r2", execution="e", pipeline="p", partition="2024-01-01")])
    assert opened.verify().passed
    opened.close()


def test_what_is_wrong_is_kept_where_a_ledger_of_the_third_schema_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    old = sqlite3.connect(path)
    for script in (tables.SCHEMA_1, tables.SCHEMA_2, tables.SCHEMA_3):
        old.executescript(script)
    old.execute(
        "INSERT INTO alert_problem (kind, subject, partition, since, at, detail, incident) "
        "VALUES ('failure', 'asset:a', 'x', 1, 2, 'no', 'i')"
    )
    old.execute("PRAGMA user_version = 3")
    old.commit()
    old.close()
    opened = sqlite.SqliteLedger(path)
    (problem,) = opened.alert_problems("i")
    assert (problem.key, problem.since, problem.at, problem.detail) == (("failure", "asset:a", "x", ""), 1, 2, "no")
    with opened.transaction() as transaction:
        transaction.drop_problems([problem.key])
    assert opened.alert_problems() == []
    assert opened.alert_rules() == []
    assert opened.verify().passed
    opened.close()


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.db"
    written_with_schema_1(path, history())
    before = path.read_bytes()
    broken = (tables.SCHEMA_1, tables.SCHEMA_2 + "; ALTER TABLE nowhere ADD COLUMN x TEXT")
    with monkeypatch.context() as patch:
        patch.setattr(tables, "MIGRATIONS", broken)
        with pytest.raises(errors.LedgerError, match="nowhere"):
            sqlite.SqliteLedger(path)
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (1,)
        assert raw.execute("SELECT count(*) FROM sqlite_master WHERE name = 'step_run'").fetchone() == (0,)
        assert raw.execute("SELECT count(*) FROM check_result").fetchone() != (0,)
    raw.close()
    assert len(path.read_bytes()) == len(before)
    opened = sqlite.SqliteLedger(path)
    assert opened.verify().passed
    opened.close()


def test_the_indexes_serve_the_lists_that_they_are_for() -> None:
    opened = sqlite.SqliteLedger()
    for statement, index in (
        ("SELECT id FROM run WHERE pipeline = 'p' AND partition = 'x' ORDER BY created DESC, id", "run_of_pipeline"),
        ("SELECT id FROM run WHERE parent = 'p' AND parent <> ''", "run_of_parent"),
        (
            "SELECT body FROM event WHERE type IN ('Accepted', 'VersionPointed') ORDER BY position DESC",
            "event_of_people",
        ),
        ("SELECT position FROM artifact WHERE asset = 'a' AND asset <> '' ORDER BY position", "artifact_of_asset"),
        ("SELECT position FROM artifact WHERE key = 'a' ORDER BY position", "artifact_of_key"),
    ):
        plan = " ".join(row[3] for row in opened._rows(f"EXPLAIN QUERY PLAN {statement}"))
        assert index in plan, plan
    opened.close()


def test_assets_without_partitions_are_looked_up_and_not_searched_for_among_the_partitions_of_others() -> None:
    opened = sqlite.SqliteLedger()
    seen: list[str] = []
    opened._connection.set_trace_callback(seen.append)
    assert opened.columns({f"a{number}": None for number in range(3_000)}).keys() >= {"a0", "a2999"}
    opened._connection.set_trace_callback(None)
    (statement,) = [each for each in seen if "FROM partition" in each or "JOIN partition" in each]
    plan = " ".join(row[3] for row in opened._rows(f"EXPLAIN QUERY PLAN {statement}"))
    assert "SEARCH partition USING PRIMARY KEY (asset=? AND key=?)" in plan, plan
    opened.close()


def test_a_new_ledger_that_several_open_at_once_is_opened_by_each(tmp_path: Path) -> None:
    failures: list[errors.LedgerError] = []

    def opens(path: Path, together: threading.Barrier) -> None:
        together.wait()
        try:
            sqlite.SqliteLedger(path).close()
        except errors.LedgerError as error:
            failures.append(error)

    for number in range(40):
        gate = threading.Barrier(6)
        threads = [threading.Thread(target=opens, args=(tmp_path / str(number) / "ledger.db", gate)) for _ in range(6)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    assert failures == []

"""The SQLite ledger, on disk and in memory, against the suite; and what only it has: a schema, and damage."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from weft.ledger import tables
from weft.model import errors, events
from weft.stores import sqlite
from weft.testing import ledger_conformance
from weft.testing.ledger_conformance import succeeded


class Summaries:
    def drop_summaries(self, transaction) -> None:
        transaction._connection.execute("DELETE FROM summary")

    def keep_summaries(self, ledger, assets, monkeypatch) -> None:
        monkeypatch.setattr(sqlite, "_WORTH_SAVING", 0)
        monkeypatch.setattr(type(ledger), "summary_lag", lambda self, asset: 1)
        ledger.save_columns(assets)
        kept = {row[0] for row in ledger._rows("SELECT asset FROM summary")}
        assert kept == {asset for asset, definition in assets.items() if definition is not None}


class TestOnDisk(Summaries, ledger_conformance.LedgerConformance):
    @pytest.fixture
    def ledger(self, tmp_path: Path):
        opened = sqlite.SqliteLedger(tmp_path / "ledger.db", durability="normal")
        yield opened
        opened.close()


class TestInMemory(Summaries, ledger_conformance.LedgerConformance):
    @pytest.fixture
    def ledger(self):
        opened = sqlite.SqliteLedger()
        yield opened
        opened.close()


@pytest.fixture
def ledger():
    opened = sqlite.SqliteLedger()
    opened.append([succeeded("a", None, "v1"), succeeded("a", None, "v2"), events.AttemptsStarted(run="r", step="a")])
    opened.append([succeeded("b", "x", "v1")])
    assert opened.verify().passed
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE partition SET token = 7 WHERE asset = 'a'", "partition a differs"),
        ("DELETE FROM version WHERE asset = 'b'", "version b/x/4 is missing"),
        ("INSERT INTO code (code, document) VALUES ('c', 'd')", "code c is kept, but no event says so"),
        ("UPDATE step_time SET total = 0 WHERE step = 'a'", "step_time a differs"),
    ],
)
def test_verify_names_a_row_that_is_not_what_the_events_say(ledger, damage: str, told: str) -> None:
    ledger._connection.execute(damage)
    verification = ledger.verify()
    assert not verification.passed
    assert [each for found in verification.differences.values() for each in found if told in each]
    assert not verification.unreadable


@pytest.mark.parametrize(
    "body",
    ['\'{"type":"StepSucc\'', '\'{"type":"Unheard","run":"r"}\'', "CAST(x'7b22ff22' AS TEXT)", "x''", "'null'"],
    ids=["torn", "of a newer weft", "no UTF-8", "empty", "no event"],
)
def test_an_event_that_cannot_be_read_is_named_and_never_folded(ledger, body: str) -> None:
    ledger._connection.execute(f"UPDATE event SET body = {body} WHERE position = 2")
    verification = ledger.verify()
    assert not verification.passed
    assert len(verification.unreadable) == 1
    assert verification.unreadable[0].startswith("event 2:")
    with pytest.raises(errors.LedgerError, match=r"number 2, that cannot be read") as caught:
        list(ledger.events())
    assert "weft ledger verify" in caught.value.remedy
    with pytest.raises(errors.LedgerError, match="number 2,"):
        ledger.materializations("a", [2])


def test_verify_notices_an_event_that_is_gone_though_no_table_shows_it(ledger) -> None:
    ledger._connection.execute("DELETE FROM event WHERE position = 3")
    verification = ledger.verify()
    assert not verification.passed
    assert verification.unreadable == ["events 3 to 3 are missing"]


def test_a_ledger_of_a_newer_weft_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    sqlite.SqliteLedger(path).close()
    newest = len(tables.MIGRATIONS)
    with sqlite3.connect(path) as raw:
        raw.execute(f"PRAGMA user_version = {newest + 1}")
    raw.close()
    with pytest.raises(errors.LedgerError, match=f"schema version {newest + 1}; this weft knows up to {newest}"):
        sqlite.SqliteLedger(path)


def test_a_file_that_is_no_ledger_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"this is no database, " * 100)
    with pytest.raises(errors.LedgerError, match=r"is damaged") as caught:
        sqlite.SqliteLedger(path)
    assert "backup" in caught.value.remedy


_OPEN = """
import sys, time
from pathlib import Path
from weft.stores import sqlite
from weft.model import events
sys.stdin.readline()
ledger = sqlite.SqliteLedger(Path(sys.argv[1]))
ledger.append([events.RunCreated(run=sys.argv[2], execution="e")])
"""


def test_many_processes_that_open_a_new_ledger_at_once_make_its_tables_once(tmp_path: Path) -> None:
    for turn in range(2):
        path = tmp_path / f"ledger{turn}.db"
        children = [
            subprocess.Popen(
                [sys.executable, "-c", _OPEN, str(path), str(number)],
                stdin=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for number in range(4)
        ]
        for child in children:  # all stand ready
            child.stdin.write("go\n")
            child.stdin.flush()
        told = [child.communicate(timeout=60)[1] for child in children]
        assert told == [""] * len(children)
        opened = sqlite.SqliteLedger(path)
        assert opened.position() == len(children)
        assert opened.verify().passed
        assert opened._rows("PRAGMA journal_mode") == [("wal",)]
        opened.close()

"""A bulk action goes on after `kill -9`, at whatever instant, and acts upon each run once."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.integration.http import servers
from tests.integration.http.test_bulk_actions import DEFINITIONS

from weft import wiring
from weft.model import events
from weft.ports import ledger as ledgers
from weft.ports import paging
from weft.service.run import bulk
from weft.service.server import locations, operations

COUNT = 70
NOW = int(time.time() * 1e6)
PROCESS = Path(__file__).with_name("bulk_process.py")


def prepared(folder: Path) -> ledgers.Ledger:
    """A project whose ledger has runs that wait and runs that failed."""
    world = wiring.open_world(servers.project(folder, definitions=DEFINITIONS))
    locations.record_loaded(world, "main", source="shop.py", root=folder)
    made: list[events.Event] = []
    for number in range(COUNT):
        made.append(events.RunCreated(run=f"waits{number:03d}", execution="", pipeline="nightly", pool="default"))
        failed = f"failed{number:03d}"
        made.append(events.RunCreated(run=failed, execution="", pipeline="nightly"))
        made.append(events.RunStarted(run=failed))
        made.append(events.RunFinished(run=failed, outcome="failed", pipeline="nightly"))
    world.ledger.append(made)
    return world.ledger


def killed(folder: Path, where: str, count: int) -> None:
    """Have a process carry out what is left until it dies."""
    done = subprocess.run([sys.executable, str(PROCESS), str(folder), where, str(count)], timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL


def ended(folder: Path, operation: str) -> Any:
    """What came of an operation that a server found left."""
    with servers.running(folder) as server, server.client() as client:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            told = client.get(f"/api/v1/operations/{operation}", params={"wait": 5}).json()
            if told["state"] == "finished":
                return told
    raise AssertionError("it does not end")


def counted(ledger: ledgers.Ledger) -> tuple[Counter[str], Counter[str]]:
    """How often each run was asked to end, and how often each was repeated."""
    asked: Counter[str] = Counter()
    repeated: Counter[str] = Counter()
    for _, _, event in ledger.events():
        if isinstance(event, events.RunCancelRequested):
            asked[event.run] += 1
        elif isinstance(event, events.RunCreated) and event.rerun_of:
            repeated[event.rerun_of] += 1
    return asked, repeated


@pytest.mark.parametrize(("where", "first", "second"), [("acted", 33, 7), ("told", 2, 1)])
@pytest.mark.parametrize("action", ["cancel", "rerun"])
def test_it_goes_on_after_kills_and_acts_upon_each_run_once(
    tmp_path: Path, action: bulk.Action, where: str, first: int, second: int
) -> None:
    ledger = prepared(tmp_path)
    wanted = paging.RunFilter(pipeline="nightly", outcome="failed" if action == "rerun" else None)
    operation, count = bulk.begin(ledger, action, wanted, by="ann", now=NOW)
    assert count == COUNT
    killed(tmp_path, where, first)
    killed(tmp_path, where, second)
    row = operations.find(ledger, operation)
    assert operations.standing(row, NOW) == ("running", None)
    assert row.answer is not None
    assert 0 < msgspec.json.decode(row.answer)["done"] < COUNT
    told = ended(tmp_path, operation)
    assert (told["outcome"], told["by"]) == ("succeeded", "ann")
    assert (told["answer"]["done"], told["answer"]["failed"]) == (COUNT, [])
    assert "runs" not in told["ask"]
    asked, repeated = counted(ledger)
    once, none = (repeated, asked) if action == "rerun" else (asked, repeated)
    prefix = "failed" if action == "rerun" else "waits"
    assert once == {f"{prefix}{number:03d}": 1 for number in range(COUNT)}
    assert not none
    if action == "rerun":
        assert len(told["answer"]["runs"]) == COUNT
    ledger.close()


def test_what_died_between_the_last_run_and_the_end_is_ended(tmp_path: Path) -> None:
    ledger = prepared(tmp_path)
    operation, _ = bulk.begin(ledger, "cancel", paging.RunFilter(live=True), by="ann", now=NOW)
    killed(tmp_path, "told", 4)  # 70 runs, told in twenties
    assert ended(tmp_path, operation)["outcome"] == "succeeded"
    assert set(counted(ledger)[0].values()) == {1}
    ledger.close()


def test_what_was_cancelled_while_nobody_was_there_does_not_go_on(tmp_path: Path) -> None:
    ledger = prepared(tmp_path)
    operation, _ = bulk.begin(ledger, "cancel", paging.RunFilter(live=True), by="ann", now=NOW)
    killed(tmp_path, "told", 1)
    operations.cancel(ledger, operations.find(ledger, operation), by="bob", now=NOW)
    assert ended(tmp_path, operation)["outcome"] == "cancelled"
    assert len(counted(ledger)[0]) == 20
    ledger.close()

"""Several processes on one ledger file, and processes that are killed while they write."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from weft.model import events
from weft.stores import sqlite

_WRITER = """
import sys
from pathlib import Path
from weft.stores import sqlite
from weft.testing.ledger_conformance import succeeded
path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
ledger = sqlite.SqliteLedger(path)
sys.stdin.readline()
for number in range(count):
    ledger.append([succeeded(f"a{number % 7}", name, f"{number}"), succeeded("shared", None, f"{name}-{number}")])
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
"""

_READER = """
import sys
from pathlib import Path
from weft.model import partitions
from weft.stores import sqlite
ledger = sqlite.SqliteLedger(Path(sys.argv[1]))
last = 0
while last < int(sys.argv[2]):
    place = ledger.position()
    assert place >= last and place % 2 == 0, "half a transaction was seen"
    assert ledger.columns({"shared": None})["shared"].versions[0] >= place if place else True
    assert len(list(ledger.events(after=last))) >= place - last
    last = place
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_eight_processes_append_at_once_while_others_read(tmp_path: Path) -> None:
    path, count = tmp_path / "ledger.db", 25
    sqlite.SqliteLedger(path).close()
    writers = [start(_WRITER, path, f"w{number}", count) for number in range(8)]
    readers = [start(_READER, path, 8 * count * 2) for _ in range(2)]
    for each in writers:
        each.stdin.write("go\n")
        each.stdin.flush()
    for each in (*writers, *readers):
        _, complaints = each.communicate(timeout=90)
        assert (each.returncode, complaints) == (0, "")
    ledger = sqlite.SqliteLedger(path)
    log = [event for _, _, event in ledger.events()]
    for number in range(8):
        mine = [event.outputs[0].value.data_version for event in log if event.partition == f"w{number}"]
        assert mine == [str(each) for each in range(count)]
    assert ledger.verify().passed
    ledger.close()


def kill_rounds(path: Path, seconds: float, seed: int) -> int:
    """Kill a writer at random moments; every append that it had told of must be there."""
    dice, until, rounds = random.Random(seed), time.monotonic() + seconds, 0
    sqlite.SqliteLedger(path).close()
    while time.monotonic() < until:
        name = f"w{rounds}"
        child = start(_WRITER, path, name, 1_000_000)
        child.stdin.write("go\n")
        child.stdin.flush()
        told = [child.stdout.readline()]
        moment = time.monotonic() + dice.random() * 0.1
        while time.monotonic() < moment:
            told.append(child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
        told += child.stdout.readlines()
        child.wait()
        child.communicate()
        acknowledged = [line.strip() for line in told if line.endswith("\n")]
        ledger = sqlite.SqliteLedger(path)
        kept = [
            event.outputs[0].value.data_version
            for _, _, event in ledger.events()
            if isinstance(event, events.StepSucceeded) and event.partition == name
        ]
        assert kept[: len(acknowledged)] == acknowledged, f"seed {seed}, round {rounds}"
        assert len(kept) <= len(acknowledged) + 1
        verification = ledger.verify()
        assert verification.passed, (seed, rounds, verification)
        ledger.close()
        rounds += 1
    return rounds


def test_a_writer_that_is_killed_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    assert kill_rounds(tmp_path / "ledger.db", 2.0, seed=1) > 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_many_writers_are_killed(tmp_path: Path, seed: int) -> None:
    assert kill_rounds(tmp_path / "ledger.db", 10.0, seed) > 5

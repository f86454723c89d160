"""Several processes take runs from one queue: each run once, and never more than the limits allow."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

from queued_world import asked, pipeline, world_of

from weft.stores import sqlite

SCRIPT = Path(__file__).with_name("claiming_process.py")


def test_processes_that_contend_begin_each_run_once_and_keep_within_every_limit(tmp_path):
    ledger = sqlite.SqliteLedger(tmp_path / "ledger.sqlite")
    defined = [pipeline("a", max_active_runs=2, tags=("t",)), pipeline("b", tags=("t",)), pipeline("c")]
    world = world_of(defined, ledger=ledger)
    rows = [asked(world, name) for _ in range(40) for name in ("a", "b", "c")]
    journal = tmp_path / "journal"
    processes = [
        subprocess.Popen([sys.executable, SCRIPT, tmp_path / "ledger.sqlite", journal], stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    told = [each.communicate(timeout=60)[1] for each in processes]
    assert [each.returncode for each in processes] == [0] * 4, told
    lines = [line.split() for line in journal.read_text().splitlines()]
    assert Counter(line[0] for line in lines) == Counter(row.id for row in rows)
    assert max(int(line[1]) for line in lines) <= 4
    assert max(int(line[2]) for line in lines) <= 2
    assert max(int(line[3]) for line in lines) <= 3

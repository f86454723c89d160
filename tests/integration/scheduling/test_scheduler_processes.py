"""Schedulers as processes on one ledger: each tick once, whatever is killed when."""

from __future__ import annotations

import collections
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from weft.service.scheduling import running

PIPELINES = 20
CODE = """
import weft

@weft.task
def work():
    return 1

def make(name):
    with weft.DAG(name, schedule="every 1s", start_date="{start}", catchup=True) as made:
        work()
    return made

""" + "\n".join(f"p{number} = make('p{number}')" for number in range(PIPELINES))

PROGRAM = """
import sys, threading
from pathlib import Path
from weft import wiring
from weft.service.scheduling import running

running.run(wiring.open_serving(wiring.Place(start=Path(sys.argv[1]))), threading.Event(), note=print)
"""


def start(yard):
    with (yard.root / "told.log").open("ab") as told:
        return subprocess.Popen([sys.executable, "-c", PROGRAM, str(yard.root)], stdout=told, stderr=told)


def wait_until(holds, seconds=60.0):
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it does not come to be"
        time.sleep(0.02)


@pytest.mark.slow
def test_schedulers_that_are_killed_and_started_again_lose_and_double_no_tick(yard):
    begun = datetime.now(UTC).replace(microsecond=0)
    yard.clock.advance(begun - yard.clock.now())
    yard.define(CODE.format(start=begun.replace(tzinfo=None).isoformat()))
    children = [start(yard), start(yard)]
    try:
        decided = lambda: len(yard.ledger.ticks(limit=100_000))  # noqa: E731
        wait_until(lambda: decided() >= PIPELINES * 2)
        for victim in (0, 1, 0):
            os.kill(children[victim].pid, signal.SIGKILL)
            children[victim].wait()
            children[victim] = start(yard)
            before = decided()
            wait_until(lambda before=before: decided() >= before + PIPELINES * 2)
    finally:
        for child in children:
            child.kill()
            child.wait()
    ticks, runs = yard.ledger.ticks(limit=100_000), yard.ledger.runs()
    by_schedule = collections.defaultdict(list)
    for tick in reversed(ticks):
        assert (tick.decision, len(tick.runs)) == ("started", 1)
        by_schedule[tick.automation].append(tick.due)
    assert len(by_schedule) == PIPELINES
    for dues in by_schedule.values():
        first = int((begun + timedelta(seconds=1)).timestamp() * 1e6)
        assert dues == [first + 1_000_000 * number for number in range(len(dues))]
    assert sorted(run.id for run in runs) == sorted(tick.runs[0] for tick in ticks)
    assert len({(run.pipeline, run.partition) for run in runs}) == len(runs)


def test_a_scheduler_sleeps_until_what_is_due_next_and_wakes_at_news(yard):
    yard.define("import weft\n\n@weft.flow\ndef f():\n    pass\n\nsoon = f.deploy('soon', schedule='every 1s')\n")
    serving = yard.serve(clock=running.loop.clocks.SystemClock())
    stop = threading.Event()
    scheduler = running.scheduler(serving, note=yard.told.append)
    thread = threading.Thread(target=scheduler.run, args=(stop,), daemon=True)

    def is_in_time():
        ticks = yard.ledger.ticks("schedule:soon", limit=100)
        return len(ticks) >= 2 and min(tick.at - tick.due for tick in ticks) < 500_000

    with contextlib.closing(serving):
        thread.start()
        begun = time.monotonic()
        try:
            wait_until(is_in_time)
            turns, seconds = scheduler.turns, time.monotonic() - begun
            (row,) = [each for each in yard.ledger.workers_seen() if each.kind == "scheduler"]
        finally:
            stop.set()
            scheduler.wake()
            thread.join(60)
    assert not thread.is_alive()
    assert row.id.startswith("scheduler-")
    assert yard.ledger.workers_seen() == []
    assert turns < 20 * (seconds + 1)
    assert yard.told == []

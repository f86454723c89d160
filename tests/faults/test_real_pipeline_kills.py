"""Runs of a pipeline whose process is killed, again and again, and that the next `weft run` goes on with.

The oracle is outside of the ledger: a journal to which each body appends a line as it begins.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from weft.model import events
from weft.stores import sqlite

DEFINITIONS = """
import os, time
from pathlib import Path
from weft import dag, task

def note(what):
    journal = os.open(Path(__file__).with_name("journal"), os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    os.write(journal, f"{what}\\n".encode())
    os.close(journal)
    time.sleep(0.01)

@task
def numbers():
    note("numbers")
    return list(range(30))

@task
def doubled(number):
    note(f"doubled#{number}")
    return number * 2

@task(retries=1, retry_delay=0.05)
def rounded(number):
    note(f"rounded#{number // 2}")
    if number == 8 and not (mark := Path(__file__).with_name("failed")).exists():
        mark.touch()
        raise ValueError("once")
    return number // 10

@task.branch
def chosen(parts):
    note("chosen")
    return "total" if len(parts) == 30 else "nothing"

@task
def total(parts):
    note("total")
    return sum(parts)

@task
def nothing():
    note("nothing")

@dag
def sums():
    parts = rounded.expand(number=doubled.expand(number=numbers()))
    chosen(parts) >> [total(parts), nothing()]
"""
EXPECTED = sum(number * 2 // 10 for number in range(30))


class Project:
    """A project on disk, with its processes and its journal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "defs.py").write_text(DEFINITIONS)
        (folder / "weft.toml").write_text('definitions = "defs.py"\n')

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "weft", "run", "sums", "--executor", "process", "--jobs", "2"],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def journal(self) -> list[str]:
        try:
            return (self.folder / "journal").read_text().splitlines()
        except FileNotFoundError:
            return []

    def await_bodies(self, count: int, process: subprocess.Popen[str]) -> None:
        """Wait until this many bodies have begun, or the process has ended."""
        until = time.monotonic() + 60
        while len(self.journal()) < count and process.poll() is None:
            assert time.monotonic() < until, "no body begins"
            time.sleep(0.002)

    def log(self) -> list[events.Event]:
        path = self.folder / ".weft" / "ledger.db"
        if not path.exists():
            return []
        ledger = sqlite.SqliteLedger(path)
        try:
            assert ledger.verify().passed
            return [event for _, _, event in ledger.events()]
        finally:
            ledger.close()


def name_of(event: events.StepSucceeded) -> str:
    return event.step.partition(":")[2] + (f"#{event.item}" if event.item else "")


@pytest.mark.parametrize("seed", range(3))
def test_a_run_that_is_killed_again_and_again_does_everything_and_nothing_that_succeeded_twice(
    tmp_path: Path, seed: int
) -> None:
    dice, project = random.Random(seed), Project(tmp_path)
    done: set[str] = set()
    for _ in range(3):  # what is lost a fourth time is given up
        begun = Counter(project.journal())
        process = project.start()
        project.await_bodies(len(project.journal()) + dice.randint(1, 20), process)
        time.sleep(dice.random() * 0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
        again = {name for name, times in Counter(project.journal()).items() if times > begun[name]}
        assert not again & done, "these ran again although they had succeeded"
        done = {name_of(event) for event in project.log() if isinstance(event, events.StepSucceeded)}
    last = project.start()
    told, _ = last.communicate(timeout=120)
    assert last.returncode == 0, told
    log = project.log()
    assert len([event for event in log if isinstance(event, events.RunCreated)]) == 1
    succeeded = [event for event in log if isinstance(event, events.StepSucceeded)]
    assert all(times == 1 for times in Counter(map(name_of, succeeded)).values())
    assert len(succeeded) == 1 + 30 + 30 + 2
    values = {name_of(event): event.task and event.task.value for event in succeeded}
    assert values["total"] is not None
    assert values["total"].inline == str(EXPECTED).encode()
    assert "nothing" not in project.journal()
    assert [event.outcome for event in log if isinstance(event, events.RunFinished)] == ["succeeded"]

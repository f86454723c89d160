"""Drivers that are killed, stopped past their lease, and started several at once, on a project with real workers.

The oracle is outside of the ledger: a journal to which each body appends a line as it begins.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from weft.model import events
from weft.stores import sqlite
from weft.testing import simulator

PROCESS = Path(__file__).with_name("applying_process.py")
MARK = "WEFT_FAULTS_MARK"
DEFINITIONS = """
import os, time
from pathlib import Path
from weft import StaticPartitions, asset

many = StaticPartitions([f"p{{number}}" for number in range({count})])

def note(step, partition):
    journal = os.open(Path(__file__).with_name("journal"), os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    os.write(journal, f"{{step}} {{partition}}\\n".encode())
    os.close(journal)
    time.sleep({seconds})

@asset(partitions=many)
def raw(context) -> int:
    note("raw", context.partition_key)
    return int(context.partition_key[1:])

@asset(partitions=many)
def doubled(context, raw: int) -> int:
    note("doubled", context.partition_key)
    return raw * 2

@asset
def total(doubled: dict[str, int]) -> int:
    note("total", None)
    return sum(doubled.values())
"""


class Project:
    """A project on disk, its processes and its journal."""

    def __init__(self, folder: Path, *, count: int, seconds: float) -> None:
        self.folder, self.count = folder, count
        self.mark = uuid.uuid4().hex
        (folder / "defs.py").write_text(DEFINITIONS.format(count=count, seconds=seconds))
        (folder / "weft.toml").write_text('definitions = "defs.py"\n')

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(PROCESS), str(self.folder), *arguments],
            env={**os.environ, MARK: self.mark},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
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

    def stop_between_commits(self, process: subprocess.Popen[str]) -> None:
        """Stop a process, but not in a commit: there it keeps the lock on the file, which no lease overrides."""
        while True:
            process.send_signal(signal.SIGSTOP)
            while not all(_is_stopped(each) for each in Path(f"/proc/{process.pid}/task").iterdir()):
                assert process.poll() is None, "it ended before it was stopped"
            raw = sqlite3.connect(self.folder / ".weft" / "ledger.db", timeout=0.05, isolation_level=None)
            try:
                raw.execute("BEGIN IMMEDIATE")
                raw.execute("ROLLBACK")
                return
            except sqlite3.OperationalError:
                process.send_signal(signal.SIGCONT)
            finally:
                raw.close()

    def alive(self) -> list[int]:
        """The processes of this project that are still there."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if self.mark.encode() in (entry / "environ").read_bytes():
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found

    def await_quiet(self) -> None:
        """No process outlives its driver."""
        until = time.monotonic() + 60
        while alive := self.alive():
            assert time.monotonic() < until, f"processes {alive} are orphans"
            time.sleep(0.01)

    def log(self) -> list[tuple[int, events.Event]]:
        path = self.folder / ".weft" / "ledger.db"
        if not path.exists():
            return []
        ledger = sqlite.SqliteLedger(path)
        try:
            return [(position, event) for position, _, event in ledger.events()]
        finally:
            ledger.close()

    def check_done(self) -> None:
        """All is there, once, and right; tables are the fold of the log."""
        ledger = sqlite.SqliteLedger(self.folder / ".weft" / "ledger.db")
        verification = ledger.verify()
        assert verification.passed, verification
        assert not ledger.runs(live=True)
        assert ledger.reserved_assets() == []
        ledger.close()
        log = self.log()
        assert not {run: found for run, found in simulator.outcomes(log).items() if len(found) > 1}
        made = Counter(f"{event.step} {event.partition}" for _, event in log if isinstance(event, events.StepSucceeded))
        assert set(made.values()) == {1}
        assert len(made) == 2 * self.count + 1
        (total,) = [event for _, event in log if isinstance(event, events.StepSucceeded) and event.step == "total"]
        assert total.outputs[0].value.inline == str(self.count * (self.count - 1)).encode()
        lost = sum(len(event.partitions) for _, event in log if isinstance(event, events.AttemptsLost))
        assert len(self.journal()) <= len(made) + lost


def _is_stopped(thread: Path) -> bool:
    return (thread / "stat").read_text().rpartition(")")[2].split()[0] in "Tt"


@pytest.fixture
def cleaned_up() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes to be ended whatever happens."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for each in started:
        if each.poll() is None:
            each.kill()
        each.communicate()


def finish(process: subprocess.Popen[str]) -> str:
    told, complaints = process.communicate(timeout=120)
    assert process.returncode == 0, complaints
    return told


def killed(folder: Path, started: list[subprocess.Popen[str]], *, rounds: int, seed: int) -> None:
    dice = random.Random(seed)
    project = Project(folder, count=20 + 15 * rounds, seconds=0.003)
    for turn in range(rounds):
        done = {
            f"{event.step} {event.partition}" for _, event in project.log() if isinstance(event, events.StepSucceeded)
        }
        before = len(project.journal())
        process = project.start()
        started.append(process)
        if dice.random() < 0.2:
            time.sleep(dice.random() * 0.6)
        else:
            project.await_bodies(before + dice.randint(1, 20), process)
        process.kill()
        process.communicate()
        project.await_quiet()
        again = set(project.journal()[before:]) & done
        assert not again, f"seed {seed}, round {turn}: {again} ran although it had succeeded"
    done = {f"{event.step} {event.partition}" for _, event in project.log() if isinstance(event, events.StepSucceeded)}
    before = len(project.journal())
    started.append(project.start())
    finish(started[-1])
    assert not set(project.journal()[before:]) & done
    project.check_done()
    project.await_quiet()


def test_a_driver_that_is_killed_loses_nothing_and_leaves_no_process(tmp_path: Path, cleaned_up: list) -> None:
    killed(tmp_path, cleaned_up, rounds=3, seed=4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_driver_is_killed_many_times(tmp_path: Path, cleaned_up: list, seed: int) -> None:
    killed(tmp_path, cleaned_up, rounds=20, seed=seed)


def test_a_driver_that_was_stopped_past_its_lease_is_fenced_when_it_goes_on(tmp_path: Path, cleaned_up: list) -> None:
    project = Project(tmp_path, count=60, seconds=0.05)
    old = project.start("alpha", "0.8")
    cleaned_up.append(old)
    project.await_bodies(5, old)
    project.stop_between_commits(old)
    time.sleep(1.0)  # past the lease, which only time can bring about
    new = project.start("beta", "5")
    cleaned_up.append(new)
    assert "resumed 1" in finish(new)
    position = project.log()[-1][0]
    project.check_done()
    old.send_signal(signal.SIGCONT)
    _, complaints = old.communicate(timeout=60)
    assert old.returncode != 0
    assert "FencedError" in complaints
    assert project.log()[-1][0] == position, "the old driver wrote after it had been replaced"
    project.check_done()
    project.await_quiet()


@pytest.mark.parametrize("count", [2, 4])
def test_several_applies_at_once_make_each_partition_once(tmp_path: Path, cleaned_up: list, count: int) -> None:
    project = Project(tmp_path, count=12, seconds=0.005)
    cleaned_up += [project.start() for _ in range(count)]
    for each in cleaned_up:
        finish(each)
    assert set(Counter(project.journal()).values()) == {1}
    assert len(project.journal()) == 25
    project.check_done()
    project.await_quiet()


def test_the_loss_of_the_process_that_forks_workers_costs_no_retry(tmp_path):
    project = Project(tmp_path, count=1, seconds=0)
    (tmp_path / "defs.py").write_text(
        "import os, signal, threading\n"
        "from pathlib import Path\n"
        "from weft import asset\n"
        "@asset\n"
        "def made():\n"
        "    killed = Path(__file__).with_name('killed')\n"
        "    if not killed.exists():\n"
        "        killed.touch()\n"
        "        os.kill(os.getppid(), signal.SIGKILL)\n"
        "        threading.Event().wait()\n"
        "    return 1\n"
    )
    process = project.start()
    out, err = process.communicate(timeout=60)
    assert out == "resumed 0, then succeeded\n", err
    lost = [event for _, event in project.log() if isinstance(event, events.AttemptsLost)]
    assert ["forks the workers was killed" in each.reason for each in lost] == [True]
    project.await_quiet()

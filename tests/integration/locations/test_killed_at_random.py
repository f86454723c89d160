"""`kill -9` at random of everything there is: servers, hosts, runners, their workers, schedulers; nothing is lost.

What is killed may also be the worker process that a body runs in. Nothing tells that from the body's own doing (the
kernel ends in this way what takes too much memory): it is a failed attempt, so the tasks here are to be tried again.

Set WEFT_KILL_SEED to try others, WEFT_KILL_ROUNDS for more of them.
"""

from __future__ import annotations

import collections
import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests import living

from weft.model import events
from weft.service.execution import executions

ROUNDS = int(os.environ.get("WEFT_KILL_ROUNDS", "14"))
SEED = int(os.environ.get("WEFT_KILL_SEED", "4"))
DAYS = 60
ENDED = (0, 130, -signal.SIGINT)  # in order, or interrupted while it started, also before it could listen
CLOCKED = """
import time
from weft import DAG, dag, task

@task(retries=9, retry_delay=0.05)
def first(key: str) -> str:
    time.sleep(0.05)
    return key

@task(retries=9, retry_delay=0.05)
def second(key: str) -> str:
    time.sleep(0.05)
    return key

@dag(schedule="every 1s", start_date="{start}", catchup=True, max_active_runs=8)
def ticking():
    second(first("{{{{ run_id }}}}"))

@dag(schedule="@daily", start_date="2024-01-01", catchup=False, max_active_runs=6)
def daily():
    second(first("{{{{ ds }}}}"))
"""
ASSETS = """
import time
from weft import DailyPartitions, asset, flow, task

days = DailyPartitions("2024-01-01", "2024-01-21")

@asset(partitions=days, retries=9, retry_delay=0.05)
def raw() -> str:
    time.sleep(0.02)
    return "raw"

@asset(partitions=days, retries=9, retry_delay=0.05)
def clean(raw: str) -> str:
    return raw

@task
def double(x: int) -> int:
    time.sleep(0.05)
    return 2 * x

@flow(max_active_runs=5)
def doubling(x: int = 1) -> int:
    return double(double(x))
"""
SETTINGS = '[locations.clocked]\ndefinitions = "clocked.py"\n[locations.assets]\ndefinitions = "assets.py"\n'
COMMANDS = (
    ("dev", "--port", "0", "--no-reload"),
    ("worker", "start", "--most", "3", "--no-reload"),
    ("scheduler",),
)


class Troupe:
    """The processes of one project that are started by hand; what they start belongs to them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.started: list[subprocess.Popen[bytes] | None] = [None] * len(COMMANDS)

    def start_missing(self) -> None:
        for number, command in enumerate(COMMANDS):
            there = self.started[number]
            if there is None or there.poll() is not None:
                with (self.root / f"{number}.log").open("ab") as log:
                    self.started[number] = subprocess.Popen(
                        [sys.executable, "-m", "weft", *command], cwd=self.root, stdout=log, stderr=log
                    )

    def kill(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        for each in self.started:
            if each is not None and each.pid == pid:
                each.wait()

    def end(self, number: int) -> int:
        there = self.started[number]
        assert there is not None
        there.send_signal(signal.SIGINT)
        return there.wait(60)

    def close(self) -> None:
        for each in self.started:
            if each is not None:
                each.kill()
                each.wait()

    def told(self) -> str:
        return "\n".join((self.root / f"{number}.log").read_text()[-3000:] for number in range(len(COMMANDS)))


@pytest.mark.slow
def test_whatever_is_killed_when_each_interval_is_run_once_and_nothing_stays_behind(make_site, tmp_path):
    chance = random.Random(SEED)
    begun = datetime.now(UTC).replace(microsecond=0)
    files = {"weft.toml": SETTINGS, "clocked.py": CLOCKED.format(start=begun.replace(tzinfo=None).isoformat())}
    site = make_site({**files, "assets.py": ASSETS})
    troupe = Troupe(tmp_path.resolve())
    try:
        troupe.start_missing()
        site.until(lambda: all((row := site.row(name)) and row.snapshot for name in ("clocked", "assets")), 60)
        backfills, asked = [], []
        with site.serving.world() as world:
            intervals = executions.Intervals(pipeline="daily", chosen=f"2024-01-01..2024-02-{DAYS - 31}")
            backfills.append(executions.create(world, executions.Wanted(intervals=intervals, kind="backfill")).id)
            ask = executions.planning.Ask(selection="+clean")
            backfills.append(executions.create(world, executions.Wanted(ask=ask, kind="apply")).id)
        for _ in range(ROUNDS):
            asked.append(site.request("doubling", params={"x": len(asked)}))
            time.sleep(chance.uniform(0.05, 1.5))  # a moment that nobody chose is what is tried
            mine = set(living.processes_in(troupe.root)) - {os.getpid()}
            if mine:
                troupe.kill(chance.choice(sorted(mine)))
            troupe.start_missing()

        def are_done() -> bool:
            with site.serving.world() as world:
                return all(executions.get(world, each).phase == "finished" for each in backfills) and all(
                    site.run(each).phase == "finished" for each in asked
                )

        site.until(are_done, 150)
        assert troupe.end(2) in ENDED  # no ticks any more, once the server's scheduler has ended as well
        assert troupe.end(0) in ENDED
        site.until(lambda: not waiting(tmp_path), 60)
        assert troupe.end(1) in ENDED
    except BaseException:
        print(troupe.told())
        raise
    finally:
        troupe.close()
    site.until(lambda: set(living.processes_in(troupe.root)) <= {os.getpid()})
    with site.serving.ledger() as ledger:
        bad = [row for row in ledger.runs(limit=100_000) if row.outcome != "succeeded"]
        telling = (
            events.AttemptFailed,
            events.AttemptsLost,
            events.StepsFinished,
            events.RunStarted,
            events.RunFinished,
        )
        why = [each for row in bad for _, _, each in ledger.events(row.id) if isinstance(each, telling)]
    assert bad == [], "\n".join(map(str, why))
    with site.serving.world() as world:
        told = [(each, executions.get(world, each)) for each in backfills]
        assert [view.outcome for _, view in told] == ["succeeded", "succeeded"], told
    check_ledger(site, begun)
    found = subprocess.run(
        [sys.executable, "-m", "weft", "ledger", "verify"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout
    # this process's own may be there still; each commit above has swept away what the dead had left
    bells = [each.name for each in (tmp_path / ".weft" / "ledger.db.bells").iterdir()]
    assert [each for each in bells if not each.startswith(f"{os.getpid()}-")] == []


def waiting(root: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(root / ".weft" / "ledger.db")) as db:
        return [each for (each,) in db.execute("SELECT id FROM run WHERE phase != 'finished'")]


def check_ledger(site, begun: datetime) -> None:
    """What must hold of the ledger however often anything died."""
    finished: collections.Counter[str] = collections.Counter()
    steps: collections.Counter[tuple[str, ...]] = collections.Counter()
    failed: list[events.AttemptFailed] = []
    with site.serving.ledger() as ledger:
        for _, _, event in ledger.events():
            if isinstance(event, events.RunFinished):
                finished[event.run] += 1
            elif isinstance(event, events.AttemptFailed):
                failed.append(event)
            elif isinstance(event, events.StepSucceeded):
                steps[
                    event.run, event.step, str(getattr(event, "partition", None)), str(getattr(event, "item", None))
                ] += 1
        runs = ledger.runs(limit=100_000)
        ticks = [each for each in ledger.ticks(limit=100_000) if each.automation == "schedule:ticking"]
        leases = [run.id for run in runs if ledger.lease(run.id) is not None]
    assert {run.id: run.outcome for run in runs if run.outcome != "succeeded"} == {}
    assert set(finished) == {run.id for run in runs}
    assert set(finished.values()) == {1}
    assert [key for key, count in steps.items() if count > 1] == []
    assert [each for each in failed if each.error is None or each.error.kind != "weft.WorkerCrashed"] == []
    assert len(failed) <= ROUNDS  # a worker runs one body at a time
    assert leases == []
    intervals = collections.Counter(
        (run.pipeline, run.partition) for run in runs if run.pipeline in ("daily", "ticking")
    )
    assert {key: count for key, count in intervals.items() if count > 1} == {}
    assert sum(1 for pipeline, _ in intervals if pipeline == "daily") == DAYS
    dues = sorted(each.due for each in ticks)
    first = int((begun + timedelta(seconds=1)).timestamp() * 1e6)
    assert dues == [first + 1_000_000 * number for number in range(len(dues))]
    assert sorted(run for each in ticks for run in each.runs) == sorted(r.id for r in runs if r.pipeline == "ticking")

"""`weft worker start` as a process: it drives what waits, ends when told to, and leaves nothing behind when killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests import living

TEXT = """
import time
from pathlib import Path
from weft import dag, task

@task
def work(folder: str, seconds: float):
    first = not Path(folder, "began").exists()
    Path(folder, "began").write_text("x")
    time.sleep(seconds if first else 0)
    return 1

@dag
def working(folder: str = ".", seconds: float = 0):
    work(folder, seconds)
"""


@pytest.fixture
def site(make_site):
    return make_site({"weft.toml": 'definitions = "defs.py"\n', "defs.py": TEXT})


@contextlib.contextmanager
def worker(site, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A worker that has loaded the project."""
    with site.serving.ledger() as ledger:
        before = {each.id for each in ledger.workers_seen()}
    command = [sys.executable, "-m", "weft", "worker", "start", "--no-reload", *arguments]
    process = subprocess.Popen(command, cwd=site.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:

        def is_there() -> bool:
            assert process.poll() is None, process.communicate()[0]
            with site.serving.ledger() as ledger:
                return bool({each.id for each in ledger.workers_seen()} - before)

        site.until(is_there)
        yield process
    finally:
        process.kill()
        process.communicate()


def test_it_drives_what_waits_and_lets_it_end_when_it_is_told_to_end(site, tmp_path):
    with worker(site) as process:
        run = site.request("working", params={"folder": str(tmp_path), "seconds": 1})
        site.until(lambda: (tmp_path / "began").exists())
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=60)
        assert process.returncode == 0, told
    assert site.run(run).outcome == "succeeded"
    site.until(lambda: living.processes_in(site.root) == [])


def test_told_twice_it_ends_at_once_and_the_next_worker_goes_on(site, tmp_path):
    with worker(site) as process:
        run = site.request("working", params={"folder": str(tmp_path), "seconds": 60})
        site.until(lambda: (tmp_path / "began").exists())
        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.communicate(timeout=1)
        process.send_signal(signal.SIGTERM)
        told, _ = process.communicate(timeout=60)
        assert process.returncode == 0, told
    site.until(lambda: living.processes_in(site.root) == [])
    assert site.run(run).phase == "running"
    with worker(site):
        assert site.until_finished(run).outcome == "succeeded"
    assert site.run(run).epoch == 2


def test_killed_it_leaves_no_process_behind_and_the_next_worker_goes_on(site, tmp_path):
    with worker(site) as process:
        run = site.request("working", params={"folder": str(tmp_path), "seconds": 60})
        site.until(lambda: (tmp_path / "began").exists())
        os.kill(process.pid, signal.SIGKILL)
        site.until(lambda: living.processes_in(site.root) == [])
    with worker(site):
        assert site.until_finished(run).outcome == "succeeded"


def test_two_workers_share_what_waits(site):
    with worker(site, "--most", "2"), worker(site, "--most", "2"):
        runs = [site.request("working") for _ in range(12)]
        for run in runs:
            row = site.until_finished(run, 60)
            assert (row.outcome, row.epoch) == ("succeeded", 1)

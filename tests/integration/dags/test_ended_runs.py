"""Runs of DAGs that end before all of their steps have: by a failure with `fail_fast`, by their time-out."""

from __future__ import annotations

import textwrap

import pytest

import weft

PIPELINES = """
    import time
    from pathlib import Path
    from weft import dag, setup, task, teardown

    HERE = Path(__file__).parent

    @task
    def slow():
        (HERE / "began").touch()
        for _ in range(20_000):  # longer than a test may take
            time.sleep(0.05)

    @task
    def broken():
        while not (HERE / "began").exists():
            time.sleep(0.01)
        raise ValueError("no")

    @task
    def after():
        (HERE / "after").touch()

    @setup
    def cluster():
        return "c1"

    @teardown
    def tidy(cluster):
        (HERE / "tidied").write_text(cluster)

    @dag(fail_fast=True)
    def hurried():
        slow() >> after()
        broken()

    @dag(fail_fast=True)
    def hurried_with_a_cluster():
        made = cluster()
        made >> [slow(), broken()] >> tidy(made)

    @dag(timeout=1)
    def limited():
        slow() >> after()

    @dag(timeout=6)
    def limited_with_a_cluster():
        made = cluster()
        made >> slow() >> after() >> tidy(made)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "weft.toml").write_text('definitions = "pipelines.py"\njobs = 2\n')
    (tmp_path / "pipelines.py").write_text(textwrap.dedent(PIPELINES))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("executor", ["process", "thread"])
def test_with_fail_fast_a_failure_ends_the_bodies_under_way(folder, executor):
    result = weft.run("hurried", executor=executor)
    assert (result.outcome, result.failed, result.held) == ("failed", 1, 2)
    assert not (folder / "after").exists()


@pytest.mark.parametrize("executor", ["process", "thread"])
def test_a_run_that_takes_longer_than_it_may_has_timed_out(folder, executor):
    result = weft.run("limited", executor=executor)
    assert (result.outcome, result.held) == ("timed_out", 2)
    assert not (folder / "after").exists()


def test_what_a_failure_with_fail_fast_ends_is_cleaned_up_after(folder):
    result = weft.run("hurried_with_a_cluster")
    assert (result.outcome, result.succeeded, result.failed, result.held) == ("failed", 2, 1, 1)
    assert (folder / "tidied").read_text() == "c1"


def test_a_run_that_took_too_long_is_cleaned_up_after(folder):
    result = weft.run("limited_with_a_cluster")
    assert (result.outcome, result.succeeded, result.held) == ("timed_out", 2, 2)
    assert (folder / "tidied").read_text() == "c1"

"""Pipelines that run when assets change: due once what they wait for is there, and again when it changed."""

from __future__ import annotations

import pytest

TRIGGERED = """
    HERE = Path(__file__).parent

    @asset
    def src() -> str:
        return (HERE / "data").read_text()

    @asset
    def other() -> str:
        return (HERE / "data").read_text()

    @task
    def use():
        with (HERE / "journal").open("a") as journal:
            journal.write("used\\n")
        if (HERE / "broken").exists():
            raise ValueError("broken")

    @dag(schedule=[src])
    def on_src():
        use()

    @dag(schedule=src & other)
    def on_both():
        use()
"""


@pytest.fixture
def triggered(project):
    (project.folder / "data").write_text("1")
    project.define(TRIGGERED)
    return project


def test_a_pipeline_is_due_once_what_it_waits_for_has_data_and_again_when_that_changed(triggered):
    assert triggered.steps("on_src") == {}
    triggered.ok("materialize", "src")
    assert triggered.steps("on_src") == {"on_src": None}
    triggered.ok("apply", "on_src", "--yes")
    assert triggered.lines("journal") == ["used"]
    assert "Nothing to do" in triggered.ok("plan", "on_src").out
    triggered.ok("materialize", "src")  # the same data is no change
    assert triggered.steps("on_src") == {}
    (triggered.folder / "data").write_text("2")
    triggered.ok("materialize", "src")
    told = triggered.ok("plan", "on_src").out
    assert "stale: src changed" in told
    assert "1 run. `weft apply on_src` runs it." in told
    (row,) = [each for each in triggered.ok("status", "on_src", "--json").json if each["asset"] == "on_src"]
    assert row["status"] == "stale"
    triggered.ok("run", "on_src")  # by hand does as well
    assert triggered.steps("on_src") == {}


def test_a_pipeline_that_waits_for_two_assets_is_not_due_before_both_have_data(triggered):
    triggered.ok("materialize", "src")
    assert triggered.steps("on_both") == {}
    triggered.ok("materialize", "other")
    assert triggered.steps("on_both") == {"on_both": None}
    triggered.ok("apply", "kind:pipeline", "--yes")
    assert triggered.lines("journal") == ["used", "used"]
    assert triggered.steps("kind:pipeline") == {}


def test_a_run_that_failed_is_planned_again(triggered):
    triggered.ok("materialize", "src")
    (triggered.folder / "broken").write_text("")
    assert triggered.weft("apply", "on_src", "--yes").code == 1
    assert "use failed: ValueError: broken" in triggered.ok("plan", "on_src").out
    (triggered.folder / "broken").unlink()
    triggered.ok("apply", "on_src", "--yes")
    assert triggered.steps("on_src") == {}

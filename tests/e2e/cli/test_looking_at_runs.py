"""Runs of pipelines as people see them: over a ledger that is written event by event."""

from __future__ import annotations

import msgspec
import pytest

from weft.model import events, stored
from weft.stores import sqlite
from weft.testing import ledger_conformance

value = ledger_conformance.value
HOUR = 3_600_000_000


def kept(content: object, **more: object) -> stored.StoredValue:
    """A small value as the default IO manager keeps it in the ledger."""
    if isinstance(content, str):
        return stored.StoredValue(format="text", data_version="s1:0", inline=content.encode(), **more)
    if isinstance(content, bytes):
        return stored.StoredValue(format="bytes", data_version="b1:0", inline=content, **more)
    return stored.StoredValue(format="json", data_version="j1:0", inline=msgspec.json.encode(content), **more)


def done(step: str, item: str = "", *, log: events.LogSegment | None = None, **task: object) -> events.StepSucceeded:
    result = events.TaskResult(value=kept(1), **task)
    return events.StepSucceeded(
        run="aaaa1111", step=step, item=item, started=HOUR, duration=1_200_000, task=result, log=log
    )


@pytest.fixture
def etl(project):
    """A run of the DAG etl: one of three mapped items failed, one step waits, one was reused, one was not run."""
    project.define("")
    home = project.folder / ".weft"
    (home / "logs").mkdir(parents=True)
    (home / "logs" / "worker.log").write_bytes(b"got 3\nodd \x1b]0;evil\x07one\n")
    ledger = sqlite.SqliteLedger(home / "ledger.db")
    error = events.Error(kind="ValueError", message="no price", traceback="Traceback: ValueError: no price\n")
    ledger.append(
        [
            events.RunCreated(
                run="aaaa1111", execution="e", pipeline="etl", partition="2024-01-05", trigger="schedule", steps=6,
                by="ann", params=msgspec.Raw(b'{"n":3}'), rerun_of="0000aaaa",
            ),
            events.RunStarted(run="aaaa1111"),
            events.AttemptsStarted(run="aaaa1111", step="etl:get", items=("",)),
            done("etl:get", log=events.LogSegment(file="worker.log", start=0, end=6), rendered={"sql": "select 5"}),
            events.StepMapped(run="aaaa1111", step="etl:load.enrich", count=3),
            done("etl:load.enrich", "0"),
            events.AttemptFailed(
                run="aaaa1111", step="etl:load.enrich", item="1", error=error, attempt=2, duration=5,
                log=events.LogSegment(file="worker.log", start=6, end=99),
            ),
            events.StepReused(run="aaaa1111", step="etl:compute", source_run="bbbb2222"),
            events.StepParked(run="aaaa1111", step="etl:wait", until=HOUR, reason="no file /in/x"),
            events.StepsFinished(
                run="aaaa1111", step="etl:store", items=("",), outcome="upstream_failed", reason="load.enrich[1] failed"
            ),
            events.ArtifactMade(
                run="aaaa1111", key="report", kind="markdown", value=kept("# Odd\n\x1b]0;evil\x07"), step="etl:get",
                description="of the day",
            ),
        ]
    )  # fmt: skip
    ledger.close()
    return project


def test_runs_of_pipelines_show_interval_trigger_and_counts(etl) -> None:
    out = etl.ok("runs").out
    assert "etl[2024-01-05] (schedule)" in out
    assert "3/8, 1 failed, 1 not run" in out
    (run,) = etl.ok("runs", "--json").json
    assert (run["pipeline"], run["partition"], run["trigger"], run["params"]) == (
        "etl", "2024-01-05", "schedule", {"n": 3},
    )  # fmt: skip
    assert run["rerun_of"] == "0000aaaa"
    assert len(etl.ok("runs", "--pipeline", "etl", "-p", "2024-01-05", "--json").json) == 1
    assert "No such run" in etl.ok("runs", "--pipeline", "etl", "-p", "2024-01-06").out


def test_runs_of_an_unknown_pipeline_are_wrong_usage_with_the_near_name(etl) -> None:
    result = etl.weft("runs", "--pipeline", "etk")
    assert result.code == 2
    assert "No run of a pipeline 'etk' is recorded" in result.err
    assert "Did you mean 'etl'?" in result.err


def test_a_run_shows_its_steps_with_mapped_items_folded_and_every_wait_explained(etl) -> None:
    out = etl.ok("runs", "aaaa").out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "of etl[2024-01-05], by its schedule, by ann" in out
    assert "running, 3/8 steps, 1 failed, 1 not run" in out
    assert "with n=3" in out
    assert "repeats run 0000aaaa" in out
    assert "get succeeded 1.2 s" in lines
    assert "load.enrich[3] 1 succeeded, 1 failed, 1 not begun 0.6 s each" in " ".join(lines)
    assert "cached from run bbbb2222" in out
    assert "no file /in/x" in out
    assert "until" in out
    assert "load.enrich[1] failed" in out
    assert "ValueError: no price" in out
    assert "made report to look at" in out
    assert "select 5" not in out


def test_the_values_filled_into_templates_are_shown_when_asked_for(etl) -> None:
    out = etl.ok("runs", "aaaa", "-v").out
    assert "get: sql = select 5" in out
    assert "[0]" in out
    found = etl.ok("runs", "aaaa", "--json").json
    by_step = {(each["step"], each["item"]): each for each in found["step_runs"]}
    assert by_step["etl:get", ""]["rendered"] == {"sql": "select 5"}
    assert by_step["etl:wait", ""]["reason"] == "no file /in/x"
    assert by_step["etl:compute", ""]["source_run"] == "bbbb2222"
    assert found["mapped"] == {"etl:load.enrich": 3}
    assert found["failures"][0]["item"] == "1"
    assert found["artifacts"] == ["report"]


def test_logs_of_one_item_of_a_step_are_found_by_short_name(etl) -> None:
    for subject in (("aaaa", "enrich[1]"), ("etl", "load.enrich[1]"), ("etl:load.enrich",), ("last", "enrich")):
        out = etl.ok("logs", *subject, "--failed").out
        assert "odd" in out
        assert "no price" in out
        assert "\x1b]" not in out
    (found,) = etl.ok("logs", "etl", "enrich[1]", "-p", "2024-01-05", "--json").json
    assert (found["step"], found["item"], found["attempt"]) == ("etl:load.enrich", "1", 2)
    assert "got 3" in etl.ok("logs", "aaaa", "get").out
    assert "no file /in/x" in etl.ok("logs", "aaaa", "wait").out
    assert "no attempt" in etl.ok("logs", "aaaa", "enrich[7]").out


def test_logs_of_a_step_that_there_is_not_names_the_near_one(etl) -> None:
    result = etl.weft("logs", "aaaa", "load.enrihc")
    assert result.code == 2
    assert "Nothing named 'load.enrihc' has begun" in result.err
    assert "load.enrich" in result.err


def test_events_are_shown_in_a_line_each_without_their_bytes(etl) -> None:
    out = etl.ok("ledger", "events").out
    assert "StepMapped" in out
    assert "step=etl:load.enrich count=3" in out
    assert "InlineValue" not in out
    assert all(len(line) <= 101 for line in out.splitlines())
    assert etl.ok("ledger", "verify").code == 0


def test_a_flow_shows_its_calls_its_subflows_what_it_waits_for_and_what_it_returned(project) -> None:
    project.define("")
    ledger = sqlite.SqliteLedger(project.folder / ".weft" / "ledger.db")
    ledger.append(
        [
            events.RunCreated(run="f1", execution="e", pipeline="main", by="ann"),
            events.RunStarted(run="f1"),
            *(
                events.StepSucceeded(run="f1", step="main:part", item=str(n), duration=10, task=events.TaskResult())
                for n in range(3)
            ),
            events.RunCreated(
                run="f2", execution="e", pipeline="sub", parent="f1", parent_step="main:sub", parent_item="3",
                trigger="subflow",
            ),
            events.RunFinished(run="f2", outcome="succeeded", result=kept({"rows": 3})),
            events.InputRequested(
                run="f1", key="ok", message="Ship it?", schema=msgspec.Raw(b'{"type":"object"}'), suspended=True
            ),
        ]
    )  # fmt: skip
    out = project.ok("runs", "f1").out
    assert "suspended, 3/3 steps" in out
    assert "part[3]" in out
    assert "3 succeeded" in out
    assert "called run f2: sub succeeded" in out
    assert "asks: Ship it? (ok)" in out
    assert "`weft resume f1" in out
    child = project.ok("runs", "f2").out
    assert "called by run f1 of main" in child
    assert 'returned {"rows": 3}' in child
    assert [run["id"] for run in project.ok("runs", "--parent", "f1", "--json").json] == ["f2"]
    ledger.append([events.InputGiven(run="f1", key="ok", value=msgspec.Raw(b'{"yes":true}'), by="bob")])
    error = events.Error(kind="RuntimeError", message="no", traceback="Traceback of the flow\nRuntimeError: no")
    ledger.append([events.RunFinished(run="f1", outcome="failed", error=error)])
    ledger.close()
    out = project.ok("runs", "f1").out
    assert 'answered by bob: ok: Ship it? {"yes": true}' in out
    assert "Traceback of the flow" in out


def test_a_list_of_artifacts_has_the_newest_of_each_key(etl) -> None:
    ledger = sqlite.SqliteLedger(etl.folder / ".weft" / "ledger.db")
    png = b"\x89PNG\r\n\x1a\n" + bytes(100)
    table = {"columns": ["day", "n"], "rows": [["mon", 1], ["tue", None]]}
    kinds = (
        ("markdown", "report", kept("newer")), ("table", "days", kept(table)),
        ("link", "docs", kept({"url": "https://example.com", "text": "Docs"})),
        ("progress", "loading", kept(40.0)),
        ("image", "chart", kept(png, metadata={"media_type": msgspec.Raw(b'"image/png"')})),
    )  # fmt: skip
    ledger.append(
        [
            events.ArtifactMade(
                run="bbbb", key=key, kind=kind, value=content, asset="shop/days" if key == "days" else ""
            )
            for kind, key, content in kinds
        ]
    )
    ledger.append([events.RunCreated(run="bbbb", execution="e")])
    ledger.close()
    out = etl.ok("artifacts").out
    assert out.count("report") == 1
    assert len(etl.ok("artifacts", "--all", "--json").json) == 6
    assert [each["key"] for each in etl.ok("artifacts", "--run", "aaaa", "--json").json] == ["report"]
    assert [each["key"] for each in etl.ok("artifacts", "--asset", "shop/days", "--json").json] == ["days"]
    assert "newer" in etl.ok("artifacts", "report").out
    assert etl.ok("artifacts", "report", "--all", "--json").json[1]["latest"] is False
    shown = etl.ok("artifacts", "days").out
    assert "mon  1" in shown
    assert "shop/days" in shown
    assert "Docs  https://example.com" in etl.ok("artifacts", "docs").out
    assert "40 %" in etl.ok("artifacts", "loading").out
    assert "image/png, 108 B: `weft artifacts chart -o chart.png`" in etl.ok("artifacts", "chart").out
    etl.ok("artifacts", "chart", "-o", "chart.png")
    assert (etl.folder / "chart.png").read_bytes() == png
    found = etl.ok("artifacts", "days", "--json").json
    assert (found["content"], found["versions"], found["kind"]) == (table, 1, "table")


def test_an_older_artifact_is_shown_by_its_run_or_number_without_what_takes_over_a_terminal(etl) -> None:
    out = etl.ok("artifacts", "report", "--run", "aaaa").out
    assert "# Odd" in out
    assert "of the day" in out
    assert "\x1b" not in out
    number = etl.ok("artifacts", "--json").json[0]["id"]
    assert "# Odd" in etl.ok("artifacts", str(number)).out


def test_an_artifact_that_there_is_not_is_wrong_usage(etl) -> None:
    result = etl.weft("artifacts", "reprot")
    assert result.code == 2
    assert "There is no artifact 'reprot'" in result.err
    assert "Did you mean 'report'?" in result.err


def test_versions_show_metadata_checks_and_decisions_when_asked_for(project) -> None:
    project.define(
        """
        import weft

        @asset
        def number(context) -> int:
            context.add_metadata({"rows": 3, "source": "the web"})
            return 5

        @asset_check(asset="number", severity="warn")
        def is_even(number: int):
            return weft.CheckResult(passed=number % 2 == 0, description="it is odd", metadata={"rest": number % 2})
        """
    )
    project.ok("apply", "--yes")
    project.ok("materialize", "number")
    project.ok("rollback", "number", "--to", "previous", "--reason", "worse on the holdout")
    assert '~ number did not pass is_even: it is odd {"rest": 1}' in project.ok("runs", "last").out
    out = project.ok("versions", "number", "-v").out
    assert "rows = 3" in out
    assert "source = the web" in out
    assert 'is_even: it is odd {"rest": 1}' in out
    assert "rolled back to v" in out
    assert "worse on the holdout" in out
    found = project.ok("versions", "number", "-v", "--json").json
    assert found[0]["metadata"]["rows"] == 3
    assert found[0]["checks"][0]["metadata"] == {"rest": 1}
    assert [note["reason"] for each in found for note in each["notes"]] == ["worse on the holdout"]
    assert "metadata" not in project.ok("versions", "number", "--json").json[0]


REAL = """
    from datetime import datetime
    import weft
    from weft import asset, dag, task

    @asset
    def shop() -> int:
        weft.artifacts.markdown("# All sold", key="shop-note")
        return 3

    @task
    def get(day: str) -> list[int]:
        print("getting", day)
        weft.artifacts.table([{"day": day}], key="days")
        weft.artifacts.markdown("x" * 50_000, key="long")
        return [1, 2, 3]

    @task
    def enrich(n: int) -> int:
        print("enriching", n)
        if n == 2:
            raise ValueError("no price")
        return n * 2

    @task(trigger_rule="all_done")
    def store(parts: list) -> int:
        bar = weft.artifacts.progress(key="storing")
        for done in range(0, 101, 10):
            bar.update(done)
        return 1

    @dag(schedule="@daily", start_date=datetime(2024, 1, 1), end_date=datetime(2024, 1, 9), catchup=True)
    def etl():
        store(enrich.expand(n=get("{{ ds }}")))
"""


@pytest.mark.parametrize("executor", ["inline", "process"])
def test_what_bodies_attach_in_real_runs_is_found_by_run_asset_and_key(project, executor: str) -> None:
    project.define(REAL)
    project.ok("apply", "--yes", "--executor", executor)
    assert project.weft("run", "etl", "-p", "2024-01-05", "--executor", executor).code == 1
    out = project.ok("runs", "last", "-v").out
    assert "failed, 4/5 steps, 1 failed" in out
    assert "of etl[2024-01-05]" in out
    assert "get: day = 2024-01-05" in out
    assert "enrich[1] failed" in out
    listed = {each["key"]: each for each in project.ok("artifacts", "--json").json}
    assert set(listed) == {"shop-note", "days", "long", "storing"}
    assert (listed["shop-note"]["asset"], listed["shop-note"]["kind"]) == ("shop", "markdown")
    assert (listed["days"]["step"], listed["days"]["partition"]) == ("etl:get", "2024-01-05")
    assert project.ok("artifacts", "long", "--json").json["content"] == "x" * 50_000
    assert project.ok("artifacts", "storing", "--json").json["content"] == 100
    assert "All sold" in project.ok("artifacts", "--asset", "shop", "shop-note").out
    assert "enriching 2" in project.ok("logs", "etl", "enrich[1]").out
    assert "enriching 1" not in project.ok("logs", "etl", "enrich[1]").out
    assert project.ok("ledger", "verify").code == 0


def test_what_flows_recorded_is_seen_where_there_are_no_definitions(project) -> None:
    (project.folder / "weft.toml").unlink()
    result = project.weft("runs")
    assert result.code == 2
    assert "No definitions found" in result.err
    ledger = sqlite.SqliteLedger(project.folder / ".weft" / "ledger.db")
    ledger.append(
        [
            events.RunCreated(run="f1", execution="e", pipeline="main"),
            events.StepSucceeded(run="f1", step="main:part", item="0", duration=10, task=events.TaskResult()),
            events.ArtifactMade(run="f1", key="note", kind="markdown", value=kept("read me")),
            events.RunFinished(run="f1", outcome="succeeded"),
        ]
    )
    ledger.close()
    assert "main" in project.ok("runs").out
    assert "part" in project.ok("logs", "main", "part").out
    assert "read me" in project.ok("artifacts", "note").out
    assert project.ok("ledger", "verify").code == 0

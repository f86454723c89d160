"""Pipelines on the command line: planned, run, run again, backfilled, with what each says and how it exits."""

from __future__ import annotations

import json
import signal

import pytest

TRADING = """
    from datetime import datetime

    HERE = Path(__file__).parent

    def note(text):
        with (HERE / "journal").open("a") as journal:
            journal.write(text + "\\n")

    def broken():
        path = HERE / "broken"
        return path.read_text().split() if path.exists() else []

    @task
    def extract(day: str) -> list[int]:
        note(f"extract:{day}")
        return [1, 2, 3]

    @task
    def double(number: int, day: str) -> int:
        note(f"double:{day}:{number}")
        if f"{day}:{number}" in broken():
            raise ValueError(f"cannot double {number}")
        return 2 * number

    @task
    def load(numbers: list[int], day: str) -> int:
        note(f"load:{day}")
        if f"load:{day}" in broken():
            raise KeyError("price")
        return sum(numbers)

    @dag(schedule="@daily", start_date=datetime(2024, 1, 1), end_date=datetime(2024, 1, 5), catchup=True)
    def trading():
        'Trades of a day.'
        load(double.partial(day="{{ ds }}").expand(number=extract("{{ ds }}")), "{{ ds }}")

    @task
    def show(top: int, name: str) -> str:
        note(f"show:{name}:{top}")
        return f"{name}:{top}"

    @dag
    def report(top: int = 3, name: str = "all"):
        show(top, name)
"""


@pytest.fixture
def trading(project):
    """A pipeline with four daily intervals and a mapped step, and one without a schedule."""
    project.define(TRADING)
    return project


def journal(project):
    path = project.folder / "journal"
    found = path.read_text().split() if path.exists() else []
    path.unlink(missing_ok=True)
    return found


def test_a_plan_without_a_selection_leaves_pipelines_out(trading):
    result = trading.weft("plan")
    assert result.code == 2
    assert "Pipelines are planned by name: `weft plan trading`" in result.err


def test_a_plan_shows_missing_intervals_and_apply_runs_each_once_in_order_of_time(trading):
    assert trading.steps("trading") == {"trading": ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]}
    assert "missing" in trading.ok("plan", "trading").out
    trading.ok("apply", "trading", "--yes")
    days = [line.partition(":")[2] for line in journal(trading) if line.startswith("extract")]
    assert days == ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]
    assert trading.steps("trading") == {}
    assert "Nothing to do" in trading.ok("plan", "trading").out


def test_a_failed_interval_is_told_by_its_step_and_its_next_run_keeps_what_succeeded(trading):
    (trading.folder / "broken").write_text("2024-01-02:2")
    result = trading.weft("apply", "trading", "--yes")
    assert result.code == 1
    assert "cannot double 2" in result.out
    told = trading.ok("plan", "trading").out
    assert "2024-01-02" in told
    assert "double[1] failed: ValueError: cannot double 2" in told
    assert "3 partitions fresh" in told

    (trading.folder / "broken").unlink()
    journal(trading)
    done = trading.ok("apply", "trading", "--yes", "--json").json
    assert sorted(journal(trading)) == ["double:2024-01-02:2", "load:2024-01-02"]
    assert (done["outcome"], done["succeeded"], done["reused"]) == ("succeeded", 2, 3)
    assert trading.steps("trading") == {}


def test_after_a_failure_the_other_intervals_run_unless_it_is_to_end_at_once(trading):
    (trading.folder / "broken").write_text("load:2024-01-01")
    assert trading.weft("apply", "trading", "--yes", "--fail-fast").code == 1
    assert [line for line in journal(trading) if line.startswith("load")] == ["load:2024-01-01"]
    assert trading.weft("apply", "trading", "--yes").code == 1
    loads = [line for line in journal(trading) if line.startswith("load")]
    assert loads == ["load:2024-01-01", "load:2024-01-02", "load:2024-01-03", "load:2024-01-04"]


def test_run_takes_the_latest_interval_or_the_one_that_it_is_told(trading):
    trading.ok("run", "trading")
    assert "load:2024-01-04" in journal(trading)
    assert trading.ok("run", "trading", "--partition", "2024-01-02", "--json").json["partition"] == "2024-01-02"
    assert trading.ok("run", "trading", "--param", "date=2024-01-03", "--json").json["partition"] == "2024-01-03"
    wrong = trading.weft("run", "trading", "-p", "2024-02-01")
    assert wrong.code == 2
    assert "There is no partition '2024-02-01'" in wrong.err


def test_run_exits_like_apply(trading):
    (trading.folder / "broken").write_text("load:2024-01-04")
    result = trading.weft("run", "trading")
    assert result.code == 1
    assert "KeyError: 'price'" in result.out
    assert "--from-failed" in result.out


def test_parameters_are_read_by_their_types(trading):
    trading.ok("run", "report", "--param", "top=12", "--param", "name=7")
    trading.ok("run", "report", "--params-json", '{"top": 1}', "--param", "name=x")
    assert journal(trading) == ["show:7:12", "show:x:1"]


def test_wrong_parameters_are_told_all_at_once(trading):
    result = trading.weft("run", "report", "--param", "tip=3", "--param", "top=many")
    assert result.code == 2
    assert "there is no parameter 'tip' (Did you mean 'top'?)" in result.err
    assert "'top' is 'many'" in result.err
    assert "It has: name, top." in result.err or "It has: top, name." in result.err
    assert trading.weft("run", "report", "--param", "top").code == 2
    assert "--params-json is no JSON" in trading.weft("run", "report", "--params-json", "{").err
    assert journal(trading) == []


def test_an_unknown_pipeline_is_answered_with_those_that_are_like_it(trading):
    result = trading.weft("run", "tradin")
    assert result.code == 2
    assert "There is no pipeline 'tradin'." in result.err
    assert "Did you mean 'trading'?" in result.err
    assert "Did you mean 'trading'?" in trading.weft("plan", "tradin").err
    assert "There is a pipeline of that name" in trading.weft("ls", "trading").err


def test_the_help_of_run_lists_the_pipelines(trading):
    told = trading.ok("run", "--help").out
    assert "trading" in told
    assert "Trades of a day. (@daily)" in told


def test_rerun_from_failed_runs_what_failed_and_what_is_below(trading):
    (trading.folder / "broken").write_text("2024-01-04:3")
    assert trading.weft("run", "trading").code == 1
    journal(trading)
    (trading.folder / "broken").unlink()
    done = trading.ok("rerun", "last", "--from-failed", "--json").json
    assert sorted(journal(trading)) == ["double:2024-01-04:3", "load:2024-01-04"]
    assert done["reused"] == 3


def test_rerun_from_a_step_and_of_a_step_alone(trading):
    trading.ok("run", "trading")
    journal(trading)
    trading.ok("rerun", "last", "--from", "double")
    assert [line.partition(":")[0] for line in journal(trading)] == ["double", "double", "double", "load"]
    trading.ok("rerun", "last", "--only", "double")
    assert [line.partition(":")[0] for line in journal(trading)] == ["double", "double", "double"]
    trading.ok("rerun", "last", "--only", "load+")
    assert journal(trading) == ["load:2024-01-04"]
    trading.ok("rerun", "last")
    assert len(journal(trading)) == 5


def test_rerun_takes_other_parameters_over_those_of_the_run(trading):
    trading.ok("run", "report", "--param", "top=1", "--param", "name=a")
    trading.ok("rerun", "last", "--param", "top=2")
    assert journal(trading) == ["show:a:1", "show:a:2"]


def test_a_rerun_of_what_is_not_there_says_so(trading):
    assert "There is no run whose id is or begins with 'abc'" in trading.weft("rerun", "abc").err
    trading.ok("run", "trading")
    assert "Did you mean 'double'?" in trading.weft("rerun", "last", "--from", "dubble").err
    assert "exclude each other" in trading.weft("rerun", "last", "--from-failed", "--only", "load").err


def test_backfill_runs_what_is_missing_and_then_has_nothing_to_do(trading):
    trading.ok("run", "trading", "-p", "2024-01-02")
    journal(trading)
    told = trading.ok("backfill", "trading", "2024-01-01..2024-01-03").out
    assert "2024-01-01  succeeded" in told
    assert "2 of 2 intervals succeeded" in told
    assert [line for line in journal(trading) if "load" in line] == ["load:2024-01-01", "load:2024-01-03"]
    assert "Nothing to do (3 done before)" in trading.ok("backfill", "trading", "2024-01-01..2024-01-03").out


def test_backfill_of_what_failed_keeps_what_succeeded(trading):
    (trading.folder / "broken").write_text("load:2024-01-02")
    assert trading.weft("backfill", "trading", "*").code == 1
    (trading.folder / "broken").unlink()
    journal(trading)
    assert "Nothing to do" in trading.ok("backfill", "trading", "*").out
    done = trading.ok("backfill", "trading", "*", "--reprocess", "failed", "--json").json
    assert done["partitions"] == ["2024-01-02"]
    assert [each["outcome"] for each in done["runs"]] == ["succeeded"]
    assert journal(trading) == ["load:2024-01-02"]


def test_backfill_of_all_runs_the_newest_first_where_that_is_asked_for(trading):
    trading.ok("backfill", "trading", "2024-01-01..2024-01-02")
    journal(trading)
    told = trading.ok(
        "backfill", "trading", "2024-01-01..2024-01-02", "--newest-first", "--reprocess", "all", "--dry-run"
    )
    assert told.out.index("2024-01-02") < told.out.index("2024-01-01")
    assert journal(trading) == []
    trading.ok("backfill", "trading", "2024-01-01..2024-01-02", "--newest-first", "--reprocess", "all")
    assert [line for line in journal(trading) if "load" in line] == ["load:2024-01-02", "load:2024-01-01"]


def test_backfill_of_what_has_no_intervals_says_what_to_do(trading):
    result = trading.weft("backfill", "report", "2024-01-01..2024-01-02")
    assert result.code == 2
    assert "`weft run report`" in result.err


def test_a_backfill_of_an_asset_makes_its_partitions(chain):
    chain.ok("backfill", "raw", "2024-01-01..2024-01-02")
    assert chain.lines("journal") == ["raw:2024-01-01", "raw:2024-01-02"]
    done = chain.ok("backfill", "raw", "2024-01-02..2024-01-03", "--json").json
    assert done["partitions"] == ["2024-01-03"]


def test_status_and_pipelines_show_intervals_and_runs(trading):
    trading.ok("run", "trading", "-p", "2024-01-01")
    found = {each["asset"]: each for each in trading.ok("status", "--json").json}
    assert found["trading"]["counts"] == {"missing": 3, "fresh": 1}
    assert found["trading"]["kind"] == "pipeline"
    assert found["report"]["last_run"] is None
    told = trading.ok("status").out
    assert "3 missing, 1 fresh" in told
    assert "never run" in told
    listed = {each["name"]: each for each in trading.ok("pipelines", "--json").json}
    assert listed["trading"]["runs"][0]["partition"] == "2024-01-01"
    shown = trading.ok("pipelines", "trading").out
    assert "mapped" in shown
    assert "← double" in shown
    assert "integer" in trading.ok("pipelines", "report").out


def test_versions_of_a_pipeline_and_what_differs(trading):
    trading.ok("run", "report")
    first = trading.ok("pipelines", "report", "--versions", "--json").json
    trading.define(TRADING.replace('return f"{name}:{top}"', 'return f"{name}-{top}"'))
    trading.ok("run", "report")
    second = trading.ok("pipelines", "report", "--versions", "--json").json
    assert [each["current"] for each in second] == [True, False]
    assert second[1]["code"] == first[0]["code"]
    told = trading.ok("pipelines", "report", "--diff", second[1]["code"], second[0]["code"]).out
    assert '-    return f"{name}:{top}"' in told
    assert '+    return f"{name}-{top}"' in told


def test_every_event_of_pipelines_is_accounted_for_in_the_ledger(trading):
    (trading.folder / "broken").write_text("2024-01-02:2")
    trading.weft("apply", "trading", "--yes")
    (trading.folder / "broken").unlink()
    trading.ok("apply", "trading", "--yes")
    assert "The ledger is sound" in trading.ok("ledger", "verify").out


HANGING = (
    TRADING.replace('note(f"load:{day}")', 'note(f"load:{day}"); hang(day)')
    + """
    def hang(day):
        import time
        for _ in range(3000):
            if day != "2024-01-03" or (HERE / "gate").exists():
                return
            time.sleep(0.02)
"""
)


@pytest.fixture
def hanging(project):
    """As `trading`, but the load of the third day waits until there is a file `gate`."""
    project.define(HANGING)
    return project


def until_it_hangs(project, *arguments):
    process = project.start(*arguments)
    project.wait_for_lines("journal", 1, process)
    while "load:2024-01-03" not in project.lines("journal"):
        assert process.poll() is None, process.communicate()
    return process


def test_after_kill_9_the_same_backfill_goes_on_and_nothing_that_succeeded_runs_again(hanging):
    process = until_it_hangs(hanging, "backfill", "trading", "*", "--executor", "process")
    process.kill()
    process.communicate()
    (hanging.folder / "gate").touch()
    before = hanging.lines("journal")
    done = hanging.ok("backfill", "trading", "*", "--json").json
    after = hanging.lines("journal")[len(before) :]
    assert done["partitions"] == ["2024-01-03", "2024-01-04"]
    assert done["runs"][0]["resumed"] is True
    assert [line for line in after if "2024-01-03" in line] == ["load:2024-01-03"]
    events = [json.loads(line) for line in hanging.ok("ledger", "events", "--json").out.splitlines()]
    ended = [each["partition"] for each in events if each["type"] == "RunFinished"]
    assert sorted(ended) == ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]


@pytest.mark.parametrize("command", [("run", "trading", "-p", "2024-01-03"), ("resume", "last")])
def test_a_run_whose_process_was_killed_is_gone_on_with(hanging, command):
    process = until_it_hangs(hanging, "run", "trading", "-p", "2024-01-03", "--executor", "process")
    process.kill()
    process.communicate()
    assert "weft resume" in hanging.ok().out
    (hanging.folder / "gate").touch()
    done = hanging.ok(*command, "--json").json
    assert done["resumed"] is True
    assert done["outcome"] == "succeeded"
    assert len([line for line in hanging.lines("journal") if line.startswith("extract")]) == 1
    assert "a finished run never reopens" in hanging.weft("resume", done["run"]).err


def test_a_run_of_other_code_than_the_dead_one_keeps_what_succeeded_there_as_a_new_run(hanging):
    process = until_it_hangs(hanging, "run", "trading", "-p", "2024-01-03", "--executor", "process")
    process.kill()
    process.communicate()
    (hanging.folder / "gate").touch()
    hanging.define(HANGING.replace("return sum(numbers)", "return 1 + sum(numbers)"))
    journal(hanging)
    hanging.ok("apply", "trading", "-p", "2024-01-03", "--yes")
    assert [each["outcome"] for each in hanging.ok("runs", "--json").json] == ["succeeded", "crashed"]


def test_ctrl_c_ends_a_backfill_tidily_and_the_same_command_goes_on(hanging):
    process = until_it_hangs(hanging, "backfill", "trading", "*", "--executor", "process")
    process.send_signal(signal.SIGINT)
    (hanging.folder / "gate").touch()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, (out, err)
    assert "The same command goes on from here" in out
    left = hanging.ok("backfill", "trading", "*", "--json").json
    assert left["partitions"][-1] == "2024-01-04"
    assert hanging.steps("trading") == {}


def test_two_applies_at_once_run_each_interval_once(hanging):
    first = until_it_hangs(hanging, "apply", "trading", "--yes", "--executor", "process")
    second = hanging.start("apply", "trading", "--yes", "--executor", "process")
    told = second.stderr.readline()
    while "Waiting" not in told and told:
        told = second.stderr.readline()
    assert "is running 2024-01-03 of trading" in told
    (hanging.folder / "gate").touch()
    for process in (first, second):
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, (out, err)
    loads = [line for line in hanging.lines("journal") if line.startswith("load")]
    assert sorted(loads) == [f"load:2024-01-0{day}" for day in (1, 2, 3, 4)]


def test_running_an_interval_that_was_cancelled_keeps_what_succeeded_in_it(project):
    project.define("""
        import time
        from datetime import datetime

        def note(text):
            with (Path(__file__).parent / "journal").open("a") as journal:
                journal.write(text + "\\n")

        @task
        def a(day):
            note("a")
            return day

        @task
        def b(day):
            note("b")
            if not (Path(__file__).parent / "go").exists():
                time.sleep(60)
            return day

        @dag(schedule="@daily", start_date=datetime(2024, 1, 1), end_date=datetime(2024, 1, 3))
        def daily():
            b(a("{{ ds }}"))
    """)
    process = project.start("run", "daily", "-p", "2024-01-01", "--executor", "process")
    project.wait_for_lines("journal", 2, process)
    process.send_signal(signal.SIGINT)
    while "press Ctrl-C again" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--from-failed` runs what is left of it" in out
    (project.folder / "go").write_text("")
    result = project.ok("run", "daily", "-p", "2024-01-01", "--json")
    assert "was cancelled; what succeeded in it is kept" in result.err
    assert (result.json["succeeded"], result.json["reused"]) == (1, 1)
    assert journal(project) == ["a", "b", "b"]


def test_a_failed_interval_that_succeeded_before_can_be_accepted_as_it_is(trading):
    trading.ok("apply", "trading", "--yes")
    (trading.folder / "broken").write_text("load:2024-01-02")
    assert trading.weft("run", "trading", "-p", "2024-01-02").code == 1
    assert trading.steps("trading") == {"trading": ["2024-01-02"]}
    assert "trading" in trading.ok("accept", "trading", "-p", "2024-01-02", "--reason", "the first run was fine").out
    assert trading.steps("trading") == {}
    assert "Nothing to accept" in trading.ok("accept", "report", "--reason", "nothing is due").out

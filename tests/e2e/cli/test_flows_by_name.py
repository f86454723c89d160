"""Flows by their names on the command line: run, asked, answered, taken over."""

from __future__ import annotations

import pytest

FLOWS = """
    from pydantic import BaseModel

    class Answer(BaseModel):
        approved: bool
        note: str = ""

    def note(text):
        with (Path(__file__).parent / "journal").open("a") as journal:
            journal.write(text + "\\n")

    @task
    def add(left: int, right: int) -> int:
        note(f"add:{right}")
        return left + right

    @flow
    def summing(count: int = 3) -> int:
        'Adds numbers.'
        total = 0
        for number in range(count):
            total = add(total, number)
        if count == 9:
            raise ValueError("nine is too many")
        return total

    @flow
    def asking() -> str:
        add(1, 1)
        answer = suspend(wait_for_input=Answer, key="release")
        add(2, 2)
        return "released" if answer.approved else "kept"
"""


@pytest.fixture
def flows(project):
    project.define(FLOWS)
    return project


def test_a_flow_runs_by_its_name_with_parameters(flows):
    done = flows.ok("run", "summing", "--param", "count=4", "--json").json
    assert (done["pipeline"], done["outcome"], done["succeeded"]) == ("summing", "succeeded", 4)
    assert "Adds numbers." in flows.ok("pipelines").out


def test_a_flow_that_raises_ends_with_1_and_says_what(flows):
    result = flows.weft("run", "summing", "--param", "count=9")
    assert result.code == 1
    assert "ValueError: nine is too many" in result.out
    assert "--from-failed` runs it again and keeps the calls that succeeded" in result.out
    assert "is a flow" in flows.weft("rerun", "last", "--only", "add").err
    assert flows.weft("rerun", "last", "--from-failed").code == 1
    assert flows.weft("rerun", "last", "--param", "count=2").code == 0


def test_wrong_parameters_of_a_flow_are_wrong_usage(flows):
    result = flows.weft("run", "summing", "--param", "cuont=4")
    assert result.code == 2
    assert "'cuont' is no parameter of it" in result.err
    assert flows.lines("journal") == []


def test_a_suspended_flow_goes_on_once_it_is_answered(flows):
    suspended = flows.ok("run", "asking")
    assert "is suspended" in suspended.out
    assert "asks: release\n    the answer: approved (boolean), note (string, may be left out)" in suspended.out
    assert "--set approved=true` answers." in suspended.out
    assert "waits for input" not in suspended.err
    assert flows.lines("journal") == ["add:1"]
    unanswered = flows.weft("resume", "last")
    assert unanswered.code == 2
    assert "waits for an answer: release" in unanswered.err
    wrong = flows.weft("resume", "last", "--set", "approved=perhaps")
    assert wrong.code == 2
    assert "approved" in wrong.err
    done = flows.ok("resume", "last", "--set", "approved=true", "--json").json
    assert done["outcome"] == "succeeded"
    assert flows.lines("journal") == ["add:1", "add:2"]


def test_resume_of_what_has_ended_or_is_not_there_says_what_to_do(flows):
    done = flows.ok("run", "summing", "--json").json
    assert "`weft rerun" in flows.weft("resume", done["run"]).err
    assert "There is no run whose id is or begins with 'abc'" in flows.weft("resume", "abc").err


def test_last_is_the_same_run_to_every_command_and_never_one_that_another_called(project):
    project.define("""
        @task
        def add(left: int, right: int) -> int:
            return left + right

        @flow
        def inner() -> int:
            return add(1, 2)

        @flow
        def outer() -> int:
            return inner()
    """)
    first = project.weft("runs", "last")
    assert (first.code, "Nothing has run yet" in first.err) == (2, True)
    assert "Nothing has run yet" in project.weft("logs", "last").err
    run = project.ok("run", "outer", "--json").json["run"]
    assert project.ok("runs", "last", "--json").json["run"]["id"] == run
    assert project.ok("rerun", "last", "--json").json["pipeline"] == "outer"
    refused = project.weft("resume", "last")
    assert refused.code == 2
    assert "has ended (succeeded)" in refused.err


def test_running_a_flow_whose_process_was_killed_goes_on_with_that_run(project):
    project.define("""
        import time

        @task
        def step(number: int, name: str) -> int:
            with (Path(__file__).parent / "journal").open("a") as journal:
                journal.write(f"{number}\\n")
            if number == 3 and not (Path(__file__).parent / "go").exists():
                time.sleep(60)
            return number

        @flow
        def long(name: str = "x") -> int:
            return sum(step(number, name) for number in range(5))
    """)
    process = project.start("run", "long")
    project.wait_for_lines("journal", 4, process)
    process.kill()
    process.wait()
    (project.folder / "go").write_text("")
    project.ok("run", "long", "--param", "name=y")  # other parameters are another run
    assert len(project.lines("journal")) == 9
    result = project.ok("run", "long", "--json")
    assert "was interrupted; it goes on" in result.err
    assert (result.json["resumed"], project.lines("journal")[9:]) == (True, ["3", "4"])
    assert [row["phase"] for row in project.ok("runs", "--json").json] == ["finished", "finished"]


def test_dates_in_the_parameters_of_a_deployment_are_those_of_its_zone(project) -> None:
    project.define(
        """
        from weft import flow

        @flow
        def report(date: str) -> str:
            return date

        berlin = report.deploy(
            name="berlin", schedule="@daily", start_date="2024-01-01", timezone="Europe/Berlin",
            parameters={"date": "{{ ds }}"},
        )
        """
    )
    project.ok("run", "berlin", "--partition", "2024-01-05")
    assert project.ok("runs", "--json").json[0]["params"] == {"date": "2024-01-05"}

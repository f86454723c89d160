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
    assert "--from-failed" not in result.out
    assert "is a flow" in flows.weft("rerun", "last", "--from-failed").err
    assert flows.weft("rerun", "last", "--param", "count=2").code == 0


def test_wrong_parameters_of_a_flow_are_wrong_usage(flows):
    result = flows.weft("run", "summing", "--param", "cuont=4")
    assert result.code == 2
    assert "'cuont' is no parameter of it" in result.err
    assert flows.lines("journal") == []


def test_a_suspended_flow_goes_on_once_it_is_answered(flows):
    assert "is suspended" in flows.ok("run", "asking").out
    assert flows.lines("journal") == ["add:1"]
    unanswered = flows.weft("resume", "last")
    assert unanswered.code == 2
    assert "'release'" in unanswered.err
    wrong = flows.weft("resume", "last", "--set", "approved=perhaps")
    assert wrong.code == 2
    assert "approved" in wrong.err
    done = flows.ok("resume", "last", "--set", "approved=true", "--json").json
    assert done["outcome"] == "succeeded"
    assert flows.lines("journal") == ["add:1", "add:2"]


def test_resume_of_what_has_ended_or_is_not_there_says_what_to_do(flows):
    done = flows.ok("run", "summing", "--json").json
    assert "`weft rerun" in flows.weft("resume", done["run"]).err
    assert "There is no run 'abc' to resume" in flows.weft("resume", "abc").err

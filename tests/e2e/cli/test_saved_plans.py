from __future__ import annotations

import json

import pytest


@pytest.fixture
def stale(chain):
    """All was made, then the data of raw was: double and total are stale in one day, and that is saved."""
    chain.ok("apply", "--yes")
    (chain.folder / "offset").write_text("100")
    chain.ok("materialize", "raw", "--partitions", "2024-01-02")
    chain.ok("plan", "-o", "plan.json")
    return chain


def test_a_saved_plan_is_carried_out(stale):
    result = stale.ok("apply", "plan.json", "--yes")
    assert "2 succeeded" in result.out
    assert stale.steps() == {}


def test_a_plan_that_was_applied_is_refused(stale):
    stale.ok("apply", "plan.json", "--yes")
    result = stale.weft("apply", "plan.json", "--yes")
    assert result.code == 3
    assert "double[2024-01-02]: nothing to do: made by run" in result.err


def test_a_plan_is_refused_when_more_data_moved_and_names_it(stale):
    stale.ok("materialize", "raw", "--partitions", "2024-01-04")
    result = stale.weft("apply", "plan.json", "--yes")
    assert result.code == 3
    assert "2024-01-04" in result.err


def test_a_plan_is_refused_when_the_same_input_moved_again(stale):
    (stale.folder / "offset").write_text("200")
    run = stale.ok("materialize", "raw", "--partitions", "2024-01-02", "--json").json["run"]
    result = stale.weft("apply", "plan.json", "--yes")
    assert result.code == 3
    assert f"raw[2024-01-02], which it reads, changed by run {run}" in result.err


def test_a_plan_holds_when_an_input_was_made_again_with_the_same_content(stale):
    stale.ok("materialize", "raw", "--partitions", "2024-01-02")
    assert stale.weft("apply", "plan.json", "--yes").code == 0


def test_a_plan_is_refused_when_the_code_moved_and_names_the_function(stale):
    source = (stale.folder / "defs.py").read_text()
    (stale.folder / "defs.py").write_text(source.replace("raw * 2", "raw * 3"))
    result = stale.weft("apply", "plan.json", "--yes")
    assert result.code == 3
    assert "The code of double changed: defs.double" in result.err


def test_a_comment_is_no_drift(stale):
    source = (stale.folder / "defs.py").read_text()
    (stale.folder / "defs.py").write_text("# a comment\n" + source)
    assert stale.weft("apply", "plan.json", "--yes").code == 0


def test_a_refused_plan_runs_nothing(stale):
    (stale.folder / "journal").unlink()
    source = (stale.folder / "defs.py").read_text()
    (stale.folder / "defs.py").write_text(source.replace("raw * 2", "raw * 3"))
    stale.weft("apply", "plan.json", "--yes")
    assert stale.lines("journal") == []


def test_a_saved_plan_takes_no_other_request(stale):
    result = stale.weft("apply", "plan.json", "--force", "--yes")
    assert result.code == 2
    assert "--force" in result.err


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"steps": []}'])
def test_a_file_that_is_no_plan_is_wrong_usage(stale, content):
    (stale.folder / "other.json").write_text(content)
    result = stale.weft("apply", "other.json", "--yes")
    assert result.code == 2
    assert "no saved plan" in result.err


def test_a_plan_that_removed_assets_made_is_refused(stale):
    source = (stale.folder / "defs.py").read_text()
    (stale.folder / "defs.py").write_text(source[: source.index("@asset\ndef total")])
    result = stale.weft("apply", "plan.json", "--yes")
    assert result.code == 3
    assert "total is not defined any more" in result.err


def test_an_applied_forced_plan_is_refused(chain):
    chain.ok("apply", "--yes")
    chain.ok("plan", "raw", "--force", "-o", "plan.json")
    assert chain.weft("apply", "plan.json", "--yes").code == 0
    assert chain.weft("apply", "plan.json", "--yes").code == 3


def test_the_file_can_be_read_by_others(stale):
    saved = json.loads((stale.folder / "plan.json").read_text())
    assert [step["asset"] for step in saved["view"]["steps"]] == ["double", "total"]


@pytest.fixture
def three_days(chain):
    """Three days of raw are to be made, and double of them."""
    chain.ok("plan", "raw or double", "-p", "2024-01-02..2024-01-04", "-o", "plan.json")
    return chain


def test_what_still_holds_of_a_plan_is_applied_and_the_rest_is_told(three_days):
    run = three_days.ok("materialize", "raw", "-p", "2024-01-03", "--json").json["run"]
    (three_days.folder / "journal").unlink()
    refused = three_days.weft("apply", "plan.json", "--yes")
    assert (refused.code, three_days.lines("journal")) == (3, [])
    assert "--what-holds" in refused.err
    result = three_days.ok("apply", "plan.json", "--what-holds", "--yes")
    assert "2 steps of the plan do not hold any more:" in result.out
    assert f"raw 2024-01-03: there is nothing to do: it was made by run {run}" in result.out
    assert f"double 2024-01-03: raw, which it reads, changed by run {run}" in result.out
    assert sorted(three_days.lines("journal")) == ["double", "double", "raw:2024-01-02", "raw:2024-01-04"]


def test_what_is_made_by_other_code_and_what_reads_it_is_left_out(three_days):
    source = (three_days.folder / "defs.py").read_text()
    (three_days.folder / "defs.py").write_text(source.replace("raw * 2", "raw * 3"))
    result = three_days.ok("apply", "plan.json", "--what-holds", "--yes")
    assert "double 2024-01-02..2024-01-04 (3): its code changed: defs.double" in result.out
    assert three_days.lines("journal") == [f"raw:2024-01-0{day}" for day in (2, 3, 4)]


def test_a_plan_of_which_nothing_holds_is_refused_with_each_reason(three_days):
    three_days.ok("apply", "plan.json", "--yes")
    result = three_days.weft("apply", "plan.json", "--what-holds", "--yes")
    assert result.code == 3
    assert "Nothing of the plan holds any more; nothing ran." in result.err
    assert "double 2024-01-02..2024-01-04 (3): there is nothing to do: it was made by run" in result.err


def test_a_plan_that_holds_is_applied_as_it_is_also_with_what_holds(three_days):
    result = three_days.ok("apply", "plan.json", "--what-holds", "--yes")
    assert "not hold" not in result.out
    assert len(three_days.lines("journal")) == 6


def test_data_made_again_with_the_same_content_still_holds(stale):
    stale.ok("materialize", "raw", "--partitions", "2024-01-02")  # the same content
    (stale.folder / "offset").write_text("200")
    stale.ok("materialize", "raw", "--partitions", "2024-01-04")
    result = stale.weft("apply", "plan.json", "--what-holds", "--yes")
    # double of the 2nd is as it was agreed to; total reads what would now be made too
    assert result.code == 0, result
    assert "total: double, which it reads, would be made too, which was not agreed to" in result.out
    assert "1 succeeded" in result.out


def test_what_holds_needs_a_saved_plan(chain):
    result = chain.weft("apply", "raw", "--what-holds", "--yes")
    assert result.code == 2
    assert "without a saved plan" in result.err


def test_what_holds_of_a_kept_plan_is_carried_out_by_the_scheduler_and_says_what_is_left_out(chain):
    plan = chain.ok("plan", "raw or double", "-p", "2024-01-02..2024-01-04", "--save", "--json").json
    chain.ok("materialize", "raw", "-p", "2024-01-03")
    made = chain.ok("apply", "--plan", plan["id"], "--what-holds", "--detach", "--json").json
    assert made["total"] == 4
    assert len(made["options"]["not_holding"]) == 2

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

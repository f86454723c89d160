from __future__ import annotations

import json

import pytest

from weft.surfaces.cli import program


def test_done_is_0_and_so_is_nothing_to_do(chain):
    assert chain.weft("apply", "--yes").code == 0
    again = chain.weft("apply", "--yes")
    assert (again.code, "Nothing to do" in again.out) == (0, True)


def test_a_failed_step_is_1_and_is_told_with_the_way_to_its_output(chain):
    (chain.folder / "broken").write_text("3")
    result = chain.weft("apply", "--yes")
    assert result.code == 1
    assert result.out.count("double[2024-01-03] failed: ValueError: cannot double 3") == 1
    assert result.out.count("weft logs double -p 2024-01-03") == 1
    assert "1 failed" in result.out
    assert "cannot double" not in result.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "nope"),
        ("plan", "--nope"),
        ("plan", "-o", "plan.txt"),
        ("plna",),
        ("plan", "--partitions", "2031-01-01"),
        ("apply", "raw"),
        ("apply", "nope", "--yes"),
        ("materialize",),
        ("apply", "--yes", "--executor", "nope"),
        ("apply", "--yes", "--set", "raw"),
        ("apply", "missing.json", "--yes"),
        ("rollback", "raw", "--to", "previous"),
        ("versions", "nope"),
        ("logs", "nope"),
        ("-f", "nothere.py", "plan"),
        ("plan", "-f", "defs.py", "-m", "defs"),
    ],
)
def test_wrong_usage_is_2_with_a_remedy_and_without_a_traceback(chain, arguments):
    result = chain.weft(*arguments)
    assert result.code == 2
    assert result.err.startswith("error: ")
    assert len(result.err.splitlines()) >= 2
    assert "Traceback" not in result.err
    assert not (chain.folder / "journal").exists()


def test_definitions_that_do_not_load_are_2_and_all_told(project):
    project.define(
        """
        @asset
        def one(nothing): ...
        @asset
        def two(nobody): ...
        """
    )
    result = project.weft("plan")
    assert result.code == 2
    assert "nothing" in result.err
    assert "nobody" in result.err
    assert "defs.py:" in result.err


def test_plan_check_is_10_exactly_when_something_is_to_do(chain):
    assert chain.weft("plan", "--check").code == 10
    assert chain.weft("plan").code == 0
    chain.ok("apply", "--yes")
    assert chain.weft("plan", "--check").code == 0


def test_apply_without_a_terminal_and_without_yes_refuses_and_runs_nothing(chain):
    result = chain.weft("apply")
    assert result.code == 2
    assert "--yes" in result.err
    assert not (chain.folder / "journal").exists()
    assert chain.ok("runs", "--json").json == []


def test_a_bug_of_ours_shows_its_traceback_and_says_so(chain, monkeypatch):
    from weft.service.plan import planning

    def broken(*arguments, **options):
        raise RuntimeError("inside")

    monkeypatch.setattr(planning, "make_plan", broken)
    result = chain.weft("plan")
    assert result.code == 1
    assert "RuntimeError: inside" in result.err
    assert "bug in weft" in result.err


def test_an_unknown_command_is_answered_with_the_one_that_was_meant(project):
    assert "Did you mean 'status'?" in project.weft("statsu").err


def test_an_unknown_option_is_answered_with_the_one_that_was_meant(project):
    assert "--partitions" in project.weft("plan", "--partitons", "x").err


@pytest.mark.parametrize("name", program._COMMANDS)
def test_every_command_is_there_and_its_help_has_examples(project, name):
    result = project.ok(name, "--help")
    assert "Examples:" in result.out
    assert f"weft {name}" in result.out


def test_file_and_module_may_stand_before_and_after_the_command(chain):
    (chain.folder / "weft.toml").unlink()
    for arguments in (("-f", "defs.py", "ls"), ("ls", "-f", "defs.py"), ("-m", "defs", "ls"), ("ls", "-m", "defs")):
        assert "raw" in chain.ok(*arguments).out


def test_without_arguments_it_says_what_to_do_next(project):
    (project.folder / "weft.toml").unlink()
    assert "weft init" in project.ok().out
    (project.folder / "weft.toml").write_text('definitions = "defs.py"\nexecutor = "inline"\n')
    project.define("x = 1")
    assert "from weft import asset" in project.ok().out
    project.define("import nothing_of_that_name")
    told = project.ok().out
    assert "defs.py:" in told
    assert "weft plan" in told
    project.define("@asset\ndef one() -> int:\n    return 1\n")
    assert "weft apply" in project.ok().out
    project.ok("apply", "--yes")
    told = project.ok().out
    assert "all is fresh" in told
    assert "weft status" in told
    project.define("@asset\ndef one() -> int:\n    return 1\n@asset_check(blocking=True)\ndef two(one: int) -> bool:\n"
                   "    return False\n")  # fmt: skip
    project.weft("materialize", "one")
    told = project.ok().out
    assert "held back" in told
    assert "weft plan" in told
    (project.folder / "weft.toml").write_text('definitoins = "defs.py"\n')
    told = project.ok().out
    assert "did you mean 'definitions'" in told
    assert "weft doctor" in told


def test_errors_with_json_leave_stdout_empty(chain):
    result = chain.weft("plan", "nope", "--json")
    assert (result.code, result.out) == (2, "")


def test_json_of_apply_is_one_object_with_the_plan(chain):
    found = json.loads(chain.ok("apply", "--yes", "--json").out)
    assert (found["outcome"], found["succeeded"]) == ("succeeded", 11)
    assert [step["asset"] for step in found["plan"]["steps"]] == ["raw", "double", "total"]

from __future__ import annotations

import json
import os

import pytest


@pytest.fixture
def mixed(chain):
    """Day 3 of double fails; raw is made in all days."""
    (chain.folder / "broken").write_text("3")
    chain.weft("apply", "--yes")
    return chain


def test_plan_json_has_the_documented_fields(mixed):
    found = mixed.ok("plan", "--json").json
    assert {"steps", "blocked", "fresh", "estimate_seconds"} <= found.keys()
    step = found["steps"][0]
    assert {"asset", "partitions", "status", "causes", "estimate_seconds"} <= step.keys()
    assert (step["asset"], step["partitions"], step["status"]) == ("double", ["2024-01-03"], "failed")
    cause = step["causes"][0]
    assert {"kind", "subject", "partition", "run", "at", "detail"} <= cause.keys()
    assert (cause["kind"], cause["partition"]) == ("failed", "2024-01-03")
    assert "cannot double 3" in cause["detail"]
    assert found["fresh"] == 9


def test_a_plan_for_people_fits_80_columns_and_names_the_command_that_runs_it(mixed):
    out = mixed.ok("plan").out
    assert all(len(line) <= 80 for line in out.splitlines())
    assert "\x1b" not in out
    assert "! double" in out
    assert "2024-01-03" in out
    assert "= 9 partitions fresh" in out
    assert "`weft apply` runs them." in out


def test_ranges_of_partitions_are_shortened(chain):
    assert "2024-01-01..2024-01-05 (5)" in chain.ok("plan").out


def test_explain_follows_the_causes_to_their_root(mixed):
    out = mixed.ok("plan", "total", "--explain").out
    assert "└" in out
    mixed.ok("ls")


def test_plan_shows_what_runs_only_if_inputs_change(chain):
    chain.ok("apply", "--yes")
    source = (chain.folder / "defs.py").read_text()
    (chain.folder / "defs.py").write_text(source.replace("raw * 2", "raw + raw"))
    out = chain.ok("plan").out
    assert "if inputs change: double will be made" in out
    assert "(1 only if inputs change)" in out


def test_status_json_has_counts_and_causes_by_asset(mixed):
    found = {each["asset"]: each for each in mixed.ok("status", "--json").json}
    assert found["raw"]["counts"] == {"fresh": 5}
    assert found["double"]["counts"] == {"failed": 1, "fresh": 4}
    assert found["double"]["causes"][0]["kind"] == "failed"
    assert found["total"]["status"] == "missing"


def test_status_for_people_is_one_line_an_asset_with_a_long_reason_below_it(mixed, monkeypatch):
    lines = mixed.ok("status").out.splitlines()
    assert len(lines) == 5
    assert "1 failed, 4 fresh" in lines[2]
    assert "✗ failed" in lines[2]
    run = mixed.ok("runs", "last", "--json").json["run"]["id"]
    assert lines[3] == f"    ValueError: cannot double 3 (run {run[:8]})"
    monkeypatch.setenv("COLUMNS", "120")
    wide = mixed.ok("status").out.splitlines()
    assert len(wide) == 4
    assert wide[2].endswith(lines[3].strip())


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_a_reason_is_never_cut_and_stands_beside_where_it_fits(mixed, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    (mixed.folder / "broken").write_text("-")
    mixed.ok("apply", "--yes")
    (mixed.folder / "broken").write_text("3")
    mixed.weft("materialize", "double", "-p", "2024-01-03")
    (mixed.folder / "offset").write_text("3")
    mixed.ok("materialize", "raw", "-p", "2024-01-03")
    for out in (mixed.ok("plan").out, mixed.ok("plan", "--explain").out):
        assert "…" not in out
        flat = " ".join(out.split())
        # what failed and changed tells both, what is more telling first, each once
        assert "failed: ValueError: cannot double 3 (run" in flat
        assert flat.index("cannot double 3") < flat.index("raw[2024-01-03] changed")
        assert max(map(len, out.splitlines()[:-1])) <= max(int(columns), 60)
    first = mixed.ok("plan").out.splitlines()[0]
    assert ("cannot double" in first) == (columns == "200")
    plan = " ".join(mixed.ok("plan", "double").out.split())
    assert plan.count("cannot double 3") == 1
    assert plan.count("raw[2024-01-03] changed") == 1


def test_status_and_plan_tell_which_check_rejected_and_what_it_blocks(project):
    project.define(
        """
        @asset
        def one() -> int:
            return 1

        @asset_check(blocking=True)
        def is_two(one: int) -> bool:
            return one == 2

        @asset
        def below(one: int) -> int:
            return one
        """
    )
    project.weft("apply", "--yes")
    run = project.ok("runs", "last", "--json").json["run"]["id"]
    for command in ("status", "plan"):
        out = project.ok(command).out
        assert out.count("is_two") == 2
        assert f"(run {run[:8]})" in out
        assert run not in out
    log = project.ok("logs", "one").out
    assert log.endswith("is_two\n")


def test_failures_are_summed_up_past_ten_by_kinds_of_errors(project):
    project.define(
        """
        @asset(partitions=StaticPartitions([f"p{number:02}" for number in range(40)]))
        def many(context) -> int:
            number = int(context.partition_key[1:])
            raise (ValueError(f"no price for {number}") if number % 2 else KeyError("volume"))
        """
    )
    out = project.weft("apply", "--yes").out
    assert out.count("weft logs many -p p0") == 10
    assert "… and 30 more, of 2 kinds:" in out
    assert "15 × many failed: KeyError: " in out  # noqa: RUF001
    assert "15 × many failed: ValueError: no price for 11" in out  # noqa: RUF001
    assert out.count("40 failed") == 1
    detail = project.ok("runs", "last").out
    assert "… and 30 more, of 2 kinds:" in detail
    assert detail.count("weft logs") == 3


def test_a_long_plan_is_cut_to_a_screenful_that_counts_the_rest(project, monkeypatch):
    project.define(
        """
        found = []
        for number in range(100):
            @asset(name=f"a{number:03}")
            def one() -> int:
                return 1
            found.append(one)
        definitions = Definitions(assets=found)
        """
    )
    monkeypatch.setenv("LINES", "24")
    shown = project.ok("apply", "--yes").out.splitlines()
    assert len(shown) <= 24
    assert "… and 82 more lines (`weft plan --all` shows them)" in "\n".join(shown)
    assert len(project.ok("plan", "--force", "--all").out.splitlines()) == 101


def test_ls_tells_partitions_in_a_few_words_and_leaves_the_description_whole(project):
    long = "What a session's trades of each symbol are worth, with the volume that the exchange tells at its end."
    project.define(
        f"""
        days = DailyPartitions(start_date="2024-01-01", end_date="2024-02-10")
        both = MultiPartitions({{"session": days, "symbol": StaticPartitions(["A", "B", "C"])}})

        @asset(partitions=days)
        def daily() -> int: ...

        @asset(partitions=both)
        def grid() -> int:
            \"\"\"{long}\"\"\"

        @asset
        def alone() -> int: ...
        """
    )
    lines = project.ok("ls").out.splitlines()
    assert lines[0].split() == ["key", "partitions", "description"]
    out = "\n".join(lines)
    assert "daily  daily, 40" in out
    assert "grid   session × symbol, 120" in out  # noqa: RUF001
    assert "alone  none" in out
    assert long in " ".join(out.split())
    assert max(map(len, lines)) <= 80


def test_a_selection_by_status_is_understood(mixed):
    assert [each["key"] for each in mixed.ok("ls", "status:failed", "--json").json] == ["double"]


def test_ls_json_tells_what_is_known_of_an_asset(chain):
    found = chain.ok("ls", "raw", "--json").json
    assert found[0]["key"] == "raw"
    assert found[0]["owners"] == ["team:data"]
    assert found[0]["group"] == "in"
    assert found[0]["description"] == "Raw numbers."
    assert found[0]["downstream"] == ["double"]


def test_runs_json_is_a_list_newest_first(mixed):
    (mixed.folder / "broken").write_text("-")
    mixed.ok("apply", "--yes")
    newest, oldest = mixed.ok("runs", "--json").json
    assert {"id", "pipeline", "phase", "outcome", "started_at", "finished_at"} <= newest.keys()
    assert (newest["phase"], newest["outcome"]) == ("finished", "succeeded")
    assert (oldest["phase"], oldest["outcome"], oldest["failed"], oldest["held"]) == ("finished", "failed", 1, 1)


def test_one_run_shows_its_steps_and_failures(mixed):
    detail = mixed.ok("runs", "last", "--json").json
    assert {each["step"]: each["succeeded"] for each in detail["steps"]} == {"raw": 5, "double": 4, "total": 0}
    assert [(each["step"], each["partition"]) for each in detail["failures"]] == [("double", "2024-01-03")]
    run = detail["run"]["id"]
    assert "double[2024-01-03] failed" in mixed.ok("runs", run[:6]).out


def test_versions_json_is_a_list_newest_first(chain):
    chain.ok("apply", "--yes")
    chain.ok("materialize", "raw", "--partition", "2024-01-02")
    newest, oldest = chain.ok("versions", "raw", "--partition", "2024-01-02", "--json").json
    assert {"version", "partition", "data_version", "code_version", "run", "at", "current"} <= newest.keys()
    assert (newest["current"], oldest["current"]) == (True, False)
    assert newest["data_version"] == oldest["data_version"]
    assert newest["run"] != oldest["run"]


def test_logs_show_the_output_and_the_traceback_of_an_attempt(project):
    project.define(
        """
        parts = StaticPartitions(["a", "b"])

        @asset(partitions=parts)
        def talks(context) -> int:
            print("printed", context.partition_key)
            context.log.warning("logged %s", context.partition_key)
            if context.partition_key == "b":
                raise KeyError("price")
            return 1
        """
    )
    project.weft("apply", "--yes")
    one = project.ok("logs", "talks", "--partition", "b").out
    assert "printed b" in one
    assert "logged b" in one
    assert "KeyError: 'price'" in one
    assert "printed a" not in one
    found = project.ok("logs", "last", "--json").json
    assert {(each["partition"], each["outcome"]) for each in found} == {("a", "succeeded"), ("b", "failed")}
    assert [each["partition"] for each in project.ok("logs", "last", "--failed", "--json").json] == ["b"]


def test_logs_of_each_attempt_are_kept_apart(project):
    project.define(
        """
        @asset(retries=1)
        def flaky(context) -> int:
            mark = Path(__file__).with_name("mark")
            print("second" if mark.exists() else "first")
            if not mark.exists():
                mark.touch()
                raise OSError("once")
            return 1
        """
    )
    project.ok("apply", "--yes")
    assert "first" in project.ok("logs", "flaky", "--attempt", "1").out
    second = project.ok("logs", "flaky", "--attempt", "2").out
    assert "second" in second
    assert "first" not in second


def test_partitions_are_a_strip_with_a_legend(mixed):
    out = mixed.ok("partitions", "double").out
    assert "2024-01-01  ■■✗■■" in out
    assert "■ 4 fresh" in out
    assert "✗ 1 failed" in out
    found = mixed.ok("partitions", "double", "--json").json
    assert found["counts"] == {"failed": 1, "fresh": 4}
    assert found["partitions"][2] == {"key": "2024-01-03", "status": "failed"}


def test_a_long_strip_is_wrapped_and_each_row_is_labelled(project):
    project.define(
        """
        @asset(partitions=StaticPartitions([f"n{number:03}" for number in range(100)]))
        def many(context) -> int:
            return 1
        """
    )
    rows = [line for line in project.ok("partitions", "many").out.splitlines() if "□□" in line]
    assert [row.split()[0] for row in rows] == ["n000", "n070"]
    assert max(map(len, rows)) <= 80


def test_dynamic_keys_are_added_and_removed(project):
    project.define(
        """
        @asset(partitions=DynamicPartitions("customers"))
        def bill(context) -> str:
            return context.partition_key
        """
    )
    assert project.ok("partitions", "add", "customers", "acme", "umbrella", "--json").json["changed"] == [
        "acme",
        "umbrella",
    ]
    assert project.steps() == {"bill": ["acme", "umbrella"]}
    project.ok("apply", "--yes")
    project.ok("partitions", "remove", "customers", "acme")
    found = project.ok("status", "--json").json[0]
    assert found["orphaned"] == ["acme"]
    assert project.weft("partitions", "remove", "customers", "acne").code == 2
    assert project.weft("partitions", "add", "costumers", "x").code == 2


def test_events_are_one_json_object_a_line(chain):
    chain.ok("apply", "--yes")
    lines = [json.loads(line) for line in chain.ok("ledger", "events", "--json").out.splitlines()]
    assert [each["position"] for each in lines] == list(range(1, len(lines) + 1))
    assert {"RunCreated", "StepSucceeded", "RunFinished"} <= {each["type"] for each in lines}
    after = chain.ok("ledger", "events", "last", "--after", "5", "--json").out.splitlines()
    assert json.loads(after[0])["position"] == 6


def test_verify_finds_a_table_that_is_not_what_the_events_say(chain):
    import sqlite3

    chain.ok("apply", "--yes")
    assert chain.ok("ledger", "verify", "--json").json["passed"]
    connection = sqlite3.connect(chain.folder / ".weft" / "ledger.db")
    connection.execute("UPDATE partition SET data_version = 'other' WHERE asset = 'total'")
    connection.commit()
    connection.close()
    result = chain.weft("ledger", "verify")
    assert result.code == 1
    assert "partition total differs" in result.out


def test_doctor_finds_nothing_wrong_in_a_sound_project(chain):
    found = {each["subject"]: each for each in chain.ok("doctor", "--json").json}
    assert {"weft", "python", "project", "home", "ledger", "integrity", "executor", "disk", "runs"} <= found.keys()
    assert all(each["level"] != "problem" for each in found.values())


def test_doctor_tells_definitions_that_do_not_load(project):
    project.define("import nothing_of_that_name")
    result = project.weft("doctor")
    assert result.code == 1
    assert "nothing_of_that_name" in result.out


def test_init_makes_a_project_that_runs_at_once_and_overwrites_nothing(project):
    (project.folder / "weft.toml").unlink()
    (project.folder / "README.md").write_text("mine")
    project.ok("init")
    assert (project.folder / "README.md").read_text() == "mine"
    project.ok("apply", "--yes", "--executor", "inline")
    assert project.steps() == {}
    assert project.weft("check", "--executor", "inline").code == 0
    assert project.weft("init").code == 2


def test_completion_knows_commands_options_and_the_assets_that_were_seen_last(chain):
    chain.ok("ls")

    def completed(words, place):
        told = {"COMP_WORDS": words, "COMP_CWORD": str(place), "_WEFT_COMPLETE": "bash_complete"}
        out, _ = chain.start(env={**os.environ, **told}).communicate()
        return [line.partition(",")[2] for line in out.split()]

    assert completed("weft plan +do", 2) == ["+double"]
    assert completed("weft ro", 1) == ["rollback"]
    assert "--partitions" in completed("weft plan --p", 2)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(project, shell):
    assert "_WEFT_COMPLETE" in project.ok("completion", shell).out


# --- gc --------------------------------------------------------------------------------------------------------------


def test_gc_keeps_the_newest_versions_and_what_is_current(chain):
    for offset in range(4):
        (chain.folder / "offset").write_text(str(offset))
        chain.ok("materialize", "raw", "--partition", "2024-01-01")
    oldest = chain.ok("versions", "raw", "--json").json[-1]["version"]
    chain.ok("rollback", "raw", "--partition", "2024-01-01", "--to", oldest)

    dry = chain.ok("gc", "--keep", "1", "--dry-run", "--json").json
    assert len(chain.ok("versions", "raw", "--json").json) == 4
    done = chain.ok("gc", "--keep", "1", "--json").json

    assert dry["removed"] == done["removed"]
    left = chain.ok("versions", "raw", "--json").json
    assert len(left) == 2  # the newest, and the one that is current
    assert left[-1]["version"] == oldest
    assert left[-1]["current"]
    assert chain.ok("ledger", "verify").code == 0
    assert chain.ok("gc", "--keep", "1", "--json").json["removed"] == []


def test_gc_leaves_what_is_younger(chain):
    for offset in range(3):
        (chain.folder / "offset").write_text(str(offset))
        chain.ok("materialize", "raw", "--partition", "2024-01-01")
    assert chain.ok("gc", "--keep", "1", "--older-than", "1d", "--json").json["removed"] == []
    assert chain.weft("gc", "--older-than", "soon").code == 2


def test_gc_removes_files_and_old_leftovers_only(project):
    project.define(
        """
        @asset
        def big() -> bytes:
            return bytes(100_000) + Path(__file__).with_name("n").read_bytes()
        """
    )
    data = project.folder / ".weft" / "data"
    for number in range(3):
        (project.folder / "n").write_text(str(number))
        project.ok("materialize", "big")
    files = [path for path in data.rglob("*") if path.is_file()]
    assert len(files) == 3
    old, young = files[0].with_name("dead.1.1.bin"), files[0].with_name("dead.1.2.bin")
    for path in (old, young):
        path.write_bytes(b"left")
    os.utime(old, (1, 1))
    for path in files:
        os.utime(path, (1, 1))

    done = project.ok("gc", "--keep", "2", "--json").json

    assert [each["asset"] for each in done["removed"]] == ["big"]
    assert done["bytes"] > 100_000
    assert [name.rpartition("/")[2] for name in done["leftovers"]] == ["dead.1.1.bin"]
    assert len([path for path in data.rglob("*") if path.is_file()]) == 3
    assert young.exists()


# --- external assets --------------------------------------------------------------------------------------------------


def test_refresh_observes_external_assets_and_planning_alone_does_not(project):
    project.define(
        """
        @external_asset()
        def feed():
            return Path(__file__).with_name("feed").read_text()

        @asset(deps=["feed"])
        def copy() -> int:
            return 1
        """
    )
    (project.folder / "feed").write_text("one")
    project.ok("apply", "--yes", "--refresh")
    (project.folder / "feed").write_text("two")
    assert project.steps() == {}
    assert project.steps("--refresh") == {"copy": None}
    project.ok("apply", "--yes")
    assert project.steps("--refresh") == {}


def test_an_observer_that_fails_is_told(project):
    project.define(
        """
        @external_asset()
        def feed():
            raise ConnectionError("no route")

        @asset(deps=["feed"])
        def copy() -> int:
            return 1
        """
    )
    result = project.weft("plan", "--refresh")
    assert result.code == 1
    assert "feed: ConnectionError: no route" in result.err


# --- config -----------------------------------------------------------------------------------------------------------


def test_config_comes_from_a_file_and_from_set_which_goes_first(project):
    project.define(
        """
        from pydantic import BaseModel

        class Limits(BaseModel):
            low: int = 0
            high: int = 1

        @asset
        def limited(config: Limits) -> list[int]:
            Path(__file__).with_name("journal").write_text(f"{config.low} {config.high}")
            return [config.low, config.high]
        """
    )
    (project.folder / "values.toml").write_text("[config.limited]\nlow = 5\nhigh = 6\n")
    project.ok("materialize", "limited", "--config", "values.toml", "--set", "limited.high=9")
    assert project.lines("journal") == ["5", "9"]
    assert project.weft("materialize", "limited", "--set", "limited.high=x").code == 2
    assert project.weft("materialize", "limited", "--set", "limitet.high=1").code == 2


def test_an_asset_that_is_no_longer_defined_is_told_of(project):
    project.define("@asset\ndef one() -> int:\n    return 1\n\n@asset\ndef two() -> int:\n    return 2\n")
    project.ok("apply", "--yes")
    project.define("@asset\ndef one() -> int:\n    return 1\n")
    assert "No longer defined, though data of it is kept: two." in project.ok("status").out
    assert "two" not in project.ok("status", "one").out

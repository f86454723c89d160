"""What hosts record of definitions: versions with their source, and the commands that show them."""

from __future__ import annotations

import json

import pytest

from weft import wiring
from weft.service.server import definition_versions, locations
from weft.surfaces.cli import program

FIRST = """
from weft import asset, dag, task

def helper():
    return 1

@asset
def a():
    return helper()

@task
def load():
    return 1

@dag
def etl():
    load()
"""
SECOND = FIRST.replace("return 1\n\n@asset", "return 2\n\n@asset(retries=3)").replace(
    "@dag\n", '@dag(schedule="@daily", start_date="2024-01-01")\n'
)


def record(site, text: str) -> None:
    (site.root / "defs.py").write_text(text)
    world = wiring.open_world(site.place)
    try:
        locations.record_loaded(world, "main", source="here", root=world.root)
    finally:
        world.ledger.close()


@pytest.fixture
def site(make_site, monkeypatch):
    made = make_site({"weft.toml": 'definitions = "defs.py"\n', "defs.py": ""})
    record(made, FIRST)
    record(made, SECOND)
    monkeypatch.chdir(made.root)
    return made


def weft(capsys, *arguments: str) -> tuple[int, str]:
    code = program.run(list(arguments))
    told = capsys.readouterr()
    return code, told.out + told.err


def test_each_change_is_a_version_with_its_graph_and_source(site):
    with site.serving.ledger() as ledger:
        assert [each.current for each in definition_versions.versions(ledger, "a")] == [True, False]
        found = definition_versions.difference(ledger, "asset:a")
        assert {(each.path, each.kind) for each in found.graph} >= {
            ("step/code", "changed"),
            ("step/policies", "added"),
        }
        helper = next(each for each in found.source if each.name.endswith("helper"))
        assert "-    return 1\n+    return 2" in helper.diff
        etl = definition_versions.difference(ledger, "etl")
        assert "pipeline/schedule" in {each.path for each in etl.graph}


def test_what_is_taken_away_is_a_version_too_and_what_comes_back_is_in_force(site):
    record(site, SECOND.replace("def a()", "def other()"))
    with site.serving.ledger() as ledger:
        newest = definition_versions.versions(ledger, "asset:a")[0]
        assert newest.removed
        assert "a" not in {each.name for each in definition_versions.listed(ledger, kind="asset")}
        record(site, SECOND)
        assert definition_versions.versions(ledger, "asset:a")[0].current


def test_a_run_keeps_the_version_that_it_was_created_under(site):
    run = site.request("etl")
    with site.serving.ledger() as ledger:
        before = definition_versions.versions(ledger, "etl")[0].digest
        record(site, SECOND.replace("@daily", "@hourly"))
        found = definition_versions.of_run(ledger, ledger.runs_with_prefix(run)[0])
        assert found is not None
        assert found.digest == before
        assert definition_versions.versions(ledger, "etl")[0].digest != before
        assert definition_versions.document(ledger, "etl", run[:8])["pipeline"]["schedule"]["text"] == "@daily"


def test_the_ledger_rebuilds_locations_and_definitions_from_its_events(site):
    with site.serving.ledger() as ledger:
        assert ledger.verify().passed


def test_the_commands_show_definitions_their_versions_and_a_diff(site, capsys):
    assert "asset" in weft(capsys, "definitions")[1]
    code, text = weft(capsys, "definitions", "a", "--versions", "--json")
    assert code == 0
    assert len(json.loads(text)) == 2
    code, text = weft(capsys, "definitions", "a", "--diff")
    assert "step/policies" in text
    assert "+    return 2" in text
    code, text = weft(capsys, "definitions", "nothing")
    assert code == 2
    assert "'nothing'" in text
    code, text = weft(capsys, "definitions", "a", "--diff", "77")
    assert code == 2
    assert "Give two" in text


def test_the_command_shows_locations_and_what_is_wrong_with_them(site, capsys):
    from weft.model import control_events

    code, text = weft(capsys, "locations", "ls", "--json")
    assert code == 0
    assert json.loads(text)[0]["definitions"] == {"asset": 1, "pipeline": 1}
    problem = control_events.Problem(message="No such thing.", remedy="Make it.", file="defs.py", line=3)
    with site.serving.ledger() as ledger:
        locations.record_failed(ledger, "main", [problem], source="here")
        assert not locations.record_failed(ledger, "main", [problem], source="here")
    code, text = weft(capsys, "locations", "ls")
    assert code == 1
    assert "defs.py:3: No such thing. Make it." in text
    assert "stays in force" in text


def test_reloading_without_anybody_who_serves_says_so(site, capsys):
    code, text = weft(capsys, "locations", "reload")
    assert code == 2
    assert "weft dev" in text


def test_another_process_asks_for_a_reload_and_sees_the_workers(site, capsys):
    supervisor = site.start(watch=False)
    before = supervisor.reloads("main")
    site.until(lambda: "main" in weft(capsys, "worker", "ls")[1])
    assert weft(capsys, "locations", "reload", "main")[0] == 0
    assert supervisor.wait_until_reloaded("main", before + 1, 60)

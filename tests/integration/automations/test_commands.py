"""`weft automations` and `weft sensors`: what they show, and what they change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from weft.surfaces.cli import program

SOURCE = '''
from pathlib import Path
from weft import *

@task
def read(name: str) -> str:
    return name

@dag(params={"name": ""}, schedule="@daily", start_date="2024-01-01")
def reading():
    read("{{ params.name }}")

@sensor(target="reading", every="1s")
def inbox(context):
    """Start a run for each file that comes in."""
    names = sorted(each.name for each in (Path(__file__).parent / "inbox").glob("*.csv"))
    if not names:
        return SkipReason("the inbox is empty")
    context.cursor = names[-1]
    return [RunRequest(key=name, params={"name": name}) for name in names]

@sensor(target="reading")
def broken():
    raise ConnectionError("gone")

@asset
def raw() -> int:
    return 1

@asset(automation=AutomationCondition.eager(), freshness=FreshnessPolicy(max_lag="0.001s"))
def daily(raw: int) -> int:
    return raw

orders = webhook("orders", target=reading, secret=EnvVar("ORDERS"), params={"name": "$.name"})
'''


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one automation of each kind."""
    (tmp_path / "automated.py").write_text(SOURCE)
    (tmp_path / "weft.toml").write_text('definitions = "automated.py"\nexecutor = "inline"\n')
    (tmp_path / "inbox").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WEFT_HOME", raising=False)
    return tmp_path


def weft(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = program.run(list(words))
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def test_all_kinds_are_listed_and_explained(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(weft(capsys, "automations", "ls", "--json")[1])
    assert [each["id"] for each in found] == [
        "schedule:reading", "sensor:inbox", "sensor:broken", "webhook:orders", "condition:daily",
    ]  # fmt: skip
    assert "it has no data" in weft(capsys, "automations", "explain", "daily")[1]
    weft(capsys, "materialize", "raw")
    told = json.loads(weft(capsys, "automations", "explain", "condition:daily", "--json")[1])
    assert told["asks"] == "it"
    assert told["condition"]["told"] == "eager"
    assert told["condition"]["holds"]
    code, printed = weft(capsys, "automations", "explain", "dayly")
    assert code == 2
    assert "daily" in printed


def test_a_sensor_is_tried_without_starting_anything(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "the inbox is empty" in weft(capsys, "sensors", "test", "inbox")[1]
    (project / "inbox" / "a.csv").touch()
    assert '+ a.csv {"name": "a.csv"}' in weft(capsys, "sensors", "test", "inbox")[1]
    assert json.loads(weft(capsys, "runs", "--json")[1]) == []
    assert json.loads(weft(capsys, "sensors", "ls", "--json")[1])[0]["cursor"] is None
    code, printed = weft(capsys, "sensors", "test", "broken")
    assert code == 1
    assert "ConnectionError: gone" in printed


def test_automations_are_paused_resumed_and_moved_by_hand(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weft(capsys, "sensors", "pause", "inbox", "--reason", "the source moves")
    assert "the source moves" in weft(capsys, "sensors")[1]
    weft(capsys, "sensors", "resume", "inbox")
    weft(capsys, "sensors", "set-cursor", "inbox", "b.csv")
    found = json.loads(weft(capsys, "automations", "ls", "--kind", "sensor", "--json")[1])[0]
    assert (found["paused"], found["cursor"]) == (False, "b.csv")
    assert "the cursor was set by" in weft(capsys, "sensors", "history", "inbox")[1]


def test_status_tells_since_when_an_asset_is_late(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, printed = weft(capsys, "apply", "daily", "--yes")
    assert code == 0, printed
    assert "late since" in weft(capsys, "status", "daily")[1]
    (found,) = json.loads(weft(capsys, "status", "daily", "--json")[1])
    assert found["freshness"] == "late"
    assert found["deadline"]

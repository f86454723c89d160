from __future__ import annotations

import json

import pytest
from tests.integration.alerting.conftest import rule

from weft.service.alerting import loop as alerting
from weft.surfaces.cli import program

DEFINED = """
from weft import asset

@asset(tags={"tier": "gold"})
def orders() -> int:
    raise ValueError("no orders today")
"""


@pytest.fixture
def place(watched, monkeypatch):
    watched.define(DEFINED.replace("from weft import asset\n", ""))
    monkeypatch.chdir(watched.project.folder)
    return watched


def configure(place, text):
    (place.project.folder / "weft.toml").write_text(f'definitions = "definitions.py"\n{text}')


def test_incidents_are_shown_acknowledged_noted_and_resolved(place, capsys):
    watching = place.alerting(rule("failure"))
    place.project.materialize("orders")
    watching.turn()
    configure(place, "")
    assert program.run(["incidents", "ls", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    name = found["id"][:6]
    for arguments in (["ack", name, "--note", "on it"], ["note", name, "late feed"], ["resolve", name]):
        assert program.run(["incidents", *arguments]) == 0
    capsys.readouterr()
    assert program.run(["incidents", "show", name, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["phase"] == "resolved"
    assert [each["kind"] for each in shown["timeline"]] == ["opened", "notified", "acknowledged", "note", "resolved"]
    assert program.run(["incidents", "show", name]) == 0
    told = capsys.readouterr().out
    assert "ValueError: no orders today" in told
    assert program.run(["incidents", "resolve", name]) == 2
    assert program.run(["incidents", "show", "zz"]) == 2
    capsys.readouterr()
    assert program.run(["audit", "--json"]) == 0
    changes = json.loads(capsys.readouterr().out)
    actions = [each["action"] for each in changes]
    assert {"incidents.acknowledge", "incidents.note", "incidents.resolve"} <= set(actions)


def test_silences_are_made_shown_and_ended(place, capsys):
    configure(place, "")
    assert program.run(["alerts", "silence", "--match", "root=or*", "--for", "2h", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["matches"] == {"root": "or*"}
    assert program.run(["alerts", "silences"]) == 0
    assert "root=or*" in capsys.readouterr().out
    assert program.run(["alerts", "unsilence", made["id"]]) == 0
    assert program.run(["alerts", "silence", "--match", "rot=x"]) == 2
    assert "root" in capsys.readouterr().err


def test_alerts_check_tells_all_that_is_wrong_at_once(place, capsys):
    configure(
        place,
        """
        [alerts]
        defualts = true
        [alerts.channels.ops]
        url = "slack://token/secret"
        [alerts.channels.hook]
        webhook = "http://127.0.0.1/x"
        secret = "plain"
        [[alerts.rules]]
        on = ["failures"]
        severity = "bad"
        channels = ["nope"]
        after = "soon"
        select = "tag:("
        [[alerts.routes]]
        channels = ["hook"]
        """,
    )
    assert program.run(["alerts", "check"]) == 2
    told = capsys.readouterr().err
    for part in ("defualts", "defaults", "ops.url", "allow_loopback", "hook.secret", "rules[0].name", "failures",
                 "failure", "'bad'", "nope", "after", "select", "routes[0]"):  # fmt: skip
        assert part in told, part
    assert "token/secret" not in told


def test_a_channel_is_tried(place, receiver, monkeypatch, capsys):
    configure(
        place,
        f"""
        [alerts.channels.hook]
        webhook = "{receiver.url}"
        allow_loopback = true
        secret = "${{HOOK_SECRET}}"
        [[alerts.rules]]
        name = "gold"
        on = ["failure"]
        select = "tag:tier=gold"
        """,
    )
    assert program.run(["alerts", "check"]) == 2
    assert "HOOK_SECRET" in capsys.readouterr().err
    monkeypatch.setenv("HOOK_SECRET", "s3cret")
    assert program.run(["alerts", "check"]) == 0
    assert "tag:tier=gold" in capsys.readouterr().out
    assert program.run(["alerts", "test", "hook"]) == 0
    (sent,) = receiver.messages
    assert sent["about"] == "test"
    receiver.status = 500
    assert program.run(["alerts", "test", "hook"]) == 1
    assert program.run(["alerts", "test", "hok"]) == 2
    assert "hook" in capsys.readouterr().err


def test_a_failure_reaches_a_webhook_that_the_configuration_names(place, receiver):
    configure(
        place,
        f"""
        [server]
        url = "https://weft.example.org"
        [alerts.channels.hook]
        webhook = "{receiver.url}"
        allow_loopback = true
        """,
    )
    watching = alerting.Alerting(place.serving)
    watching.turn()
    place.project.materialize("orders")
    watching.turn()
    (sent,) = receiver.messages
    assert sent["title"] == "orders failed"
    assert sent["link"] == f"https://weft.example.org/incidents/{sent['incident']}"


def test_incidents_alone_lists_them(place, capsys):
    configure(place, "")
    assert program.run(["incidents"]) == 0
    assert "No incident is open." in capsys.readouterr().out

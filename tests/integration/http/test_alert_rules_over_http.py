"""Alert rules are made and taken away over HTTP, and come back as they were given."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.integration.http import servers

SETTINGS = """
[alerts.channels.ops]
webhook = "https://example.org/x"

[[alerts.rules]]
name = "late-all"
on = ["late"]
"""
EVENT_RULE = {
    "name": "paused ones", "on": ["event"], "severity": "critical", "channels": ["ops"], "after": 600, "repeat": 3600,
    "events": {"types": ["AutomationPaused"], "subject": "automation:schedule:*", "outcome": None},
}  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("rules")
    servers.project(folder, settings=SETTINGS)
    with servers.running(folder) as server, server.client() as made:
        yield made


def rules(client: httpx.Client) -> dict[str, dict[str, object]]:
    return {each["name"]: each for each in client.get("/api/v1/alerts").json()["rules"]}


def test_a_rule_on_events_comes_back_as_it_was_given_and_is_taken_away(client: httpx.Client) -> None:
    answer = client.post("/api/v1/alerts/rules", json=EVENT_RULE)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made == EVENT_RULE | {"select": None, "source": "made", "by": made["by"], "created": made["created"]}
    assert rules(client)["paused ones"] == made
    assert (rules(client)["late-all"]["source"], rules(client)["default-failure"]["source"]) == (
        "configured",
        "default",
    )
    assert client.delete("/api/v1/alerts/rules/paused%20ones").status_code == 204
    assert "paused ones" not in rules(client)
    assert client.delete("/api/v1/alerts/rules/paused%20ones").status_code == 404
    assert client.delete("/api/v1/alerts/rules/late-all").status_code == 409
    actions = [each["action"] for each in client.get("/api/v1/audit").json()["items"]]
    assert {"alerts.rules.add", "alerts.rules.remove"} <= set(actions)
    typed = client.get("/api/v1/ledger/events", params={"types": "AlertRuleRemoved"}).json()["items"]
    assert [each["subject"] for each in typed] == ["rule:paused ones"]


def test_what_is_wrong_is_refused_by_field(client: httpx.Client) -> None:
    wrong = {"name": "late-all", "on": ["lat"], "channels": ["opps"], "severity": "worst", "select": "no_such_asset"}
    answer = client.post("/api/v1/alerts/rules", json=wrong)
    assert answer.status_code == 422, answer.text
    fields = {each["field"] for each in answer.json()["errors"]}
    assert fields == {"body.name", "body.on", "body.channels", "body.severity", "body.select"}
    answer = client.post("/api/v1/alerts/rules", json={"name": "x", "on": ["event"]})
    assert [each["field"] for each in answer.json()["errors"]] == ["body.events"]
    answer = client.post("/api/v1/alerts/rules", json={"name": "x", "on": ["event"], "events": {"types": ["No"]}})
    assert [each["field"] for each in answer.json()["errors"]] == ["body.events.types"]

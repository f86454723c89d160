"""Sensors, webhooks and conditions: what is wrong with them is told at once, and snapshots keep them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from weft import AutomationCondition, Definitions, EnvVar, FreshnessPolicy, asset, dag, job, sensor, task, webhook
from weft.define import snapshot
from weft.define.automations.webhooks import Signature
from weft.model import automations, diagnostics, errors

Build = Callable[..., Any]
Problems = Callable[..., list[diagnostics.Diagnostic]]


@task
def noop(n: int = 0) -> int:
    return n


@dag(params={"n": 1})
def loading() -> None:
    noop(n="{{ params.n }}")


@asset(automation=AutomationCondition.eager() | AutomationCondition.on_cron("0 6 * * *", "Europe/Vienna"))
def raw() -> int:
    return 1


@asset(
    freshness=FreshnessPolicy(cron="0 9 * * 1-5", timezone="Europe/Vienna", lower_bound="3h", warn="30m"),
    automation=AutomationCondition.late().named("when late"),
)
def daily(raw: int) -> int:
    return raw


@sensor(target="loading", every="10s", timeout="5s", paused=True)
def watching(context):
    """Look for files."""


hook = webhook(
    "orders",
    target=loading,
    secret=EnvVar("ORDERS"),
    params={"n": "$.order.n"},
    dedupe="header:X-Id",
    signature=Signature(header="X-Sig", encoding="base64", timestamp=""),
)


def test_automations_are_known_by_their_ids_and_targets(build_of: Build) -> None:
    built = build_of(noop, loading, raw, daily, watching, hook)
    found = built.graph.automations
    assert set(found) == {"sensor:watching", "webhook:orders", "condition:raw", "condition:daily"}
    watch = found["sensor:watching"]
    assert watch.target == automations.Target(pipeline="loading")
    assert (watch.every, watch.timeout, watch.paused, watch.description) == (10.0, 5.0, True, "Look for files.")
    assert found["webhook:orders"].secret == "env:ORDERS"
    assert built.sensors["sensor:watching"].parameters.context == "context"


def test_a_snapshot_keeps_them_and_where_they_are_is_no_change(build_of: Build) -> None:
    graph = build_of(noop, loading, raw, daily, watching, hook).graph
    document = snapshot.snapshot(graph)
    text = snapshot.encode(document)
    again = snapshot.graph_from_snapshot(snapshot.decode(text))
    assert again.automations == graph.automations
    assert again.assets["daily"].freshness == graph.assets["daily"].freshness
    assert snapshot.encode(snapshot.snapshot(again)) == text
    moved = diagnostics.SourceLocation(file="elsewhere.py", line=99)
    elsewhere = {key: msgspec.structs.replace(each, location=moved) for key, each in graph.automations.items()}
    other = snapshot.snapshot(replace(graph, automations=elsewhere))
    assert snapshot.digest(other) == snapshot.digest(document)
    changed = dict(graph.automations)
    changed["sensor:watching"] = msgspec.structs.replace(changed["sensor:watching"], every=11.0)
    assert snapshot.digest(snapshot.snapshot(replace(graph, automations=changed))) != snapshot.digest(document)


def test_a_project_without_automations_has_the_snapshot_that_it_had(build_of: Build) -> None:
    @asset(freshness=FreshnessPolicy(max_lag="1h"))
    def plain() -> int:
        return 1

    document = snapshot.snapshot(build_of(plain).graph)
    assert "automations" not in document
    assert document["assets"][0]["max_lag"] == 3600.0


def test_no_secret_is_in_a_snapshot(build_of: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS", "shh-4711")
    assert "shh-4711" not in json.dumps(snapshot.snapshot(build_of(noop, loading, hook).graph))


def test_targets_are_pipelines_jobs_assets_and_selections(build_of: Build) -> None:
    nightly = job("nightly", [raw])

    def made(target: Any) -> Any:
        @sensor(target=target)
        def watch(): ...

        return build_of(noop, loading, raw, daily, nightly, watch).graph.automations["sensor:watch"].target

    assert made(loading) == made("loading") == automations.Target(pipeline="loading")
    assert made(nightly) == made("nightly") == automations.Target(selection="job:nightly")
    assert made([raw, daily]) == automations.Target(selection="raw or daily")
    assert made("raw+") == automations.Target(selection="(raw+)") or made("raw+").selection == "raw+"


def test_everything_that_is_wrong_is_told_at_once_with_its_place(problems_of: Problems) -> None:
    @sensor(target="nowhere", every="0.1s", timeout=-1)
    def first(unknown): ...

    @sensor(name="first", target="loading")
    def second(): ...

    @sensor(name="first", target="loading")
    def third(): ...

    @asset(automation="eager")
    def odd() -> int:
        return 1

    @asset(automation=AutomationCondition.late())
    def never_late() -> int:
        return 1

    wrong = webhook("bad", target="raw", secret="not a name", params={"n": "$..n"}, dedupe="id", most_bytes=0)
    found = problems_of(noop, loading, raw, first, second, third, odd, never_late, wrong)
    told = "\n".join(each.message for each in found)
    for part in (
        "nowhere", "every is '0.1s'", "timeout is -1", "first' is defined twice", "automation is 'eager'",
        "never_late", "environment variable", "$..n", "dedupe is 'id'", "most_bytes is 0",
    ):  # fmt: skip
        assert part in told, part
    assert all(each.location is not None for each in found)


def test_a_sensor_gets_resources_and_nothing_else(build_of: Build, problems_of: Problems) -> None:
    @sensor(target="loading")
    def watch(context, bucket): ...

    given = Definitions(resources={"bucket": object()}, sensors=[watch])
    body = build_of(noop, loading, given).sensors["sensor:watch"]
    assert body.parameters.resources == {"bucket": "bucket"}
    assert "bucket" in problems_of(noop, loading, watch)[0].message


def test_freshness_is_a_lag_or_deadlines(problems_of: Problems) -> None:
    policies = [
        FreshnessPolicy(),
        FreshnessPolicy(max_lag="1h", cron="0 9 * * *"),
        FreshnessPolicy(max_lag="1h", warn="2h"),
        FreshnessPolicy(max_lag="1h", lower_bound="1h"),
        FreshnessPolicy(cron="daily"),
        FreshnessPolicy(cron="0 9 * * *", timezone="Mars"),
    ]

    def made(place: int, policy: FreshnessPolicy) -> Any:
        @asset(name=f"a{place}", freshness=policy)
        def one() -> int:
            return 1

        return one

    found = problems_of(*(made(place, each) for place, each in enumerate(policies)))
    assert [each.code for each in found] == ["wrong-freshness"] * len(policies)


def test_an_unknown_argument_suggests_a_near_one() -> None:
    with pytest.raises(errors.UsageError, match="every"):
        sensor(target="x", evry="1s")  # type: ignore[call-arg]

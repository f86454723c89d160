"""What each condition asks for, and what it does not ask for twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from weft import AutomationCondition as When
from weft import DailyPartitions
from weft.model import automations, columns, errors, graph, partition_set, policies
from weft.model.partitions import IdentityMapping
from weft.planner.automation import operands, ticking

NOW = datetime(2024, 1, 15, 12, tzinfo=UTC)
DAYS = DailyPartitions("2024-01-01")
Set = partition_set.PartitionSet


def micro(moment: datetime) -> int:
    return int(moment.timestamp() * 1e6)


class Small:
    """`raw` and `daily`, which reads it; both divided by days, or neither."""

    def __init__(self, condition: When, *, of: str = "daily", divided: DailyPartitions | None = None) -> None:
        lag = policies.FreshnessPolicy(max_lag=3600.0)
        assets = {key: graph.Asset(key=key, step=key, partitions=divided, freshness=lag) for key in ("raw", "daily")}
        read = (graph.Dependency(asset="raw", mapping=IdentityMapping()),)
        steps = {
            key: graph.Step(
                key=key, outputs=(key,), code="c1", partitions=divided, dependencies=read if key == "daily" else ()
            )
            for key in assets
        }
        automation = automations.AssetAutomation(asset=of, condition=condition.condition)
        self.graph = graph.Graph(assets=assets, steps=steps, automations={automation.id: automation})
        self.columns = {key: columns.Columns(0) for key in assets}
        self.of, self.activated = of, NOW - timedelta(days=1)
        self.reserved: dict[str, Set] = {}
        self.asked: dict[str, operands.Asked] = {}
        self.token = 0

    def made(self, key: str, ordinal: int = 0, *, at: datetime = NOW, code: str = "c1") -> None:
        self.token += 1
        inputs = {"raw": self.columns["raw"].token_of(ordinal)} if key == "daily" else {}
        self.columns[key].published(
            ordinal, token=self.token, version=self.token, code=code, inputs=inputs, at=micro(at), run="r1"
        )

    def result(self, now: datetime = NOW) -> operands.Result:
        turns = ticking.Ticking(self.graph)
        turns.turn(
            operands.Known(
                graph=self.graph, columns=self.columns, reserved=self.reserved, asked=self.asked,
                activated={self.of: micro(self.activated)},
            ),
            None,
            now,
        )  # fmt: skip
        return turns.results[self.of]

    def asks(self, now: datetime = NOW) -> list[int]:
        return list(self.result(now).asks)

    def take(self, now: datetime = NOW) -> None:
        """Note what is asked for as asked."""
        found = self.result(now)
        before = self.asked.get(self.of, operands.NOT_ASKED).signatures
        self.asked[self.of] = operands.Asked(signatures={**before, **found.signatures})


def test_eager_asks_when_what_it_reads_was_updated_and_not_before() -> None:
    small = Small(When.eager())
    assert small.asks() == [], "what it reads is missing"
    small.made("raw")
    assert small.asks() == [0], "it is missing itself, and its input is there"
    small.made("daily")
    assert small.asks() == []
    small.made("raw")
    assert small.asks() == [0]


def test_eager_leaves_what_a_run_makes_alone_and_waits_for_what_is_made_above() -> None:
    small = Small(When.eager())
    small.made("raw")
    small.reserved = {"daily": Set.range(0, 1)}
    assert small.asks() == []
    small.reserved = {"raw": Set.range(0, 1)}
    assert small.asks() == []


def test_eager_does_not_backfill_history_but_follows_what_is_made_of_it() -> None:
    small = Small(When.eager(), divided=DAYS)
    for day in range(14):
        small.made("raw", day, at=NOW - timedelta(days=2))
    assert small.asks() == [13], "the latest alone"
    small.made("raw", 3)
    assert small.asks() == [3, 13], "news of an old day are news"


def test_what_failed_is_asked_for_again_only_when_its_causes_change() -> None:
    small = Small(When.eager())
    small.made("raw")
    small.take()
    failure = columns.Failure(outcome="failed", run="r9", at=micro(NOW), attempts=1, error="E")
    small.columns["daily"].put(0, columns.PartitionRow(key="", inputs={}, failure=failure))
    assert list(small.result().holds) == [0]
    assert small.asks() == [], "the same causes have failed"
    small.made("raw")
    assert small.asks() == [0]


def test_on_missing_asks_for_all_of_history() -> None:
    small = Small(When.on_missing(), of="raw", divided=DAYS)
    small.made("raw", 5)
    assert small.asks() == [each for each in range(14) if each != 5]


def test_on_cron_asks_once_for_each_tick_and_forces_a_source() -> None:
    small = Small(When.on_cron("0 9 * * *"), of="raw")
    small.made("raw", at=NOW - timedelta(days=1))
    found = small.result()
    assert list(found.asks) == [0]
    assert list(found.forced) == [0]
    assert found.wakes == datetime(2024, 1, 16, 9, tzinfo=UTC)
    small.take()
    assert small.asks() == []
    assert small.asks(NOW + timedelta(days=1)) == [0], "the next tick is another cause"
    small.made("raw", at=NOW + timedelta(days=1))
    assert small.asks(NOW + timedelta(days=1)) == []


def test_on_cron_counts_no_tick_before_it_was_first_seen() -> None:
    small = Small(When.on_cron("0 9 * * *"), of="raw")
    small.activated = NOW - timedelta(minutes=1)
    assert small.asks() == []


def test_ticks_are_of_the_zone() -> None:
    small = Small(When.on_cron("0 9 * * *", "America/New_York"), of="raw")
    small.activated = datetime(2024, 1, 15, 10, tzinfo=UTC)
    assert small.asks(datetime(2024, 1, 15, 13, 59, tzinfo=UTC)) == []
    assert small.asks(datetime(2024, 1, 15, 14, tzinfo=UTC)) == [0]


def test_code_change_is_asked_for() -> None:
    small = Small(When.on_code_change(), of="raw")
    small.made("raw", code="c0")
    assert small.asks() == [0]
    small.made("raw", code="c1")
    assert small.asks() == []


def test_late_is_asked_for_once_for_a_deadline() -> None:
    small = Small(When.late(), of="raw")
    small.made("raw")
    assert small.asks() == []
    assert small.result().wakes == NOW + timedelta(hours=1, microseconds=1)
    later = NOW + timedelta(hours=2)
    assert small.asks(later) == [0]
    small.take(later)
    assert small.asks(later + timedelta(hours=1)) == []


def test_what_is_asked_for_above_counts_as_made_in_the_same_moment() -> None:
    small = Small(When.eager())
    second = automations.AssetAutomation(asset="raw", condition=When.on_missing().condition)
    small.graph = graph.Graph(
        assets=small.graph.assets,
        steps=small.graph.steps,
        automations={**small.graph.automations, second.id: second},
    )
    assert small.asks() == [0], "raw is asked for, so that daily can follow in the same plan"


def test_conditions_are_joined_flat_and_keep_their_names() -> None:
    joined = (When.missing() & When.latest() & ~When.failed()).condition
    assert [each.kind for each in joined.parts] == ["missing", "latest", "not"]
    assert [each.label for each in (When.eager() | When.on_cron("0 6 * * *")).condition.parts] == [
        "eager",
        "on cron 0 6 * * *",
    ]
    with pytest.raises(errors.UsageError, match="is none"):
        When.eager() & "daily"  # type: ignore[operator]
    with pytest.raises(errors.UsageError, match="cron expression"):
        When.on_cron("every day")

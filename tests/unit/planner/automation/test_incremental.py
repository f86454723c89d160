"""Evaluating only what changed gives what evaluating everything gives, whatever happens in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from weft import AutomationCondition as When
from weft import DailyPartitions, StaticPartitions
from weft.model import automations, columns, graph, partition_set, policies
from weft.model.partitions import AllMapping, IdentityMapping
from weft.planner.automation import operands, ticking

START = datetime(2024, 1, 10, 12, tzinfo=UTC)
DAYS, PLACES = DailyPartitions("2024-01-08"), StaticPartitions(["eu", "us"])
CONDITIONS = (
    When.eager(),
    When.on_missing(),
    When.on_code_change() | When.failed(),
    When.on_cron("0 */6 * * *"),
    When.late() & ~When.in_progress_above(),
    When.eager() | When.cron_tick_passed("30 1 * * *", "Europe/Vienna"),
)
COUNT = 6


@st.composite
def graphs(draw: st.DrawFn) -> graph.Graph:
    """Up to six assets, each reading some before it, with or without partitions and conditions."""
    assets: dict[str, graph.Asset] = {}
    steps: dict[str, graph.Step] = {}
    asked: dict[str, automations.Automation] = {}
    for place in range(COUNT):
        key = f"a{place}"
        divided = draw(st.sampled_from([None, None, DAYS, PLACES]))
        above = draw(st.lists(st.sampled_from(sorted(assets)), unique=True, max_size=2)) if assets else []
        dependencies = tuple(
            graph.Dependency(
                asset=each, mapping=IdentityMapping() if assets[each].partitions == divided else AllMapping()
            )
            for each in above
        )
        assets[key] = graph.Asset(
            key=key, step=key, partitions=divided, freshness=policies.FreshnessPolicy(max_lag=3600.0 * 5)
        )
        steps[key] = graph.Step(key=key, outputs=(key,), dependencies=dependencies, partitions=divided, code="c1")
        condition = draw(st.sampled_from([None, *CONDITIONS]))
        if condition is not None:
            automation = automations.AssetAutomation(asset=key, condition=condition.condition)
            asked[automation.id] = automation
    return graph.Graph(assets=assets, steps=steps, automations=asked)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["made", "made", "failed", "begun", "ended", "asked", "time"]),
        st.integers(0, COUNT - 1),
        st.integers(0, 4),
    ),
    max_size=25,
)


class History:
    """A world that events happen in, as the evaluation sees it."""

    def __init__(self, made: graph.Graph) -> None:
        self.graph = made
        self.now = START
        self.columns = {key: columns.Columns(0) for key in made.assets}
        self.reserved: dict[str, partition_set.PartitionSet] = {}
        self.asked: dict[str, operands.Asked] = {}
        self.token = 1

    def known(self) -> operands.Known:
        return operands.Known(
            graph=self.graph, columns=self.columns, reserved=self.reserved, asked=self.asked,
            activated=dict.fromkeys(self.graph.assets, int(START.timestamp() * 1e6) - 1),
        )  # fmt: skip

    def happen(self, kind: str, place: int, number: int, asking: ticking.Ticking) -> set[str]:
        """Let something happen; returns the assets that it concerns."""
        key = f"a{place}"
        asset, step = self.graph.assets[key], self.graph.steps[key]
        universe = (
            partition_set.PartitionSet.range(0, 1) if asset.partitions is None else asset.partitions.universe(self.now)
        )
        ordinal = min(number, len(universe) - 1)
        self.token += 1
        at = int(self.now.timestamp() * 1e6)
        match kind:
            case "made":
                inputs = {}
                for dependency in step.dependencies:
                    up = self.graph.assets[dependency.asset].partitions
                    read = dependency.mapping.upstream(
                        partition_set.PartitionSet.range(ordinal, ordinal + 1), asset.partitions, up, self.now
                    )
                    inputs[dependency.slot] = columns.digest_of(self.columns[dependency.asset], read)
                self.columns[key].published(
                    ordinal, token=self.token, version=self.token, code="c1" if number % 2 else "c0",
                    inputs=inputs, at=at, run=f"r{self.token}",
                )  # fmt: skip
            case "failed":
                known = self.columns[key]
                if known.token_of(ordinal) == 0:
                    failure = columns.Failure(outcome="failed", run="r", at=at, attempts=1, error="E")
                    known.put(ordinal, columns.PartitionRow(key="", inputs={}, failure=failure))
            case "begun":
                self.reserved[key] = partition_set.PartitionSet.range(ordinal, ordinal + 1)
            case "ended":
                self.reserved.pop(key, None)
            case "asked":
                result = asking.results.get(key)
                if result is None or not result.asks:
                    return set()
                under_way = result.asks if number % 2 else operands.EMPTY
                self.asked[key] = operands.Asked(signatures=dict(result.signatures), under_way=under_way)
            case _:
                self.now += timedelta(hours=1 + 7 * number)
                return set()
        return {key}


@settings(max_examples=150, deadline=None)
@given(made=graphs(), events=EVENTS)
def test_incremental_evaluation_equals_evaluation_from_scratch(
    made: graph.Graph, events: list[tuple[str, int, int]]
) -> None:
    history, incremental = History(made), ticking.Ticking(made)
    incremental.turn(history.known(), None, history.now)
    for event in events:
        changed = history.happen(*event, incremental)
        incremental.turn(history.known(), changed, history.now)
        anew = ticking.Ticking(made)
        anew.turn(history.known(), None, history.now)
        for key, expected in anew.results.items():
            found = incremental.results[key]
            assert found.holds == expected.holds, (event, key)
            assert found.asks == expected.asks, (event, key)
            assert found.forced == expected.forced, (event, key)
            assert found.signatures == expected.signatures, (event, key)
        assert set(incremental.asking) == set(anew.asking)


def test_a_turn_looks_only_at_what_changed_and_what_is_below() -> None:
    assets = {f"a{n}": graph.Asset(key=f"a{n}", step=f"a{n}") for n in range(1000)}
    steps = {
        f"a{n}": graph.Step(
            key=f"a{n}",
            outputs=(f"a{n}",),
            code="c1",
            dependencies=() if n < 500 else (graph.Dependency(asset=f"a{n - 500}", mapping=IdentityMapping()),),
        )
        for n in range(1000)
    }
    eager = When.eager().condition
    asked: dict[str, automations.Automation] = {
        f"condition:a{n}": automations.AssetAutomation(asset=f"a{n}", condition=eager) for n in range(500, 1000)
    }
    made = graph.Graph(assets=assets, steps=steps, automations=asked)
    history, turns = History(made), ticking.Ticking(made)
    for n in range(1000):
        inputs = {f"a{n - 500}": n - 499} if n >= 500 else {}
        history.columns[f"a{n}"].published(0, token=n + 1, version=n + 1, code="c1", inputs=inputs, at=1, run="r")
    turns.turn(history.known(), None, history.now)
    assert not turns.asking
    assert turns.evaluated == 500
    for n in range(10):
        history.columns[f"a{n}"].published(0, token=5000 + n, version=5000 + n, code="c1", inputs={}, at=2, run="r")
    turns.turn(history.known(), {f"a{n}" for n in range(10)}, history.now)
    assert set(turns.asking) == {f"a{n}" for n in range(500, 510)}
    assert turns.evaluated == 10

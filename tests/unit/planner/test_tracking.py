"""Working out again only what something happened to gives what working out everything gives, as time goes on too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from weft import DailyPartitions, StaticPartitions
from weft.model import columns, graph, partition_set, pipelines, plan, policies
from weft.model.partitions import AllMapping, IdentityMapping, LastMapping
from weft.planner import pipelines as planned
from weft.planner import planning, tracking

START = datetime(2024, 1, 10, 12, tzinfo=UTC)
DAYS, PLACES = DailyPartitions("2024-01-08", end_date="2024-01-13"), StaticPartitions(["eu", "us"])
FRESHNESS = (
    None,
    policies.FreshnessPolicy(max_lag=3600.0 * 5),
    policies.FreshnessPolicy(max_lag=3600.0 * 30, warn=3600.0 * 4),
    policies.FreshnessPolicy(max_lag=0.0, cron="0 9 * * *", timezone="Europe/Vienna"),
)
SCHEDULES = (
    pipelines.Schedule(kind="cron", text="@daily", cron="0 0 * * *"),
    pipelines.Schedule(kind="cron", text="@daily", cron="0 0 * * *", catchup_last=2),
    pipelines.Schedule(kind="cron", text="@daily", cron="0 0 * * *", catchup_within=86400.0),
)
COUNT = 7


@st.composite
def graphs(draw: st.DrawFn) -> graph.Graph:
    """Up to seven assets, some made together, each reading some before it; and pipelines that read them."""
    assets: dict[str, graph.Asset] = {}
    steps: dict[str, graph.Step] = {}
    for place in range(COUNT):
        key, kind = f"a{place}", draw(st.sampled_from(["own", "own", "own", "with the last", "external"]))
        if kind == "with the last" and f"a{place - 1}" in steps:
            made = steps[f"a{place - 1}"]
            steps[made.key] = graph.Step(
                key=made.key, outputs=(*made.outputs, key), dependencies=made.dependencies, partitions=made.partitions,
                code=made.code, subsettable=draw(st.booleans()),
            )  # fmt: skip
            assets[key] = graph.Asset(
                key=key, step=made.key, partitions=made.partitions, freshness=draw(st.sampled_from(FRESHNESS))
            )
            continue
        divided = draw(st.sampled_from([None, None, DAYS, PLACES]))
        if kind == "external":
            assets[key] = graph.Asset(key=key, step=None, partitions=divided)
            continue
        above = draw(st.lists(st.sampled_from(sorted(assets)), unique=True, max_size=3)) if assets else []
        dependencies = tuple(
            graph.Dependency(
                asset=each,
                mapping=IdentityMapping()
                if assets[each].partitions == divided
                else draw(st.sampled_from([AllMapping(), LastMapping()]))
                if assets[each].partitions is not None
                else AllMapping(),
            )
            for each in above
        )
        assets[key] = graph.Asset(key=key, step=key, partitions=divided, freshness=draw(st.sampled_from(FRESHNESS)))
        steps[key] = graph.Step(key=key, outputs=(key,), dependencies=dependencies, partitions=divided, code="c1")
    asked = {}
    for number in range(draw(st.integers(0, 2))):
        inlets = draw(st.lists(st.sampled_from(sorted(assets)), unique=True, max_size=2))
        asked[f"p{number}"] = pipelines.Pipeline(
            name=f"p{number}", kind="dag", code="c1", partitions=DAYS, inlets=tuple(inlets),
            schedule=draw(st.sampled_from(SCHEDULES)), catchup=draw(st.booleans()),
        )  # fmt: skip
    return planned.included(graph.Graph(assets=assets, steps=steps, pipelines=asked))


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["made", "made", "made", "failed", "rejected", "accepted", "begun", "ended", "seen", "time"]),
        st.integers(0, COUNT + 1),
        st.integers(0, 5),
    ),
    max_size=30,
)


class History:
    """A world that events happen in, as the planner sees it."""

    def __init__(self, made: graph.Graph) -> None:
        self.graph = made
        self.now = START
        self.columns = {key: columns.Columns(0) for key in made.assets}
        self.reserved: dict[str, list[tuple[str, partition_set.PartitionSet]]] = {}
        self.activated: dict[str, int] = {}
        self.token = 1

    def observed(self) -> columns.Observed:
        return columns.Observed(
            columns=self.columns, manifests={}, seconds={}, reserved=self.reserved, activated=self.activated
        )

    def happen(self, kind: str, place: int, number: int) -> set[str]:
        """Let something happen; returns the assets of which something else is known then."""
        if kind == "time":
            self.now += timedelta(minutes=1) if number == 0 else timedelta(hours=1 + 5 * number)
            return set()
        if kind == "seen":
            self.activated[f"p{number % 2}"] = int(self.now.timestamp() * 1e6)
            return set()
        names = list(self.graph.assets)
        asset = self.graph.assets[names[place % len(names)]]
        universe = partition_set.PartitionSet.range(0, 1)
        if asset.partitions is not None:
            universe = asset.partitions.universe(self.now)
        ordinal, known = min(number, len(universe) - 1), self.columns[asset.key]
        self.token += 1
        at, inputs = int(self.now.timestamp() * 1e6), self.inputs(asset, ordinal)
        match kind:
            case "made":
                outputs = (asset.key,) if asset.step is None else self.graph.steps[asset.step].outputs
                for each in outputs:
                    self.columns[each].published(
                        ordinal, token=self.token, version=self.token, code="c1" if number % 3 else "c0",
                        inputs=inputs, at=at, run=f"r{self.token}",
                    )  # fmt: skip
                return set(outputs)
            case "begun":
                one = partition_set.PartitionSet.range(ordinal, ordinal + 1)
                self.reserved = {**self.reserved, asset.key: [("live", one)]}
                return set()
            case "ended":
                self.reserved = {}
                return set()
            case _:
                failure = columns.Failure(outcome="failed", run=f"r{self.token}", at=at, attempts=1, error="E")
                rejection = columns.Rejection(version=self.token, code="c1", inputs=inputs)
                accepted = ""
                if kind == "accepted" and asset.step is not None:
                    accepted = self.signature(asset.key, ordinal)
                known.put(
                    ordinal,
                    columns.PartitionRow(
                        key="", token=known.token_of(ordinal), inputs=inputs, code=known.code_of(ordinal),
                        version=known.versions[ordinal] if ordinal < known.size else 0,
                        made_at=known.made_at[ordinal] if ordinal < known.size else 0, made_by=known.run_of(ordinal),
                        failure=failure if kind != "accepted" else None,
                        rejection=rejection if kind == "rejected" else None, accepted=accepted,
                    ),
                )  # fmt: skip
                return {asset.key}

    def inputs(self, asset: graph.Asset, ordinal: int) -> dict[str, int]:
        found = {}
        for dependency in self.graph.steps[asset.step].dependencies if asset.step is not None else ():
            up = self.graph.assets[dependency.asset].partitions
            one = partition_set.PartitionSet.range(ordinal, ordinal + 1)
            read = dependency.mapping.upstream(one, asset.partitions, up, self.now)
            found[dependency.slot] = columns.digest_of(self.columns[dependency.asset], read)
        return found

    def signature(self, key: str, ordinal: int) -> str:
        made = tracking.Tracking(self.graph, list(self.graph.assets))
        made.turn(self.observed(), None, self.now)
        evaluation = made.evaluation(self.observed())
        step = self.graph.assets[key].step
        return evaluation.signature(key, ordinal) if step in evaluation.standings else ""


@settings(max_examples=250, deadline=None)
@given(made=graphs(), events=EVENTS, some=st.integers(1, 255))
def test_a_turn_gives_what_a_status_from_scratch_gives(
    made: graph.Graph, events: list[tuple[str, int, int]], some: int
) -> None:
    history, every = History(made), list(made.assets)
    chosen = [key for place, key in enumerate(every) if some >> place & 1] or every
    kept = [tracking.Tracking(made, each) for each in (every, chosen)]
    for event in (None, *events):
        changed = history.happen(*event) if event is not None else None
        for each, assets in zip(kept, (every, chosen), strict=True):
            found = each.turn(history.observed(), changed, history.now)
            expected = planning.status(made, history.observed(), history.now, assets)
            assert list(found) == list(expected)
            for key, status in expected.items():
                assert found[key] == status, (event, key)
        request = plan.Request(assets=tuple(every))
        if made.steps:
            known = kept[0].evaluation(history.observed())
            quick = planning.make(made, history.observed(), history.now, request, known=known)
            assert quick == planning.make(made, history.observed(), history.now, request)


def test_a_turn_works_out_what_changed_and_what_is_below_only() -> None:
    assets = {f"a{n}": graph.Asset(key=f"a{n}", step=f"a{n}") for n in range(1000)}
    steps = {
        f"a{n}": graph.Step(
            key=f"a{n}",
            outputs=(f"a{n}",),
            code="c1",
            dependencies=() if n < 100 else (graph.Dependency(asset=f"a{n - 100}", mapping=IdentityMapping()),),
        )
        for n in range(1000)
    }
    made = graph.Graph(assets=assets, steps=steps)
    history, kept = History(made), tracking.Tracking(made, list(assets))
    kept.turn(history.observed(), None, history.now)
    for n in range(1000):
        changed = history.happen("made", n, 1)
        kept.turn(history.observed(), changed, history.now)
        assert kept.evaluated <= 3, "what is missing all the same is not looked at again"
    assert {each.status for each in kept.turn(history.observed(), (), history.now).values()} == {"fresh"}
    assert kept.evaluated == 0
    history.happen("made", 5, 1)
    found = kept.turn(history.observed(), {"a5"}, history.now)
    assert {key for key, each in found.items() if each.status == "stale"} == {f"a{n}" for n in range(105, 1000, 100)}
    assert kept.evaluated == 10

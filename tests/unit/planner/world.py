"""A small world: what is desired as a real graph, what happens as events of a real ledger in memory, and the oracle
that watches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache

from tests.unit.planner import oracle
from weft.ledger import codec
from weft.model import columns as columns_model
from weft.model import events, graph, partition_set, partitions, plan, policies, stored
from weft.planner import evaluation, planning
from weft.planner import found as findings
from weft.stores import sqlite

Key = oracle.Key
Line = tuple[str, Key, str]


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, now: datetime) -> None:
        self.moment = now

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return 0.0


@cache
def definition(scheme: oracle.Scheme) -> partitions.Partitions | None:
    """The real partitions of a scheme."""
    match scheme.kind:
        case "static":
            return partitions.StaticPartitions(list(scheme.keys))
        case "daily":
            return partitions.DailyPartitions(start_date=scheme.start, end_date=scheme.end)
        case "monthly":
            return partitions.MonthlyPartitions(start_date=scheme.start, end_date=scheme.end)
        case "dynamic":
            return partitions.DynamicPartitions("keys").with_keys(scheme.keys, scheme.removed)
    return None


def mapping(reading: oracle.Reading) -> partitions.PartitionMapping:
    """The real mapping of a reading."""
    match reading.how:
        case "identity":
            return partitions.IdentityMapping()
        case "all":
            return partitions.AllMapping()
        case "last":
            return partitions.LastMapping()
        case "specific":
            return partitions.SpecificMapping(reading.table["*"])
        case "static":
            return partitions.StaticMapping(reading.table)
    return partitions.TimeWindowMapping(start_offset=reading.start, end_offset=reading.end)


def graph_of(desired: oracle.Desired) -> graph.Graph:
    """The real graph of what is desired."""
    assets = {
        key: graph.Asset(key=key, step=None, partitions=definition(scheme)) for key, scheme in desired.externals.items()
    }
    steps = {}
    for name, maker in desired.makers.items():
        made_of = definition(maker.scheme)
        steps[name] = graph.Step(
            key=name,
            outputs=maker.outputs,
            subsettable=maker.subsettable,
            partitions=made_of,
            code=maker.code,
            dependencies=tuple(graph.Dependency(asset=each.asset, mapping=mapping(each)) for each in maker.readings),
        )
        for asset in maker.outputs:
            lag = desired.lags.get(asset)
            assets[asset] = graph.Asset(
                key=asset,
                step=name,
                partitions=made_of,
                code_changes=desired.policies.get(asset, "stale"),
                freshness=None if lag is None else policies.FreshnessPolicy(max_lag=lag),
            )
    return graph.Graph(assets=assets, steps=steps)


class World:
    """Desired and observed, for the planner and for the oracle alike."""

    def __init__(self, desired: oracle.Desired, now: datetime) -> None:
        self.clock = Clock(now)
        self.ledger = sqlite.SqliteLedger(None, clock=self.clock)
        self.oracle = oracle.Oracle(desired, now)
        self.told: list[str] = []
        """What happened, in words, for whoever reads a failing case."""
        self.reserved: dict[str, list[tuple[str, partition_set.PartitionSet]]] = {}
        self.manifests: dict[str, Mapping[str, str]] = {}
        self._graph: graph.Graph | None = None
        self._tokens: dict[str, columns_model.Columns] = {}
        self._position = 0
        self._waiting: list[events.Event] = []

    @property
    def desired(self) -> oracle.Desired:
        return self.oracle.desired

    @property
    def now(self) -> datetime:
        return self.clock.moment

    @property
    def graph(self) -> graph.Graph:
        if self._graph is None:
            self._graph = graph_of(self.desired)
        return self._graph

    def redefine(self, desired: oracle.Desired, note: str = "redefined") -> None:
        """Change what is desired."""
        self.oracle.desired = desired
        self._graph = None
        self.told.append(note)

    def set_code(self, step: str, code: str) -> None:
        makers = {**self.desired.makers, step: replace(self.desired.makers[step], code=code)}
        self.redefine(replace(self.desired, makers=makers), f"code {step} {code}")

    def set_scheme(self, kind: str, scheme: oracle.Scheme) -> None:
        """Give every dynamic definition other keys."""
        makers = {
            name: replace(maker, scheme=scheme) if maker.scheme.kind == kind else maker
            for name, maker in self.desired.makers.items()
        }
        externals = {key: scheme if each.kind == kind else each for key, each in self.desired.externals.items()}
        note = f"{kind} keys {scheme.keys} without {set(scheme.removed)}"
        self.redefine(replace(self.desired, makers=makers, externals=externals), note)

    def advance(self, now: datetime) -> None:
        self.flush()
        self.clock.moment = self.oracle.now = now
        self.told.append(f"now {now:%Y-%m-%dT%H:%M}")

    # --- what happens ----------------------------------------------------------------------------------------------

    def append(self, event: events.Event, note: str = "") -> int:
        """Let something happen; it is written with what happens at the same moment."""
        self._position += 1
        self._waiting.append(event)
        self.oracle.happened(self._position, self.now, event)
        self.told.append(note or repr(event))
        return self._position

    def flush(self) -> None:
        if self._waiting:
            first = self.ledger.append(self._waiting)
            assert first + len(self._waiting) - 1 == self._position
            self._waiting = []

    def records(self, step: str, key: Key) -> dict[str, events.InputRecord]:
        """What a step run reads now, as the runtime records it."""
        found = {}
        real = self.graph.steps[step]
        ordinal = 0 if key is None or real.partitions is None else real.partitions.ordinal(key)
        for dependency in real.dependencies:
            up = self.graph.assets[dependency.asset].partitions
            read = dependency.mapping.upstream_of(ordinal, real.partitions, up, self.now)
            columns = self._columns_of(dependency.asset)
            found[dependency.asset] = events.InputRecord(digest=columns_model.digest_of(columns, read))
        return found

    def _columns_of(self, asset: str) -> columns_model.Columns:
        """Tokens of the current versions, as the columns that a run keeps have them."""
        real = self.graph.assets[asset].partitions
        columns = columns_model.Columns(0)
        for (name, key), entry in self.oracle.entries.items():
            if name == asset and entry.data is not None:
                ordinal = 0 if real is None or key is None else real.find(key)
                if ordinal is not None:
                    columns.grow(ordinal + 1)
                    columns.tokens[ordinal] = codec.token(entry.data)
        return columns

    def made(
        self, step: str, key: Key, versions: Mapping[str, str], *, rejected: bool = False
    ) -> tuple[events.Materialization, ...]:
        records = self.records(step, key)
        return tuple(
            events.Materialization(
                asset=asset,
                value=stored.StoredValue(format="none", data_version=version),
                code=self.desired.makers[step].code,
                inputs=records,
                rejected=rejected,
            )
            for asset, version in versions.items()
        )

    def succeed(self, step: str, key: Key, versions: Mapping[str, str], run: str = "r") -> int:
        return self.append(
            events.StepSucceeded(run=run, step=step, partition=key, outputs=self.made(step, key, versions)),
            f"make {step} {key} {dict(versions)}",
        )

    def fail(self, step: str, key: Key, rejected: Mapping[str, str] | None = None, message: str = "no") -> int:
        return self.append(
            events.AttemptFailed(
                run="r",
                step=step,
                partition=key,
                error=events.Error(kind="Error", message=message),
                assets=self.desired.makers[step].outputs,
                outputs=self.made(step, key, rejected, rejected=True) if rejected else (),
            ),
            f"reject {step} {key} {dict(rejected)}" if rejected else f"fail {step} {key}",
        )

    def reuse(self, step: str, keys: Sequence[Key], outputs: Sequence[str]) -> int:
        event = events.StepsFinished(
            run="r", step=step, partitions=tuple(keys), outcome="reused", assets=tuple(outputs)
        )
        return self.append(event, f"reuse {step} {list(keys)}")

    def observe(self, asset: str, key: Key, version: str) -> int:
        return self.append(
            events.Observed(asset=asset, partition=key, data_version=version), f"observe {asset} {key} {version}"
        )

    def report(self, asset: str, key: Key, version: str) -> int:
        """Note what somebody made by hand."""
        output = events.Materialization(asset=asset, value=stored.StoredValue(format="none", data_version=version))
        return self.append(events.Materialized(output=output, partition=key), f"by hand {asset} {key} {version}")

    def point(self, asset: str, key: Key, to: int, *, accept: bool) -> None:
        data, code, _ = self.oracle.versions[to][asset, key]
        digests = self._digests(asset, key, to)
        event = events.VersionPointed(
            asset=asset, partition=key, to=to, data_version=data, code=code, inputs=digests, by="me"
        )
        self.append(event, f"point {asset} {key} to {to} ({data})")
        if accept:
            signature = self.signature(asset, key)
            self.append(
                events.VersionPointed(
                    asset=asset, partition=key, to=to, data_version=data, code=code, inputs=digests, signature=signature
                ),
                f"point {asset} {key} to {to} ({data}), accepted",
            )

    def _digests(self, asset: str, key: Key, version: int) -> dict[str, events.InputRecord]:
        self.flush()
        return self.ledger.materializations(asset, [version])[version][1].inputs

    def accept(self, asset: str, key: Key) -> None:
        signature = self.signature(asset, key)
        event = events.Accepted(asset=asset, partition=key, signature=signature, reason="fine", by="me")
        self.append(event, f"accept {asset} {key}")

    def check(self, asset: str, key: Key, *, passed: bool) -> None:
        """Let checks run on their own against the current version."""
        entry = self.oracle.entry(asset, key)
        self.append(
            events.ChecksEvaluated(
                asset=asset,
                partition=key,
                results=(events.CheckResult(name="check", passed=passed, blocking=True),),
                version_id=entry.version,
                rejected=not passed,
                code=entry.code,
                inputs={} if passed else self._digests(asset, key, entry.version),
            ),
            f"check {asset} {key} {'passed' if passed else 'failed'}",
        )

    # --- what is planned -------------------------------------------------------------------------------------------

    def observed(self) -> columns_model.Observed:
        self.flush()
        assets = {key: asset.partitions for key, asset in self.graph.assets.items()}
        columns = self.ledger.columns(assets, external=frozenset(self.desired.externals))
        return columns_model.Observed(columns=columns, manifests=self.manifests, seconds={}, reserved=self.reserved)

    def signature(self, asset: str, key: Key) -> str:
        """The signature of the causes that stand against a partition, as acceptance records it."""
        real = self.graph.assets[asset]
        universe = findings.universe(real.partitions, self.now)
        found = evaluation.evaluate(self.graph, self.observed(), self.now, {asset: universe})
        ordinal = 0 if key is None or real.partitions is None else real.partitions.ordinal(key)
        assert real.step is not None
        return found.signature(asset, ordinal)

    def reserve(self, asset: str, keys: Iterable[Key], run: str = "other") -> None:
        real = self.graph.assets[asset].partitions
        ordinals = [0 if key is None or real is None else real.ordinal(key) for key in keys]
        self.reserved.setdefault(asset, []).append((run, partition_set.PartitionSet.of(ordinals)))

    def make_plan(self, request: plan.Request) -> plan.Plan:
        return planning.make(self.graph, self.observed(), self.now, request)

    def keys(self, asset: str, ordinals: Iterable[int]) -> list[Key]:
        real = self.graph.assets[asset].partitions
        return [None if real is None else real.key(each) for each in ordinals]

    def lines(self, made: plan.Plan) -> list[Line]:
        """The plan as (step, partition key, run_if)."""
        return [
            (step.step, key, step.run_if) for step in made.steps for key in self.keys(step.outputs[0], step.ordinals)
        ]

    def held(self, held: Iterable[plan.Held]) -> set[tuple[str, Key]]:
        """Held partitions as (step, partition key)."""
        found = set()
        for each in held:
            step = self.graph.assets[each.asset].step
            assert step is not None
            found |= {(step, key) for key in self.keys(each.asset, each.ordinals)}
        return found

    def __repr__(self) -> str:
        makers = "\n".join(f"  {name}: {maker}" for name, maker in self.desired.makers.items())
        happened = "\n".join(f"  {each}" for each in self.told)
        return (
            f"\ndesired now:\n{makers}\n  externals {dict(self.desired.externals)}\n  policies "
            f"{dict(self.desired.policies)} lags {dict(self.desired.lags)}\nhappened:\n{happened}\n"
        )

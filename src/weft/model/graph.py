"""The graph of assets and steps: what should exist, and what makes it.

A step makes one asset or several; an asset has at most one producing step and none when it is external. The graph
holds no functions: it is what a snapshot of the definitions says, and all that the planner needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from weft.model import automations, diagnostics, keys, pipelines, policies
from weft.model import partitions as partitioning


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """An asset that a step reads, by which mapping of partitions and into which parameter (None.

    It is only waited for).
    """

    asset: keys.AssetKey
    mapping: partitioning.PartitionMapping
    parameter: str | None = None
    again: bool = False
    """Whether the step reads the same asset by another dependency already, such as yesterday's beside today's."""

    @property
    def slot(self) -> str:
        """The name under which what is read here is recorded: the asset, or `asset@parameter` for a further one."""
        return f"{self.asset}@{self.parameter}" if self.again else self.asset


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check of an asset's data; a failed blocking one keeps the version from becoming current."""

    name: str
    asset: keys.AssetKey
    blocking: bool = False
    severity: policies.Severity = "error"
    description: str = ""
    location: diagnostics.SourceLocation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A piece of data that should exist. `step` names what makes it, None for an external asset."""

    key: keys.AssetKey
    step: keys.StepKey | None
    partitions: partitioning.Partitions | None = None
    group: str = "default"
    description: str = ""
    owners: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Metadata of the definition, each value as JSON text."""
    freshness: policies.FreshnessPolicy | None = None
    code_changes: policies.CodeChanges = "stale"
    io: str | None = None
    observable: bool = False
    """Whether an external asset has a function that observes its data version."""
    made_by: str | None = None
    """The pipeline that declares it as an outlet, of an asset that no step of the graph makes."""
    location: diagnostics.SourceLocation | None = None


CallableToKeys = Callable[[str], Iterable[str]]

StepKind = Literal["asset", "observe", "check", "pipeline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The unit of execution: what it reads, what it makes, the digest of its code and its policies."""

    key: keys.StepKey
    kind: StepKind = "asset"
    outputs: tuple[keys.AssetKey, ...] = ()
    subsettable: bool = False
    dependencies: tuple[Dependency, ...] = ()
    partitions: partitioning.Partitions | None = None
    code: str = ""
    """Digest of the code manifest."""
    policies: policies.Policies = policies.Policies()
    location: diagnostics.SourceLocation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A named selection of assets, to be run together."""

    name: str
    selection: str
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    schedule: pipelines.Schedule | None = None


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Assets and steps by key, without cycles, each dependency present; `define` sees to that before it makes one."""

    assets: Mapping[keys.AssetKey, Asset]
    steps: Mapping[keys.StepKey, Step]
    checks: tuple[Check, ...] = ()
    jobs: Mapping[str, Job] = field(default_factory=dict)
    pipelines: Mapping[str, pipelines.Pipeline] = field(default_factory=dict)
    """DAGs, flows and graphs of ops; their steps are in them, and not among the steps of the graph."""
    automations: Mapping[str, automations.Automation] = field(default_factory=dict)
    """Sensors, webhooks and conditions of assets, by id; schedules are the pipelines' own."""

    @cached_property
    def readers(self) -> Mapping[keys.AssetKey, tuple[keys.StepKey, ...]]:
        """The steps that read each asset; assets that nobody reads are absent."""
        found: dict[str, list[str]] = {}
        for step in self.steps.values():
            for dependency in step.dependencies:
                found.setdefault(dependency.asset, []).append(step.key)
        return {asset: tuple(steps) for asset, steps in found.items()}

    @cached_property
    def checks_of(self) -> Mapping[keys.AssetKey, tuple[Check, ...]]:
        """The checks of each asset that has some."""
        found: dict[str, list[Check]] = {}
        for check in self.checks:
            found.setdefault(check.asset, []).append(check)
        return {asset: tuple(checks) for asset, checks in found.items()}

    def upstream(self, asset: keys.AssetKey) -> Iterable[keys.AssetKey]:
        """The assets that `asset` is made from, directly."""
        step = self.assets[asset].step
        return () if step is None else (each.asset for each in self.steps[step].dependencies)

    def downstream(self, asset: keys.AssetKey) -> Iterable[keys.AssetKey]:
        """The assets that are made from `asset`, directly."""
        return (output for step in self.readers.get(asset, ()) for output in self.steps[step].outputs)

    @cached_property
    def order(self) -> tuple[keys.StepKey, ...]:
        """Every step after the steps that make what it reads; equal ranks in order of definition."""
        return tuple(topological(self.steps, self.producers_of))

    def producers_of(self, step: keys.StepKey) -> Iterable[keys.StepKey]:
        """The steps that make what `step` reads."""
        for dependency in self.steps[step].dependencies:
            producer = self.assets[dependency.asset].step
            if producer is not None:
                yield producer

    @cached_property
    def rank(self) -> Mapping[keys.StepKey, int]:
        """The place of each step in `order`."""
        return {step: place for place, step in enumerate(self.order)}


def topological(steps: Mapping[str, object], producers_of: CallableToKeys) -> list[str]:
    """Order steps so that each comes after its producers, keeping the given order where it can.

    A step that lies on a cycle is left out; `find_cycle` names one.
    """
    waiting: dict[str, int] = {}
    readers: dict[str, list[str]] = {}
    for step in steps:
        producers = {each for each in producers_of(step) if each in steps}
        waiting[step] = len(producers)
        for producer in producers:
            readers.setdefault(producer, []).append(step)
    ordered = [step for step in steps if waiting[step] == 0]
    for step in ordered:  # grows as it is walked
        for reader in readers.get(step, ()):
            waiting[reader] -= 1
            if waiting[reader] == 0:
                ordered.append(reader)
    return ordered


def find_cycle(unordered: Iterable[str], producers_of: CallableToKeys) -> list[str]:
    """Name one cycle among the steps that `topological` left out: the keys along it, the first repeated at the end.

    Each step that was left out has a producer that was left out too, so following these must come back.
    """
    members = set(unordered)
    path = [min(members)]
    while True:
        step = min(each for each in producers_of(path[-1]) if each in members)
        if step in path:
            return [step, *reversed(path[path.index(step) :])]
        path.append(step)

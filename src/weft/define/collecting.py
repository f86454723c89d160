"""Sorting what user modules hold into assets, checks, jobs, resources and IO managers."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from weft.define import asset_conditions, assets, checks, definitions, flows, jobs, problems, specs, tasks
from weft.define.automations import sensors, webhooks
from weft.define.dags import declaration, decorators
from weft.model import diagnostics
from weft.storage import protocol as storage

Definition: TypeAlias = (
    "assets.StepDefinition[..., Any] | specs.AssetSpec | checks.CheckDefinition | jobs.JobDefinition"
    " | definitions.Definitions | decorators.DagDefinition | declaration.Declaration | flows.FlowDefinition[..., Any]"
    " | flows.Deployment | tasks.TaskDefinition[..., Any] | sensors.SensorDefinition | webhooks.WebhookDefinition"
)
_CLASSES = (
    assets.StepDefinition,
    specs.AssetSpec,
    checks.CheckDefinition,
    jobs.JobDefinition,
    definitions.Definitions,
    decorators.DagDefinition,
    declaration.Declaration,
    flows.FlowDefinition,
    flows.Deployment,
    tasks.TaskDefinition,
    sensors.SensorDefinition,
    webhooks.WebhookDefinition,
)
_PIPELINES = (decorators.DagDefinition, declaration.Declaration, flows.FlowDefinition, flows.Deployment)


@dataclass(slots=True, kw_only=True)
class Collected:
    """What was found, each object once, in order."""

    steps: list[assets.StepDefinition[..., Any]] = field(default_factory=list)
    externals: list[specs.AssetSpec] = field(default_factory=list)
    checks: list[checks.CheckDefinition] = field(default_factory=list)
    jobs: list[jobs.JobDefinition] = field(default_factory=list)
    pipelines: list[Any] = field(default_factory=list)
    """DAGs, graphs of ops, flows and their deployments."""
    tasks: list[tasks.TaskDefinition[..., Any]] = field(default_factory=list)
    sensors: list[sensors.SensorDefinition] = field(default_factory=list)
    webhooks: list[webhooks.WebhookDefinition] = field(default_factory=list)
    resources: dict[str, object] = field(default_factory=dict)
    io_managers: dict[str, storage.IOManager] = field(default_factory=dict)
    seen: dict[int, object] = field(default_factory=dict)
    """By id, so that an object that several modules hold counts once."""
    named: set[tuple[str, str]] = field(default_factory=set)
    """The (kind, name) pairs that a `Definitions` gave."""
    clashes: dict[tuple[str, str], diagnostics.SourceLocation | None] = field(default_factory=dict)
    """Names that different objects have."""


def collect(objects: Iterable[tuple[str, object]], found: problems.Problems) -> Collected:
    """Sort `objects`, (name, object) pairs; lists and tuples of definitions count, other objects are left alone."""
    collected = Collected()
    for name, value in objects:
        if isinstance(value, _CLASSES):
            _add(value, collected, found)
        elif isinstance(value, (list, tuple)):
            if value and isinstance(value[0], _CLASSES):
                for each in value:
                    if isinstance(each, _CLASSES):
                        _add(each, collected, found)
        elif isinstance(value, storage.IOManager):
            _register(value, name, collected.io_managers, "IO manager", collected, None)
        elif _is_resource(value):
            _register(value, name, collected.resources, "resource", collected, None)
    _report_clashes(collected, found)
    _add_referenced(collected, found)
    # The outputs of a multi_asset may be in a module by name as well: they are not external.
    outputs = {id(spec) for step in collected.steps for spec in (step.options.get("specs") or ())}
    if outputs:
        collected.externals = [each for each in collected.externals if id(each) not in outputs]
    return collected


def _add_referenced(collected: Collected, found: problems.Problems) -> None:
    """Add definitions that others depend on as objects but that no module holds by name."""
    for step in collected.steps:  # grows as it is walked
        given = step.options
        for each in (*listed(given.get("deps")), *(given.get("ins") or {}).values()):
            target = each.asset if isinstance(each, specs.Dep) else each
            if isinstance(target, (assets.StepDefinition, specs.AssetSpec)):
                _add(target, collected, found)


def _add(value: Definition, collected: Collected, found: problems.Problems) -> None:
    if id(value) in collected.seen:
        return
    collected.seen[id(value)] = value
    match value:
        case assets.StepDefinition():
            collected.steps.append(value)
        case specs.AssetSpec():
            collected.externals.append(value)
        case checks.CheckDefinition():
            collected.checks.append(value)
        case jobs.JobDefinition():
            collected.jobs.append(value)
        case tasks.TaskDefinition():
            collected.tasks.append(value)
        case sensors.SensorDefinition():
            collected.sensors.append(value)
        case webhooks.WebhookDefinition():
            collected.webhooks.append(value)
        case definitions.Definitions():
            _add_listed(value, collected, found)
        case _ if isinstance(value, _PIPELINES):
            collected.pipelines.append(value)


def add_named(collected: Collected, named: Iterable[object], found: problems.Problems) -> None:
    """Add the assets that pipelines name as objects but that no module holds by name."""
    for each in named:
        if isinstance(each, (assets.StepDefinition, specs.AssetSpec)):
            _add(each, collected, found)
    _join_uris(collected)


def _join_uris(collected: Collected) -> None:
    """Keep one of the `Asset`s of one URI, and none where another asset of the project has the URI as an alias."""
    aliases: set[str] = set()
    for spec in specs_of(collected):
        if not isinstance(spec, asset_conditions.Asset):
            aliases.update(each for each in (spec.uri, *listed(spec.aliases)) if each)
    kept: dict[tuple[str, str | None], None] = {}
    left: list[specs.AssetSpec] = []
    for spec in collected.externals:
        if isinstance(spec, asset_conditions.Asset):
            place = (spec.key, spec.uri)
            if spec.uri in aliases or place in kept:
                continue
            kept[place] = None
        left.append(spec)
    collected.externals = left


def specs_of(collected: Collected) -> Iterable[specs.AssetSpec]:
    """Yield all that was said of assets: those from outside, and the outputs of each body."""
    yield from collected.externals
    for step in collected.steps:
        yield from step.outs.values()


def _add_listed(given: definitions.Definitions, collected: Collected, found: problems.Problems) -> None:
    wanted: tuple[tuple[str, Iterable[object], tuple[type, ...]], ...] = (
        ("assets", given.assets, (assets.StepDefinition, specs.AssetSpec)),
        ("checks", given.checks, (checks.CheckDefinition,)),
        ("jobs", given.jobs, (jobs.JobDefinition, *_PIPELINES)),
        ("pipelines", given.pipelines, _PIPELINES),
        ("sensors", given.sensors, (sensors.SensorDefinition,)),
        ("webhooks", given.webhooks, (webhooks.WebhookDefinition,)),
    )
    for argument, values, classes in wanted:
        for value in values:
            if isinstance(value, classes):
                _add(value, collected, found)  # type: ignore[arg-type]
            else:
                found.add(
                    "wrong-definition",
                    f"Definitions({argument}=[…]) has {value!r}, which is not one of its kind.",
                    remedy=f"List only {argument} there; the decorators of weft make them.",
                    location=given.location,
                )
    for name, resource in given.resources.items():
        _register(resource, name, collected.resources, "resource", collected, given.location)
    managers: Mapping[str, object] = given.io_managers
    for name, manager in managers.items():
        if isinstance(manager, storage.IOManager):
            _register(manager, name, collected.io_managers, "IO manager", collected, given.location)
        else:
            found.add(
                "wrong-definition",
                f"Definitions(io_managers=…) has {manager!r} under the name {name!r}, which is not an IOManager.",
                remedy="Subclass weft.IOManager and define write and read.",
                location=given.location,
            )


def _register(
    value: Any,
    name: str,
    into: dict[str, Any],
    kind: str,
    collected: Collected,
    location: diagnostics.SourceLocation | None,
) -> None:
    """Register an object under a name; a name that `Definitions` gives goes before the name of a variable."""
    known = into.get(name)
    listed_already = (kind, name) in collected.named
    if location is None and listed_already:
        return
    if known is not None and known is not value and (location is None) is not listed_already:
        collected.clashes.setdefault((kind, name), location)
        return
    if location is not None:
        collected.named.add((kind, name))
        collected.clashes.pop((kind, name), None)
    into[name] = value


def _report_clashes(collected: Collected, found: problems.Problems) -> None:
    for (kind, name), location in collected.clashes.items():
        found.add(
            "duplicate-name",
            f"Two different objects are the {kind} {name!r}.",
            remedy="Give one of them another name, or say which one is meant: weft.Definitions(…).",
            location=location,
        )


def _is_resource(value: object) -> bool:
    module = sys.modules.get("weft.define.resources")
    return module is not None and isinstance(value, module.Resource)


def listed(given: Any) -> tuple[Any, ...]:
    """Return one thing or several as a tuple."""
    if given is None:
        return ()
    if isinstance(given, (list, tuple, set, frozenset)):
        return tuple(given)
    return (given,)

"""From the sensors, webhooks and conditions that users write to those of the graph, checked against it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from weft.define import bodies, durations, flows, job_building, jobs, parameters, problems, signatures, specs
from weft.define.automations import conditions, sensors, webhooks
from weft.define.dags import declaration, decorators
from weft.model import automations, diagnostics, errors, graph, keys, selection, spelling

LEAST_INTERVAL = 1.0
"""Seconds between two looks of a sensor, at the least."""

_PIPELINES = (decorators.DagDefinition, declaration.Declaration, flows.FlowDefinition, flows.Deployment)
_ENVIRONMENT = re.compile(r"(?:env:)?([A-Za-z_][A-Za-z0-9_]*)\Z")
_PATH = re.compile(r"\$(?:\.[A-Za-z_][\w-]*|\[\d+\]|\[\"[^\"]+\"\])*\Z")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")


@dataclass(slots=True, kw_only=True)
class Built:
    """The automations by id, and the functions of those that are sensors."""

    automations: dict[str, automations.Automation] = field(default_factory=dict)
    sensors: dict[str, bodies.SensorBody] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What users wrote."""

    sensors: Iterable[sensors.SensorDefinition] = ()
    webhooks: Iterable[webhooks.WebhookDefinition] = ()
    specs: Iterable[specs.AssetSpec] = ()


def build(given: Given, built: graph.Graph, scope: parameters.Scope) -> Built:
    """Make the automations; what is wrong is added to `scope.found` and left out."""
    made, found = Built(), scope.found
    for sensor in given.sensors:
        if (each := _sensor(sensor, built, found)) is not None and _is_new(made, each, found):
            made.automations[each.id] = each
            made.sensors[each.id] = _body(sensor, scope)
    for webhook in given.webhooks:
        if (hook := _webhook(webhook, built, found)) is not None and _is_new(made, hook, found):
            made.automations[hook.id] = hook
    for spec in given.specs:
        if (condition := _condition(spec, built, found)) is not None:
            made.automations[condition.id] = condition
    return made


def _is_new(made: Built, each: automations.Sensor | automations.Webhook, found: problems.Problems) -> bool:
    known = made.automations.get(each.id)
    if known is None:
        return True
    kind = each.id.partition(":")[0]
    found.add(
        f"duplicate-{kind}",
        f"The {kind} {each.name!r} is defined twice: at {known.location} and at {each.location}.",
        remedy="Give one of them another name.",
        location=each.location,
    )
    return False


def _named(kind: str, name: object, location: diagnostics.SourceLocation | None, found: problems.Problems) -> bool:
    problem = keys.problem_with(name) if isinstance(name, str) else f"The name {name!r} is no text."
    if problem is not None:
        found.add("bad-key", f"The {kind} {name!r}: {problem}", remedy="Give it another name.", location=location)
    return problem is None


# --- targets ----------------------------------------------------------------------------------------------------------


def _target(given: Any, built: graph.Graph) -> automations.Target:
    """Find what is meant.

    Raises:
        UsageError: there is no such pipeline, or the selection is wrong or selects nothing.
    """
    if isinstance(given, jobs.JobDefinition):
        return automations.Target(selection=f"job:{given.name}")
    if isinstance(given, _PIPELINES):
        given = given.name
        if given not in built.pipelines:
            raise errors.UsageError(
                f"its target {given!r} is not among the definitions.", remedy="Keep it in a module of the project."
            )
    if isinstance(given, str) and given in built.pipelines:
        return automations.Target(pipeline=given)
    if isinstance(given, str) and given in built.jobs:
        return automations.Target(selection=f"job:{given}")
    if given is None or given == "":
        raise errors.UsageError("it has no target.", remedy='Write target="pipeline", or target="group:trading".')
    if isinstance(given, str) and keys.problem_with(given) is None:
        known_names = [*built.pipelines, *built.jobs, *built.assets]
        if not any(name == given or name.endswith(f"/{given}") for name in known_names):
            raise errors.UsageError(
                f"its target {given!r} is no pipeline, no job and no asset.",
                remedy=spelling.did_you_mean(given, known_names) or "`weft ls` shows what there is to select.",
            )
    text = job_building.selection_of(given)
    parsed = selection.parse(text)
    if not selection.needs_status(parsed, built) and not selection.select(parsed, built, None):
        known = ", ".join(list(built.pipelines)[:5])
        raise errors.UsageError(
            f"its target {text!r} is no pipeline and selects no asset.",
            remedy=f"There are the pipelines {known}." if known else "`weft ls` shows what there is to select.",
        )
    return automations.Target(selection=text)


# --- sensors ----------------------------------------------------------------------------------------------------------


def _sensor(
    definition: sensors.SensorDefinition, built: graph.Graph, found: problems.Problems
) -> automations.Sensor | None:
    given, location = definition.given, definition.location
    if not _named("sensor", definition.name, location, found):
        return None
    subject = f"The sensor {definition.name!r}"
    target = found.attempt("wrong-sensor", subject, location, partial(_target, given.get("target"), built), None)
    times = {}
    for name, default, least in (("every", 30.0, LEAST_INTERVAL), ("timeout", 60.0, 0.1)):
        times[name] = found.attempt(
            "wrong-sensor",
            subject,
            location,
            partial(durations.seconds, given.get(name, default), what=name, least=least),
            default,
        )
    if target is None:
        return None
    return automations.Sensor(
        name=definition.name,
        target=target,
        every=times["every"],
        timeout=times["timeout"],
        paused=bool(given.get("paused", False)),
        description=definition.description,
        location=location,
    )


def _body(definition: sensors.SensorDefinition, scope: parameters.Scope) -> bodies.SensorBody:
    subject = f"The sensor {definition.name!r}"
    body = parameters.Body(subject=subject, location=definition.location)
    filling = parameters.fill(body, signatures.read(definition.function), scope)
    for name in filling.free:
        if name in scope.resources:
            filling.resources[name] = name
        elif name not in filling.optional:
            scope.found.add(
                "unknown-resource",
                f"{subject} has a parameter {name!r}, and there is no resource of that name.",
                remedy=scope.found.suggestion(name, scope.resources)
                or f'A sensor gets `context` and resources. Add it: Definitions(resources={{"{name}": …}}).',
                location=definition.location,
            )
    return bodies.SensorBody(name=definition.name, function=definition.function, parameters=filling.parameters())


# --- webhooks ---------------------------------------------------------------------------------------------------------


def _webhook(
    definition: webhooks.WebhookDefinition, built: graph.Graph, found: problems.Problems
) -> automations.Webhook | None:
    location = definition.location
    if not _named("webhook", definition.name, location, found):
        return None
    subject = f"The webhook {definition.name!r}"
    before = len(found.found)

    def attempt(make: Any, *arguments: Any, **named: Any) -> Any:
        return found.attempt("wrong-webhook", subject, location, partial(make, *arguments, **named), None)

    target = attempt(_target, definition.target, built)
    secret = attempt(_secret, definition.secret)
    params = attempt(_params, definition.params, target)
    partition = attempt(_path, "partition", definition.partition)
    dedupe = attempt(_dedupe, definition.dedupe)
    signature = attempt(_signature, definition.signature)
    tolerance = attempt(durations.seconds, definition.tolerance, what="tolerance", exclusive=True)
    most_bytes = attempt(_most_bytes, definition.most_bytes)
    if len(found.found) > before:
        return None
    return automations.Webhook(
        name=definition.name,
        target=target,
        secret=secret,
        params=params,
        partition=partition,
        dedupe=dedupe,
        signature=signature,
        tolerance=tolerance,
        most_bytes=most_bytes,
        paused=bool(definition.paused),
        description=definition.description,
        location=location,
    )


def _secret(given: object) -> str:
    name = given if isinstance(given, str) else getattr(given, "name", None)
    match = _ENVIRONMENT.match(name) if isinstance(name, str) else None
    if match is None:
        raise errors.UsageError(
            "its secret names no environment variable.",
            remedy='Write secret=EnvVar("ORDERS_SECRET"); the secret itself is never written into definitions.',
        )
    return f"env:{match[1]}"


def _path(what: str, given: object) -> str:
    if not isinstance(given, str) or (given.startswith("$") and not _PATH.match(given)):
        raise errors.UsageError(
            f"{what} is {given!r}, which is no path.", remedy='Write "$.order.id", "$.lines[0].sku", or a plain value.'
        )
    return given


def _params(given: object, target: automations.Target | None) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise errors.UsageError(f"params is {given!r}.", remedy='Write params={"order": "$.id"}.')
    found: dict[str, str] = {}
    for name, value in given.items():
        found[str(name)] = _path(f"params[{name!r}]", value if isinstance(value, str) else str(value))
    if given and target is not None and not target.pipeline:
        raise errors.UsageError("params are given, but its target are assets.", remedy="Assets have no parameters.")
    return found


def _dedupe(given: object) -> str:
    if isinstance(given, str):
        head, _, name = given.partition(":")
        if not given or _PATH.match(given) or (head == "header" and _HEADER.match(name)):
            return given
    raise errors.UsageError(f"dedupe is {given!r}.", remedy='Write "$.id", or "header:X-GitHub-Delivery".')


def _signature(given: object) -> automations.Signature:
    if isinstance(given, str) and given in webhooks.SIGNATURES:
        return webhooks.SIGNATURES[given]
    if isinstance(given, automations.Signature):
        if not _HEADER.match(given.header) or given.encoding not in ("hex", "base64"):
            raise errors.UsageError(
                f"signature is {given!r}.", remedy='It needs a header, and the encoding "hex" or "base64".'
            )
        return given
    raise errors.UsageError(
        f"signature is {given!r}.", remedy=f"Write one of {', '.join(webhooks.SIGNATURES)}, or a Signature(header=…)."
    )


def _most_bytes(given: Any) -> int:
    if isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= 25_000_000:
        return given
    raise errors.UsageError(f"most_bytes is {given!r}.", remedy="Write a whole number from 1 to 25000000.")


# --- conditions -------------------------------------------------------------------------------------------------------


def _condition(
    spec: specs.AssetSpec, built: graph.Graph, found: problems.Problems
) -> automations.AssetAutomation | None:
    given: Any = spec.automation
    asset = built.assets.get(spec.key)
    if given is None or asset is None:
        return None
    problem = remedy = ""
    if not isinstance(given, conditions.AutomationCondition):
        problem, remedy = f"automation is {given!r}.", "Write automation=AutomationCondition.eager()."
    elif asset.step is None:
        problem, remedy = "it has an automation, but nothing here makes it.", "Give it to an asset with a function."
    elif any(each.kind == "late" for each in given.condition.walk()) and asset.freshness is None:
        problem, remedy = "its automation asks whether it is late.", 'Give it freshness=FreshnessPolicy(max_lag="1h").'
    if problem:
        found.add("wrong-automation", f"The asset {spec.key!r}: {problem}", remedy=remedy, location=spec.location)
        return None
    return automations.AssetAutomation(asset=spec.key, condition=given.condition, location=spec.location)

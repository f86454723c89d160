"""How the parameters of a body are filled: which are the context, the config, resources and inputs."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from weft.define import assets, bodies, context, key_index, problems, signatures, specs
from weft.model import diagnostics, keys

if TYPE_CHECKING:
    from weft.model import partitions as partitioning


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """All that names are looked up in."""

    assets: key_index.KeyIndex
    resources: Mapping[str, object]
    found: problems.Problems


@dataclass(slots=True, kw_only=True)
class Body:
    """A body whose parameters are being filled: what it is called in messages, and what was said of its parameters."""

    subject: str
    prefix: str = ""
    location: diagnostics.SourceLocation | None = None
    ins: Mapping[str, Any] = field(default_factory=dict)
    resources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Read:
    """An input: the asset, the parameter that gets it, and the mapping where one was given."""

    asset: keys.AssetKey
    parameter: str | None
    mapping: partitioning.PartitionMapping | None = None


@dataclass(slots=True, kw_only=True)
class Filling:
    """How the parameters are filled, as far as it is known. `free` names those that may only be inputs."""

    context: str | None = None
    config: tuple[str, type] | None = None
    resources: dict[str, str] = field(default_factory=dict)
    reads: list[Read] = field(default_factory=list)
    free: list[str] = field(default_factory=list)
    annotations: Mapping[str, Any] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    unresolved: frozenset[str] = frozenset()

    def parameters(self) -> bodies.Parameters:
        """Return the compiled form."""
        return bodies.Parameters(
            context=self.context,
            config=self.config,
            resources=self.resources,
            inputs={each.parameter: each.asset for each in self.reads if each.parameter is not None},
            annotations=self.annotations,
        )


def fill(body: Body, signature: signatures.Signature, scope: Scope) -> Filling:
    """Find what fills each parameter, except those in `free`, which only an input can fill. Adds what is wrong."""
    filling = Filling(annotations=signature.annotations, optional=signature.optional, unresolved=signature.unresolved)
    annotations = signature.annotations
    for name in signature.names:
        annotation = annotations.get(name, signatures.MISSING)
        if name in body.ins:
            filling.reads.extend(read_of(body.ins[name], name, body, scope))
        elif name == "context" or is_context(annotation):
            filling.context = name
        elif name == "config" and not scope.assets.find(name):
            _fill_config(name, annotation, filling, body, scope)
        elif name in body.resources:
            _fill_resource(name, body.resources[name], filling, body, scope)
        elif signatures.is_resource(annotation):
            fill_by_class(name, annotation, filling, body, scope)
        elif (dep := _dep_within(annotation)) is not None:
            filling.reads.extend(read_of(dep, name, body, scope))
        else:
            filling.free.append(name)
    for given, argument in ((body.ins, "ins"), (body.resources, "resources")):
        for name in given:
            if name not in signature.names:
                scope.found.add(
                    "unknown-parameter",
                    f"{body.subject} has {argument}= for a parameter {name!r} that its function doesn't have.",
                    remedy=scope.found.suggestion(name, signature.names) or f"Take it out of {argument}=.",
                    location=body.location,
                )
    for name in signature.positional:
        scope.found.add(
            "positional-only",
            f"{body.subject} has the parameter {name!r} before a '/', so that it can't be filled by name.",
            remedy="Take the '/' out of the parameters.",
            location=body.location,
        )
    return filling


def fill_inputs(filling: Filling, body: Body, scope: Scope) -> None:
    """Fill the free parameters with assets and resources by their names. Adds what is wrong."""
    for name in filling.free:
        matches = scope.assets.find(name, body.prefix)
        is_resource = name in scope.resources
        if len(matches) == 1 and not is_resource:
            filling.reads.append(Read(matches[0], name))
        elif is_resource and not matches:
            filling.resources[name] = name
        elif name in filling.optional:
            continue
        elif is_resource:
            scope.found.add(
                "ambiguous-parameter",
                f"{body.subject}: the parameter {name!r} may be the resource {name!r} or the asset {matches[0]!r}.",
                remedy=f"Say which: resources={{{name!r}: {name!r}}} or ins={{{name!r}: {matches[0]!r}}}.",
                location=body.location,
            )
        elif matches:
            _report_ambiguous(name, matches, body, scope)
        else:
            _report_missing(name, filling.annotations.get(name), body, scope)


def read_of(given: Any, parameter: str | None, body: Body, scope: Scope) -> list[Read]:
    """Return the input that `deps=`, `ins=` or an annotation gives; several for several outputs. Adds what is wrong."""
    mapping = None
    if isinstance(given, specs.Dep):
        given, mapping = given.asset, given.mapping
    match given:
        case assets.AssetDefinition() | specs.AssetSpec():
            return [Read(given.key, parameter, mapping)]
        case assets.StepDefinition() if parameter is None:
            return [Read(key, None, mapping) for key in given.keys]
        case str():
            matches = scope.assets.find(given, body.prefix)
            if len(matches) == 1:
                return [Read(matches[0], parameter, mapping)]
            if matches:
                _report_ambiguous(given, matches, body, scope)
            else:
                _report_missing(given, None, body, scope)
            return []
        case _:
            scope.found.add(
                "wrong-dependency",
                f"{body.subject} depends on {given!r}, which names no one asset.",
                remedy="Give a key, an asset, or Dep(asset, mapping=…).",
                location=body.location,
            )
            return []


def is_context(annotation: Any) -> bool:
    """Whether a parameter of this annotation gets the run's context."""
    return annotation is context.Context or (isinstance(annotation, type) and context.Context in annotation.__mro__)


def _dep_within(annotation: Any) -> specs.Dep | None:
    if typing.get_origin(annotation) is not typing.Annotated:
        return None
    return next((each for each in annotation.__metadata__ if isinstance(each, specs.Dep)), None)


def _fill_config(name: str, annotation: Any, filling: Filling, body: Body, scope: Scope) -> None:
    if signatures.is_model(annotation):
        filling.config = (name, annotation)
    elif name not in filling.optional:
        given = (
            "no type" if annotation is signatures.MISSING else f"the type {annotation!r}, which is no pydantic model"
        )
        if name in filling.unresolved:
            given = "a type that can't be found from its module"
        scope.found.add(
            "config-without-type",
            f"{body.subject}: the parameter {name!r} has {given}, so that its values can't be checked.",
            remedy="Annotate it with a pydantic model that is defined or imported at the top of the module.",
            location=body.location,
        )


def _fill_resource(parameter: str, name: str, filling: Filling, body: Body, scope: Scope) -> None:
    if name in scope.resources:
        filling.resources[parameter] = name
    else:
        _report_resource(name, parameter, body, scope)


def fill_by_class(name: str, annotation: type, filling: Filling, body: Body, scope: Scope) -> None:
    """Fill a parameter with the resource of its name, else with the only one of its class. Adds what is wrong."""
    if name in scope.resources:
        filling.resources[name] = name
        return
    # One object may have several names: a module that imports it under another one.
    by_object: dict[int, str] = {}
    for each, value in scope.resources.items():
        if isinstance(value, annotation) or (isinstance(value, type) and issubclass(value, annotation)):
            by_object.setdefault(id(value), each)
    matches = list(by_object.values())
    if len(matches) == 1:
        filling.resources[name] = matches[0]
    elif matches:
        scope.found.add(
            "ambiguous-parameter",
            f"{body.subject}: the parameter {name!r} may be any of the resources {', '.join(map(repr, matches))}.",
            remedy=f"Say which: resources={{{name!r}: {matches[0]!r}}}.",
            location=body.location,
        )
    elif name not in filling.optional:
        _report_resource(name, name, body, scope)


def _report_resource(name: str, parameter: str, body: Body, scope: Scope) -> None:
    remedy = f'Add it: Definitions(resources={{"{name}": …}}).'
    near = scope.found.suggestion(name, scope.resources)
    scope.found.add(
        "unknown-resource",
        f"{body.subject} needs the resource {name!r} for its parameter {parameter!r}, and there is none.",
        remedy=f"{near} {remedy}" if near else remedy,
        location=body.location,
    )


def _report_ambiguous(name: str, matches: list[str], body: Body, scope: Scope) -> None:
    scope.found.add(
        "ambiguous-dependency",
        f"{body.subject} depends on {name!r}, which may be {' or '.join(map(repr, matches[:5]))}.",
        remedy=f"Give the whole key: ins={{{name!r}: {matches[0]!r}}} for a parameter, or the key in deps=.",
        location=body.location,
    )


def _report_missing(name: str, annotation: Any, body: Body, scope: Scope) -> None:
    remedy = f'If the data comes from outside, declare it: AssetSpec("{name}").'
    if signatures.is_model(annotation):
        remedy = f"If it is the config, call the parameter `config`. {remedy}"
    near = scope.found.suggestion(name, [*scope.assets.keys, *scope.resources])
    scope.found.add(
        "missing-dependency",
        f"{body.subject} depends on {name!r}, which is not defined.",
        remedy=f"{near} {remedy}" if near else remedy,
        location=body.location,
    )

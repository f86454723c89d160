"""From what user modules hold to one checked graph with its bodies.

The order matters: first all assets are declared, so that names can be resolved; then each body's parameters are filled
and its inputs linked; then the graph as a whole is judged (cycles, jobs). Every problem is collected on the way and all
are raised at once; what has one is left out, so that the rest is still judged.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from weft.define import (
    assets,
    bodies,
    check_building,
    collecting,
    describing,
    job_building,
    judging,
    key_index,
    lasting,
    linking,
    parameters,
    policy_building,
    problems,
    signatures,
    specs,
)
from weft.define.automations import building as automation_building
from weft.define.dags import building as dag_building
from weft.define.dags import codes, drawing
from weft.model import automations, code, diagnostics, graph, keys
from weft.model import policies as model_policies
from weft.storage import protocol as storage

USER_ALGORITHM = "user"
"""The algorithm of a code version that the user named with `code_version=`."""
DEFAULT_IO = "default"

_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

Fingerprint = Callable[[Callable[..., object]], code.CodeManifest]


@dataclass(slots=True, kw_only=True)
class _Declared:
    """A step whose outputs are in the graph."""

    definition: assets.StepDefinition[..., Any]
    outputs: tuple[keys.AssetKey, ...]
    names: Mapping[str, keys.AssetKey]
    signature: signatures.Signature


@dataclass(slots=True, kw_only=True)
class _Building:
    found: problems.Problems
    managers: describing.Managers
    code_changes: model_policies.CodeChanges
    assets: dict[keys.AssetKey, graph.Asset] = field(default_factory=dict)
    steps: dict[keys.StepKey, graph.Step] = field(default_factory=dict)
    made: dict[keys.StepKey, bodies.StepBody] = field(default_factory=dict)
    observers: dict[keys.AssetKey, bodies.StepBody] = field(default_factory=dict)
    manifests: dict[str, code.CodeManifest] = field(default_factory=dict)
    known: signatures.Known = field(default_factory=dict)


def build(
    objects: Iterable[tuple[str, object]],
    *,
    fingerprint: Fingerprint,
    default_io: storage.IOManager,
    code_changes: model_policies.CodeChanges = "stale",
) -> bodies.BuiltDefinitions:
    """Build everything that user modules define.

    Args:
        objects: (name, object) pairs as the modules hold them; objects that define nothing are left alone.
        fingerprint: takes a function to the manifest of its code.
        default_io: the IO manager where an asset names none; `Definitions(io_managers={"default": …})` goes before it.
        code_changes: what a code change means for history where an asset doesn't say.

    Raises:
        DefinitionsError: with everything that is wrong.
    """
    with lasting.collection_paused():
        return _build(objects, fingerprint, default_io, code_changes)


def _build(
    objects: Iterable[tuple[str, object]],
    fingerprint: Fingerprint,
    default_io: storage.IOManager,
    code_changes: model_policies.CodeChanges,
) -> bodies.BuiltDefinitions:
    found = problems.Problems()
    collected = collecting.collect(objects, found)
    drawn = drawing.draw(collected.pipelines, found)
    collecting.add_named(collected, drawing.assets_of(drawn), found)
    collected.io_managers.setdefault(DEFAULT_IO, default_io)
    building = _Building(
        found=found,
        managers=describing.Managers(by_name=collected.io_managers, found=found),
        code_changes=code_changes,
    )
    for spec in collected.externals:
        _declare(building, spec, None)
    declared = [each for step in collected.steps if (each := _declare_step(building, step)) is not None]
    judging.check_aliases(building.assets, found)
    named = drawing.Assets(building.assets, found)
    for pipeline in drawn:
        drawing.note_makers(pipeline, named)
    scope = parameters.Scope(assets=key_index.KeyIndex(building.assets), resources=collected.resources, found=found)
    checks = check_building.build_checks(collected.checks, building.assets, scope)
    linker = linking.Linker(building.assets, found)
    for each in declared:
        _build_step(building, each, scope, linker, checks, fingerprint)
    for spec in collected.externals:
        if spec.observe is not None and building.assets.get(spec.key) is not None:
            _build_observer(building, spec, scope, checks)
    fingerprints = codes.Codes(fingerprint, building.manifests)
    made = dag_building.build(
        drawn, scope=scope, assets=named, fingerprints=fingerprints, storage_of=lambda key: _storage_of(building, key)
    )
    dag_building.add_module_tasks(collected.tasks, made, fingerprints)
    found_jobs = job_building.jobs_of(collected.jobs, found, named)
    asking: dict[str, automations.Automation] = {}
    result = graph.Graph(
        assets=building.assets,
        steps=building.steps,
        checks=tuple(each.check for several in checks.values() for each in several),
        jobs={name: each.job for name, each in found_jobs.items()},
        pipelines=made.pipelines,
        automations=asking,
    )
    dag_building.check_names(made, judging.other_names(result, found_jobs), found)
    judging.check_cycles(result, found)
    job_building.check_selections(found_jobs, result, found)
    automated = automation_building.build(
        automation_building.Given(
            sensors=collected.sensors, webhooks=collected.webhooks, specs=collecting.specs_of(collected)
        ),
        result,
        scope,
    )
    asking.update(automated.automations)
    found.raise_if_any()
    return bodies.BuiltDefinitions(
        graph=result,
        bodies=building.made,
        resources=collected.resources,
        io_managers=collected.io_managers,
        manifests=building.manifests,
        observers=building.observers,
        tasks=made.tasks,
        pipelines=made.bodies,
        sensors=automated.sensors,
    )


def _storage_of(building: _Building, key: keys.AssetKey) -> tuple[str | None, str | None]:
    """Return the IO manager of an asset, None for the default one, and the pool that it needs."""
    name = building.assets[key].io
    return name, building.managers.by_name[name or DEFAULT_IO].pool


def _declare(building: _Building, spec: specs.AssetSpec, step: keys.StepKey | None) -> bool:
    """Put an asset into the graph; tell whether its key is well spelt and new."""
    problem = keys.problem_with(spec.key) if isinstance(spec.key, str) else f"The key {spec.key!r} is no text."
    if problem is not None:
        building.found.add("bad-key", problem, remedy="Give it another name.", location=spec.location)
        return False
    known = building.assets.get(spec.key)
    if known is not None:
        same_step = step is not None and known.step == step and known.location == spec.location
        building.found.add(
            "output-clash" if same_step else "duplicate-asset",
            f"Two outputs of one body are the asset {spec.key!r}."
            if same_step
            else f"The asset {spec.key!r} is defined twice: at {known.location} and at {spec.location}.",
            remedy="Give one of them another name or key_prefix.",
            location=spec.location,
        )
        return False
    building.assets[spec.key] = describing.asset_of(
        spec, step=step, managers=building.managers, found=building.found, code_changes=building.code_changes
    )
    return True


def _declare_step(building: _Building, definition: assets.StepDefinition[..., Any]) -> _Declared | None:
    found = building.found
    key = definition.step_key
    multiple = isinstance(definition, assets.MultiAssetDefinition)
    if multiple:
        problem = keys.problem_with(key)
        if problem is not None:
            found.add("bad-key", problem, remedy="Give the step another name.", location=definition.location)
            return None
        if key in building.steps:
            found.add(
                "duplicate-step",
                f"Two bodies are the step {key!r}: at {building.steps[key].location} and at {definition.location}.",
                remedy="Give one of them another name or key_prefix.",
                location=definition.location,
            )
            return None
    outs = definition.outs
    names = {name: spec.key for name, spec in outs.items() if _declare(building, spec, key)}
    if not names:
        return None
    if multiple:
        _check_same_partitions(definition, [building.assets[each] for each in names.values()], found)
    # The step's place is taken at once, so that the next step of that name is seen as its duplicate.
    if key in building.steps:
        found.add(
            "duplicate-step",
            f"Two bodies are the step {key!r}: at {building.steps[key].location} and at {definition.location}.",
            remedy="Give one of them another name or key_prefix.",
            location=definition.location,
        )
        return None
    building.steps[key] = graph.Step(key=key, location=definition.location)
    signature = signatures.read(definition.function, building.known)
    return _Declared(definition=definition, outputs=tuple(names.values()), names=names, signature=signature)


def _check_same_partitions(
    definition: assets.StepDefinition[..., Any], outputs: list[graph.Asset], found: problems.Problems
) -> None:
    first = outputs[0]
    for other in outputs[1:]:
        if other.partitions is not first.partitions and other.partitions != first.partitions:
            found.add(
                "partition-mismatch",
                f"The outputs {first.key!r} and {other.key!r} of the body {definition.step_key!r} "
                "are not divided in the same way.",
                remedy="Give all outputs of a body the same partitions: partitions= of @multi_asset.",
                location=definition.location,
            )
            return


def _build_step(
    building: _Building,
    declared: _Declared,
    scope: parameters.Scope,
    linker: linking.Linker,
    checks: Mapping[keys.AssetKey, list[bodies.CheckBody]],
    fingerprint: Fingerprint,
) -> None:
    definition, given = declared.definition, declared.definition.options
    key, found = definition.step_key, building.found
    body = parameters.Body(
        subject=f"The asset {key!r}" if len(declared.names) == 1 else f"The body {key!r}",
        prefix=key.rpartition("/")[0],
        location=definition.location,
        ins=_mapping_given(given, "ins", key, definition.location, found),
        resources=_mapping_given(given, "resources", key, definition.location, found),
    )
    filling = parameters.fill(body, declared.signature, scope)
    parameters.fill_inputs(filling, body, scope)
    if given.get("deps") is not None:
        for dep in collecting.listed(given["deps"]):
            filling.reads.extend(parameters.read_of(dep, None, body, scope))
    first = building.assets[declared.outputs[0]]
    dependencies = linker.dependencies(
        filling.reads, down=first.partitions, subject=body.subject, location=definition.location
    )
    manifest = _manifest_of(definition, fingerprint, found)
    digest = manifest.digest
    building.manifests.setdefault(digest, manifest)
    building.steps[key] = graph.Step(
        key=key,
        outputs=declared.outputs,
        subsettable=isinstance(definition, assets.MultiAssetDefinition) and definition.subsettable,
        dependencies=dependencies,
        partitions=first.partitions,
        code=digest,
        policies=policy_building.policies_of(
            given, body, found, pools=_pools_of(building, declared.outputs, dependencies)
        ),
        location=definition.location,
    )
    of_outputs = checks and tuple(each for output in declared.outputs for each in checks.get(output, ()))
    building.made[key] = bodies.StepBody(
        key=key,
        function=definition.function,
        parameters=filling.parameters(),
        outputs=_types_of(declared, filling.annotations),
        multiple=isinstance(definition, assets.MultiAssetDefinition),
        checks=of_outputs or (),
        retry_if=given.get("retry_if"),
        io={each: name for each in declared.outputs if (name := building.assets[each].io) is not None},
        names=declared.names if isinstance(definition, assets.MultiAssetDefinition) else {},
        config=describing.config_values(given.get("config"), body.subject, definition.location, found),
    )


def _mapping_given(
    given: Mapping[str, Any],
    argument: str,
    key: str,
    location: diagnostics.SourceLocation | None,
    found: problems.Problems,
) -> Mapping[str, Any]:
    value = given.get(argument)
    if not value:
        return {}
    if isinstance(value, Mapping):
        return value
    found.add(
        "wrong-argument",
        f"The asset {key!r}: {argument} is {value!r}, which is no mapping by parameter.",
        remedy=f'Write {argument}={{"parameter": …}}.',
        location=location,
    )
    return {}


def _manifest_of(
    definition: assets.StepDefinition[..., Any], fingerprint: Fingerprint, found: problems.Problems
) -> code.CodeManifest:
    version = definition.options.get("code_version")
    if version is None:
        return fingerprint(definition.function)
    if not isinstance(version, str) or not version:
        found.add(
            "wrong-argument",
            f"The asset {definition.step_key!r}: code_version is {version!r}, which is no text.",
            remedy='Write code_version="3".',
            location=definition.location,
        )
    return code.CodeManifest(algorithm=USER_ALGORITHM, entries={"code_version": str(version)}, python=_PYTHON)


def _pools_of(
    building: _Building, outputs: tuple[keys.AssetKey, ...], dependencies: tuple[graph.Dependency, ...]
) -> tuple[str, ...]:
    """Return the pools that the step's IO managers need, of what it writes and of what it reads."""
    managers = building.managers.by_name
    if all(each.pool is None for each in managers.values()):
        return ()
    read = [each.asset for each in dependencies if each.parameter is not None]
    used = [managers[building.assets[each].io or DEFAULT_IO].pool for each in (*outputs, *read)]
    return tuple(dict.fromkeys(each for each in used if each is not None))


def _types_of(declared: _Declared, annotations: Mapping[str, Any]) -> Mapping[keys.AssetKey, Any]:
    """Return the type of each output, where it is known."""
    definition = declared.definition
    specs_by_key = {spec.key: spec for spec in definition.outs.values()}
    types = {key: spec.output_type for key in declared.outputs if (spec := specs_by_key[key]).output_type is not None}
    if len(types) == len(declared.outputs):
        return types
    annotation = annotations.get("return", signatures.MISSING)
    if annotation is signatures.MISSING:
        return types
    if not isinstance(definition, assets.MultiAssetDefinition):
        found = signatures.output_type(definition.function, annotation)
        return types if found is signatures.MISSING else {declared.outputs[0]: found}
    for key, each in zip(declared.outputs, signatures.parts_of_tuple(annotation, len(definition.outs)), strict=False):
        if each is not signatures.MISSING:
            types.setdefault(key, each)
    return types


def _build_observer(
    building: _Building,
    spec: specs.AssetSpec,
    scope: parameters.Scope,
    checks: Mapping[keys.AssetKey, list[bodies.CheckBody]],
) -> None:
    observe: object = spec.observe
    subject = f"The function that observes {spec.key!r}"
    if not callable(observe):
        scope.found.add(
            "wrong-argument",
            f"{subject} is {observe!r}, which is not callable.",
            remedy="Give a function that returns the data version.",
            location=spec.location,
        )
        return
    body = parameters.Body(subject=subject, location=spec.location)
    filling = parameters.fill(body, signatures.read(observe), scope)
    for name in filling.free:
        if name in scope.resources:
            filling.resources[name] = name
        elif name not in filling.optional:
            scope.found.add(
                "unknown-resource",
                f"{subject} has the parameter {name!r}, which is no resource, and it can't read assets.",
                remedy=scope.found.suggestion(name, scope.resources)
                or "It may have `context`, `config` and resources.",
                location=spec.location,
            )
    building.observers[spec.key] = bodies.StepBody(
        key=spec.key, function=observe, parameters=filling.parameters(), checks=tuple(checks.get(spec.key, ()))
    )

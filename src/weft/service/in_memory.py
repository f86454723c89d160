"""Making assets in memory, for tests and notebooks: the real graph, engine and worker, without a file on disk.

What is not among the definitions is given as `input_values`: each becomes an asset of one version, already made.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from weft.codehost import runnable
from weft.define import assets, bodies, build, checks, definitions, specs
from weft.executors import inline
from weft.model import code, errors, events, graph, keys, partition_set, partitions, plan, stored
from weft.ports import clock as clocks
from weft.service import views
from weft.service import world as worlds
from weft.service.plan import applying
from weft.service.run import driving
from weft.storage import combining, conversions, protocol, tables
from weft.stores import sqlite

Definition = Any
"""An asset, multi-asset, spec, check, or a list of such."""


class MaterializeError(errors.WeftError):
    """A step did not succeed for another reason than an exception of its own body, such as a failed blocking check."""

    code = "materialize"


class MemoryStorage(protocol.IOManager):
    """Keeps values as the objects that they are."""

    name = "memory"

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._kept: dict[str, object] = {}

    def write(self, value: object, target: protocol.WriteTarget) -> stored.StoredValue:
        """Keep an object."""
        uri = target.file("")
        self._kept[uri] = value
        kept = target.stored(uri, format="memory")
        return msgspec.structs.replace(kept, type="None" if value is None else type(value).__qualname__)

    def read(self, stored: stored.StoredValue, as_type: object | None = None) -> object:
        """The object itself, or for a table the kind that its reader asks for."""
        value = self._kept[stored.uri or ""]
        wanted, kind = conversions.table_kind(as_type), tables.kind_of(type(value))
        if wanted is None or kind is None or wanted == kind:
            return value
        return tables.from_arrow(tables.to_arrow(value, kind), wanted)


@dataclass(frozen=True, kw_only=True)
class InMemoryResult:
    """What was made: values by asset, what failed and why, what the checks found."""

    outcome: str
    failures: tuple[views.FailureView, ...]
    checks: tuple[events.CheckResult, ...]
    exceptions: tuple[BaseException, ...]
    _values: Mapping[keys.AssetKey, Mapping[str | None, object]]
    _metadata: Mapping[keys.AssetKey, Mapping[str, object]]

    @property
    def success(self) -> bool:
        """Whether everything was made."""
        return self.outcome == "succeeded"

    def __getitem__(self, asset: object) -> Any:
        """The value of an asset, by its key, the last part of its key, or its definition.

        Raises:
            KeyError: it was not made.
        """
        return self.value(asset)

    def __contains__(self, asset: object) -> bool:
        return self._find(asset) is not None

    def value(self, asset: object, partition: str | None = None) -> Any:
        """The value of an asset; KeyError where it was not made."""
        key = self._find(asset)
        if key is None:
            known = ", ".join(sorted(self._values)) or "nothing"
            raise KeyError(f"{_key_of(asset)!r} was not made; made were: {known}")
        found = self._values[key]
        return found[partition] if partition is not None else next(iter(found.values()))

    def metadata(self, asset: object) -> Mapping[str, object]:
        """The metadata that a body gave to its output."""
        key = self._find(asset)
        return self._metadata.get(key, {}) if key is not None else {}

    def _find(self, asset: object) -> keys.AssetKey | None:
        name = _key_of(asset)
        if name in self._values:
            return name
        found = [key for key in self._values if key.rpartition("/")[2] == name]
        return found[0] if len(found) == 1 else None


def materialize(
    wanted: Iterable[Definition],
    *,
    input_values: Mapping[str, object] | None = None,
    partition_key: str | None = None,
    resources: Mapping[str, object] | None = None,
    config: Mapping[str, Mapping[str, object]] | None = None,
    raise_on_error: bool = True,
    clock: clocks.Clock | None = None,
) -> InMemoryResult:
    """Make assets in memory and return their values.

    Args:
        wanted: definitions of assets and checks.
        input_values: the values of assets that are read but not made here, by key.
        partition_key: the partition to make of what has partitions.
        resources: resources by name, as objects.
        config: fields of the steps' configs, by step.
        raise_on_error: raise what a body raised; else it is in the result.
        clock: tells the time.

    Raises:
        DefinitionsError: the definitions don't fit together, or an input is missing.
        UsageError: a partition key is missing or wrong.
        MaterializeError: a step failed without an exception, and `raise_on_error` is on.
        Exception: what a body raised, with `raise_on_error`.
    """
    inputs = {_key_of(key): value for key, value in (input_values or {}).items()}
    storage = MemoryStorage()
    built = _build(list(wanted), inputs, resources or {}, storage)
    inputs = _as_read(built, inputs)
    raised: list[BaseException] = []
    ready = runnable.ready(_listening(built, raised), overrides=config)
    ledger = sqlite.SqliteLedger(None)
    try:
        if partition_key is not None:
            _add_dynamic(ledger, built.graph, partition_key)
        world = worlds.World(
            definitions=ready,
            ledger=ledger,
            clock=clock or clocks.SystemClock(),
            make_executor=lambda name, jobs, steps: inline.InlineExecutor(ready),
            renew=lambda lease, expires: True,
            sources_of=lambda manifest: {},
        )
        _give(world, storage, inputs)
        result = applying.apply(world, _plan(world, inputs, partition_key), driving.How(executor="inline"))
        found = _result(world, storage, result, raised)
    finally:
        ledger.close()
    if not found.success and raise_on_error:
        if raised:
            raise raised[0]
        first = found.failures[0] if found.failures else None
        raise MaterializeError(
            f"{first.step} {first.outcome}: {first.error}" if first else f"The run ended as {found.outcome}.",
            remedy="Pass raise_on_error=False to look at the result instead.",
        )
    return found


def _key_of(asset: object) -> str:
    return asset if isinstance(asset, str) else str(getattr(asset, "key", asset))


# --- definitions ------------------------------------------------------------------------------------------------------


def _build(
    wanted: list[Definition], inputs: Mapping[str, object], resources: Mapping[str, object], storage: MemoryStorage
) -> bodies.BuiltDefinitions:
    listed = [each for given in wanted for each in (given if isinstance(given, (list, tuple)) else [given])]
    made = {key for each in listed if isinstance(each, assets.StepDefinition) for key in each.keys}
    twice = sorted(made & inputs.keys())
    if twice:
        raise errors.UsageError(
            f"{', '.join(twice)} is both an input value and among what is to be made.", remedy="Leave one of them out."
        )
    unknown = [
        each
        for each in listed
        if not isinstance(each, (assets.StepDefinition, specs.AssetSpec, checks.CheckDefinition))
    ]
    if unknown:
        raise errors.UsageError(
            f"{unknown[0]!r} defines no asset.", remedy="Give what @asset, @multi_asset or @asset_check made."
        )
    objects: list[tuple[str, object]] = [("", definitions.Definitions(resources=dict(resources)))]
    objects += [("", _stand_in(key)) for key in inputs]
    declared = made | inputs.keys()
    for each in listed:
        if isinstance(each, assets.StepDefinition):
            objects.append(("", _plain(each, inputs)))
            for key in _waited_for(each) - declared:
                declared.add(key)
                objects.append(("", specs.AssetSpec(key)))
        elif isinstance(each, checks.CheckDefinition) or (each.key not in declared):
            objects.append(("", each))
    return build.build(objects, fingerprint=_fingerprint, default_io=storage)


def _as_read(built: bodies.BuiltDefinitions, inputs: Mapping[str, object]) -> dict[str, object]:
    """Input values as a run would give them: tables by partition, where one table is asked for, are joined.

    Raises:
        UsageError: one of them is read by nothing.
    """
    found = dict(inputs)
    read: set[str] = set()
    for body in built.bodies.values():
        for parameter, asset in body.parameters.inputs.items():
            read.add(asset)
            annotation, value = body.parameters.annotations.get(parameter), found.get(asset)
            if conversions.table_kind(annotation) is not None and isinstance(value, Mapping):
                found[asset] = combining.combine(value, annotation)
    waited = {each.asset for step in built.graph.steps.values() for each in step.dependencies}
    unread = sorted(inputs.keys() - read - waited)
    if unread:
        known = ", ".join(sorted((read | waited) - set(built.bodies) | (read & inputs.keys()))) or "nothing"
        raise errors.UsageError(
            f"The input value {unread[0]!r} is read by nothing that is to be made.", remedy=f"Read are: {known}."
        )
    return found


def _fingerprint(function: Callable[..., object]) -> code.CodeManifest:
    """Code never moves here; a manifest only tells functions apart."""
    name = f"{function.__module__}.{getattr(function, '__qualname__', '')}"
    return code.CodeManifest(algorithm="memory", entries={name: str(id(function))}, python="")


def _stand_in(key: str) -> assets.AssetDefinition[..., object]:
    def given() -> object:
        raise AssertionError("an input value is never made")

    return assets.AssetDefinition(given, step_key=key, outs={"": specs.AssetSpec(key)}, given={}, location=None)


def _plain(step: assets.StepDefinition[..., Any], inputs: Mapping[str, object]) -> assets.StepDefinition[..., Any]:
    """A definition that stores in memory, and that reads input values as they are, without a mapping of partitions."""
    found = copy.copy(step)
    found.outs = {name: replace(spec, io=None) for name, spec in step.outs.items()}
    given = {name: value for name, value in step.options.items() if name != "io"}
    if isinstance(given.get("ins"), Mapping):
        given["ins"] = {parameter: _unmapped(dep, inputs) for parameter, dep in given["ins"].items()}
    if given.get("deps") is not None:
        deps = given["deps"]
        given["deps"] = [_unmapped(dep, inputs) for dep in (deps if isinstance(deps, (list, tuple, set)) else [deps])]
    found.options = given
    return found


def _unmapped(dep: object, inputs: Mapping[str, object]) -> object:
    if isinstance(dep, specs.Dep) and _key_of(dep.asset) in inputs:
        return replace(dep, mapping=None)
    return dep


def _waited_for(step: assets.StepDefinition[..., Any]) -> set[str]:
    """What a step only waits for: it needs no value here."""
    deps = step.options.get("deps") or ()
    listed: Iterable[object] = deps if isinstance(deps, (list, tuple, set)) else [deps]
    return {_key_of(each.asset if isinstance(each, specs.Dep) else each) for each in listed}


def _listening(built: bodies.BuiltDefinitions, raised: list[BaseException]) -> bodies.BuiltDefinitions:
    """Definitions that keep what bodies raise, and whose retries don't wait."""

    def listener(before: Callable[[BaseException], bool] | None) -> Callable[[BaseException], bool]:
        def judge(error: BaseException) -> bool:
            raised.append(error)
            return True if before is None else before(error)

        return judge

    def hasty(step: graph.Step) -> graph.Step:
        retry = msgspec.structs.replace(step.policies.retry, delay=0.0)
        return replace(step, policies=msgspec.structs.replace(step.policies, retry=retry, executor=None))

    return replace(
        built,
        bodies={key: replace(body, retry_if=listener(body.retry_if)) for key, body in built.bodies.items()},
        graph=replace(built.graph, steps={key: hasty(step) for key, step in built.graph.steps.items()}),
    )


# --- the run ----------------------------------------------------------------------------------------------------------


def _add_dynamic(ledger: sqlite.SqliteLedger, built: graph.Graph, partition_key: str) -> None:
    added: dict[str, None] = {}
    for asset in built.assets.values():
        definition = asset.partitions
        if isinstance(definition, partitions.DynamicPartitions):
            ledger_key = (definition.name, partition_key)
        elif isinstance(definition, partitions.MultiPartitions):
            for part, (_, each) in zip(partition_key.split("|"), definition.dimensions, strict=False):
                if isinstance(each, partitions.DynamicPartitions) and each.name not in added:
                    added[each.name] = None
                    ledger.append([events.PartitionsAdded(name=each.name, keys=(part,))])
            continue
        else:
            continue
        if ledger_key[0] not in added:
            added[ledger_key[0]] = None
            ledger.append([events.PartitionsAdded(name=ledger_key[0], keys=(ledger_key[1],))])


def _give(world: worlds.World, storage: MemoryStorage, inputs: Mapping[str, object]) -> None:
    batch: list[events.Event] = []
    for key, value in inputs.items():
        target = protocol.WriteTarget(asset=key, attempt="input")
        code_of = world.graph.steps[key].code
        batch.append(
            events.Materialized(
                output=events.Materialization(asset=key, value=storage.write(value, target), code=code_of)
            )
        )
    if batch:
        world.ledger.append(batch)


def _plan(world: worlds.World, inputs: Mapping[str, object], partition_key: str | None) -> plan.Plan:
    steps = []
    for step_key in world.graph.order:
        step = world.graph.steps[step_key]
        if step_key in inputs:
            continue
        ordinal = 0
        if step.partitions is not None:
            if partition_key is None:
                raise errors.UsageError(
                    f"{step_key} has partitions ({step.partitions.describe()}).",
                    remedy="Say which one to make: partition_key=…",
                )
            ordinal = step.partitions.ordinal(partition_key)
        steps.append(
            plan.PlanStep(
                step=step_key,
                outputs=step.outputs,
                ordinals=partition_set.PartitionSet.range(ordinal, ordinal + 1),
                fingerprint=step.partitions.fingerprint if step.partitions is not None else "",
                partitioned=step.partitions is not None,
                status="missing",
                run_if="always",
                causes=(),
                estimate_seconds=0.0,
                code=step.code,
            )
        )
    return plan.Plan(
        request=plan.Request(assets=tuple(asset for step in steps for asset in step.outputs)),
        now=world.clock.now(),
        position=world.ledger.position(),
        steps=tuple(steps),
    )


def _result(
    world: worlds.World,
    storage: MemoryStorage,
    result: views.ApplyView,
    raised: Sequence[BaseException],
) -> InMemoryResult:
    values: dict[keys.AssetKey, dict[str | None, object]] = {}
    metadata: dict[keys.AssetKey, dict[str, object]] = {}
    checked: list[events.CheckResult] = []
    for _, _, event in world.ledger.events():
        if not isinstance(event, events.StepSucceeded | events.AttemptFailed):
            continue
        for output in event.outputs:
            checked += output.checks
            if not output.rejected:
                values.setdefault(output.asset, {})[event.partition] = storage.read(output.value)
                metadata[output.asset] = {name: msgspec.json.decode(raw) for name, raw in output.metadata.items()}
    return InMemoryResult(
        outcome=result.outcome or "succeeded",
        failures=tuple(result.failures),
        checks=tuple(checked),
        exceptions=tuple(raised),
        _values=values,
        _metadata=metadata,
    )

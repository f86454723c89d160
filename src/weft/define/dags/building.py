"""The second half of building pipelines: from declarations to the graph's pipelines and the bodies behind them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from weft.define import bodies as task_bodies
from weft.define import durations, parameters, problems, task_options, tasks
from weft.define.dags import codes, drawing, ordering, schedules, steps, templating
from weft.define.dags import params as run_params
from weft.define.task_bodies import task_body as task_body
from weft.model import diagnostics, keys, pipelines

Result = TypeVar("Result")

_NOT_OF_TASKS = frozenset({"owner", "start_date", "end_date"})
"""What `default_args` may say besides options of tasks: it is taken for the DAG."""


@dataclass(slots=True, kw_only=True)
class Built:
    """The pipelines with their bodies."""

    pipelines: dict[str, pipelines.Pipeline] = field(default_factory=dict)
    bodies: dict[str, task_bodies.PipelineBody] = field(default_factory=dict)
    tasks: dict[str, task_bodies.TaskBody] = field(default_factory=dict)


def build(
    drawn: Iterable[drawing.Drawn],
    *,
    scope: parameters.Scope,
    assets: drawing.Assets,
    fingerprints: codes.Codes,
    storage_of: steps.PoolsOf,
) -> Built:
    """Build all pipelines. What is wrong is added; a pipeline whose declaration failed is left out."""
    built = Built()
    builder = steps.Builder(scope=scope, codes=fingerprints, assets=assets, storage_of=storage_of)
    for each in drawn:
        if each.dag is not None:
            _build_dag(each, builder, built)
        else:
            _build_flow(each, builder, built)
    return built


def add_module_tasks(found: Iterable[tasks.TaskDefinition[..., Any]], built: Built, fingerprints: codes.Codes) -> None:
    """Add the tasks of modules, which flows may call in other processes, as `module:qualified.name`."""
    for each in found:
        key = f"{each.__module__}:{each.__qualname__}"
        if key not in built.tasks and "<locals>" not in key:
            code = fingerprints.of(each.function, each.options.get("code_version"))
            built.tasks[key] = task_body(each, key=key, code=code)


def _build_dag(drawn: drawing.Drawn, builder: steps.Builder, built: Built) -> None:
    declared = drawn.dag
    assert declared is not None
    said, found = declared.options, builder.found
    defaults = _defaults_of(drawn, found)
    scheduled = _scheduled(drawn, builder)
    if drawn.kind == "dag":
        _check_start(drawn, scheduled, found)
    order = ordering.Order(declared)
    ordered = order.sorted(found)
    by_key = {each.key: each for each in declared.calls.values()}
    made: dict[keys.StepKey, pipelines.TaskStep] = {}
    checker = templating.Checker(declared)
    for key in ordered:
        checker.check(by_key[key], found)
        made[key], built.tasks[key] = builder.step(by_key[key], order, defaults)
    model = _model_of(drawn, declared.params, found)
    policy = _Reader(drawn, said, found)
    hooks = policy.hooks()
    owners = said.get("owners", (said.get("default_args") or {}).get("owner"))
    built.pipelines[drawn.name] = pipelines.Pipeline(
        name=drawn.name,
        kind=drawn.kind,
        steps=made,
        schedule=scheduled.schedule,
        partitions=scheduled.partitions,
        catchup=drawn.timing.catchup is True,
        params=model[1],
        max_active_runs=policy.count("max_active_runs", 16, drawn.timing.schedule),
        max_active_steps=policy.count("max_active_tasks", None),
        tag_limits=policy.limits(),
        most_items=policy.count("max_map_length", pipelines.MOST_ITEMS),
        fail_fast=bool(said.get("fail_fast", False)),
        depends_on_past=bool(said.get("depends_on_past", False)),
        timeout=policy.timeout(),
        description=str(said.get("description", "")),
        tags=policy.names("tags", said.get("tags")),
        owners=policy.names("owners", owners),
        inlets=tuple(dict.fromkeys(each for step in made.values() for each in step.inlets)),
        outlets=tuple(dict.fromkeys(drawn.made)),
        code=_code_of(drawn, made, built, builder),
        location=drawn.location,
    )
    built.bodies[drawn.name] = task_bodies.PipelineBody(
        name=drawn.name,
        definition=declared,
        on_success=hooks.success,
        on_failure=hooks.failure,
        params=model[0],
        macros=said.get("user_defined_macros") or {},
        filters=said.get("user_defined_filters") or {},
    )


def _build_flow(drawn: drawing.Drawn, builder: steps.Builder, built: Built) -> None:
    said, found = drawn.flow, builder.found
    scheduled = _scheduled(drawn, builder)
    model = _model_of(drawn, run_params.of_flow(said.flow.function, said.parameters), found)
    subject = drawn.subject
    inlets = [builder.assets.key_of(each, subject, drawn.location) for each in drawn.inlets]
    built.pipelines[drawn.name] = pipelines.Pipeline(
        name=drawn.name,
        kind="flow",
        schedule=scheduled.schedule,
        partitions=scheduled.partitions,
        catchup=drawn.timing.catchup is True,
        params=model[1],
        max_active_runs=said.max_active_runs,
        timeout=said.flow.timeout,
        description=said.description,
        tags=tuple(said.tags),
        owners=tuple(said.owners),
        inlets=tuple(dict.fromkeys(each for each in inlets if each is not None)),
        outlets=tuple(dict.fromkeys(drawn.made)),
        code=builder.codes.of(said.flow.function, said.flow.options.get("code_version")),
        policies=said.flow.policies,
        location=drawn.location,
    )
    built.bodies[drawn.name] = task_bodies.PipelineBody(name=drawn.name, definition=said, params=model[0])


def _scheduled(drawn: drawing.Drawn, builder: steps.Builder) -> schedules.Scheduled:
    def key_of(given: Any) -> keys.AssetKey | None:
        return builder.assets.key_of(given, f"The schedule of {drawn.name!r}", drawn.location)

    return builder.found.attempt(
        "wrong-schedule",
        drawn.subject,
        drawn.location,
        lambda: schedules.read(drawn.timing, key_of),
        schedules.Scheduled(),
    )


def _check_start(drawn: drawing.Drawn, scheduled: schedules.Scheduled, found: problems.Problems) -> None:
    """Add that nothing would ever be due: a schedule by time has its intervals from a `start_date` on."""
    schedule = scheduled.schedule
    if schedule is None or scheduled.partitions is not None or not schedules.is_by_time(schedule):
        return
    found.add(
        "wrong-schedule",
        f"{drawn.subject} has the schedule {schedule.text!r} and no start_date, so that nothing would ever be due.",
        remedy='Give start_date="2024-01-01", where its first interval begins; or the intervals: partitions=….',
        location=drawn.location,
    )


def _model_of(drawn: drawing.Drawn, given: Mapping[str, Any], found: problems.Problems) -> tuple[Any, str]:
    """Return the model of the parameters, and their JSON schema."""

    def make() -> tuple[Any, str]:
        model = run_params.model_of(drawn.name, given)
        return model, run_params.schema_of(model)

    return found.attempt("wrong-params", drawn.subject, drawn.location, make, (None, "{}"))


def _defaults_of(drawn: drawing.Drawn, found: problems.Problems) -> Mapping[str, Any]:
    declared = drawn.dag
    assert declared is not None
    given = declared.options.get("default_args") or {}
    groups = [(f"The task group {each.id!r}", each.default_args) for each in declared.groups.values()]
    for subject, said in [(drawn.subject, given), *groups]:
        for name in said:
            if name not in task_options.TASK_NAMES and name not in _NOT_OF_TASKS:
                found.add(
                    "wrong-argument",
                    f"{subject}: default_args has {name!r}, which is no option of a task.",
                    remedy=task_options.ELSEWHERE.get(name)
                    or found.suggestion(name, task_options.TASK_NAMES)
                    or "Take it out.",
                    location=drawn.location,
                )
    return {name: value for name, value in given.items() if name in task_options.TASK_NAMES}


def _code_of(
    drawn: drawing.Drawn, made: Mapping[keys.StepKey, pipelines.TaskStep], built: Built, builder: steps.Builder
) -> str:
    """Keep the manifest of the whole: of each step's code, and of the function or the block that declares them."""
    declared = drawn.dag
    assert declared is not None
    manifests = builder.codes.manifests
    parts = [manifests[digest] for digest in dict.fromkeys(each.code for each in made.values())]
    more: dict[str, str] = {}
    if declared.function is not None:
        parts.append(builder.codes.fingerprint(declared.function))
    else:
        hasher = hashlib.blake2b(digest_size=8)
        for step in made.values():
            arguments = built.tasks[step.key].arguments
            hasher.update(f"{step.task}|{step.after}|{step.rule}|{step.fan}|{_plainly(arguments)}\n".encode())
        more[f"declaration of {drawn.name}"] = hasher.hexdigest()
    return builder.codes.keep(codes.merged(parts, more))


def _plainly(value: Any) -> str:
    """Return arguments as text that is the same in each process; what has no such text counts by its type."""
    match value:
        case dict():
            return "{" + ",".join(f"{_plainly(key)}:{_plainly(each)}" for key, each in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(map(_plainly, value)) + "]"
        case None | bool() | int() | float() | str() | bytes():
            return repr(value)
    kind = type(value)
    if kind.__module__ == "weft.define.references":
        fields = getattr(kind, "__dataclass_fields__", {})
        return kind.__name__ + _plainly([getattr(value, name) for name in fields])
    return f"{kind.__module__}.{kind.__qualname__}"


class _Reader:
    """Reads the plain options of a DAG. Adds what is wrong."""

    def __init__(self, drawn: drawing.Drawn, said: Mapping[str, Any], found: problems.Problems) -> None:
        self._drawn = drawn
        self._said = said
        self._found = found

    def count(self, name: str, default: Any, schedule: object = None) -> Any:
        """A number of at least 1."""
        if schedule == "@continuous" and name == "max_active_runs":
            if self._said.get(name, 1) != 1:
                self._wrong(f"max_active_runs is {self._said[name]!r}, but runs of @continuous follow each other.", "")
            return 1
        value = self._said.get(name, default)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 1):
            return value if value is not None else default
        self._wrong(f"{name} is {value!r}.", "Write a whole number of at least 1.")
        return default

    def limits(self) -> Mapping[str, int]:
        """The limits by tag."""
        given = self._said.get("tag_limits") or {}
        if isinstance(given, Mapping) and all(
            isinstance(name, str) and isinstance(each, int) and not isinstance(each, bool) and each >= 1
            for name, each in given.items()
        ):
            return dict(given)
        self._wrong(f"tag_limits is {given!r}.", 'Write tag_limits={"tag": 2}.')
        return {}

    def timeout(self) -> float | None:
        """The timeout of a run in seconds."""
        given = self._said.get("timeout")
        if given is None:
            return None
        return self._attempt(lambda: durations.seconds(given, what="timeout", exclusive=True), None)

    def names(self, name: str, given: Any) -> tuple[str, ...]:
        """One name or several."""
        return self._attempt(lambda: task_options.names_of(given, name), ())

    def hooks(self) -> task_options.Hooks:
        """What is called when a run ends."""
        return self._attempt(lambda: task_options.hooks_of(self._said, self._drawn.subject), task_options.Hooks())

    def _attempt(self, make: Callable[[], Result], otherwise: Result) -> Result:
        drawn = self._drawn
        return self._found.attempt("wrong-argument", drawn.subject, drawn.location, make, otherwise)

    def _wrong(self, message: str, remedy: str) -> None:
        location: diagnostics.SourceLocation | None = self._drawn.location
        self._found.add(
            "wrong-argument", f"{self._drawn.subject}: {message}", remedy=remedy or "Take it out.", location=location
        )


def check_names(
    built: Built, known: Iterable[tuple[str, str, diagnostics.SourceLocation | None]], found: problems.Problems
) -> None:
    """Add each pipeline that has the name of something else: `known` has (kind, name, location)."""
    for kind, name, location in known:
        pipeline = built.pipelines.get(name)
        if pipeline is not None:
            found.add(
                "duplicate-pipeline",
                f"The pipeline {name!r} has the name of the {kind} at {location}.",
                remedy="Give one of them another name: both are asked for by name.",
                location=pipeline.location,
            )

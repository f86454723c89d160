"""The first half of building pipelines: running the functions that declare them, and the assets that they name.

Assets are declared before any body is linked, so that what a DAG makes can be read by an asset and the other way.
"""

from __future__ import annotations

import dataclasses
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from weft.define import asset_conditions, assets, key_index, problems, specs, timetables
from weft.define.dags import declaration, decorators, schedules
from weft.define.dags import timing as timing_options
from weft.model import diagnostics, errors, graph, keys


@dataclass(slots=True, eq=False, kw_only=True)
class Drawn:
    """A pipeline as it was declared: a DAG or a graph of ops with its `dag`, or a flow with its `flow`."""

    name: str
    kind: Literal["dag", "flow", "job"]
    location: diagnostics.SourceLocation | None
    timing: schedules.Timing
    dag: declaration.Declaration | None = None
    flow: Any = None
    """What `FlowDefinition.declared()` gives."""
    inlets: list[Any] = field(default_factory=list)
    outlets: list[Any] = field(default_factory=list)
    """Of a flow; those of a DAG are its tasks'."""
    made: list[keys.AssetKey] = field(default_factory=list)
    """The assets that it makes, once they are known."""

    @property
    def subject(self) -> str:
        """How messages name it."""
        word = {"dag": "DAG", "flow": "flow", "job": "job"}[self.kind]
        return f"The {word} {self.name!r}"


def draw(given: Iterable[Any], found: problems.Problems) -> list[Drawn]:
    """Declare each pipeline once. What goes wrong in a function of the user's is told at its line."""
    drawn: dict[str, Drawn] = {}
    functions: dict[str, object] = {}
    for each in given:
        made = _drawn(each, found)
        if made is None:
            continue
        known = drawn.get(made.name)
        function = _function_of(each)
        if known is None or (function is not None and functions[made.name] is function):
            drawn[made.name] = _preferred(known, made, each)
            functions[made.name] = function
            continue
        found.add(
            "duplicate-pipeline",
            f"{made.subject} is defined twice: at {known.location} and at {made.location}.",
            remedy="Give one of them another name.",
            location=made.location,
        )
    return list(drawn.values())


def _preferred(known: Drawn | None, made: Drawn, given: Any) -> Drawn:
    """Of the definition and its deployment or call, the latter, which says more."""
    from weft.define import flows

    definitions = (decorators.DagDefinition, flows.FlowDefinition)
    return made if known is None or not isinstance(given, definitions) else known


def _function_of(given: Any) -> object:
    """The user's function behind a pipeline, None for a `with` block."""
    flow = getattr(given, "flow", None)
    return getattr(given if flow is None else flow, "function", None)


def _drawn(given: Any, found: problems.Problems) -> Drawn | None:
    if isinstance(given, decorators.DagDefinition):
        declared = _declared(given, found)
    elif isinstance(given, declaration.Declaration):
        declared = given
    else:
        return _drawn_flow(given)
    if declared is None or not _well_named(declared.name, declared.location, found):
        return None
    for each in declared.problems:
        found.add(each.code, each.message, remedy=each.remedy, location=each.location)
    said = declared.options
    defaults = said.get("default_args") or {}
    timing = schedules.Timing(
        schedule=said.get("schedule"),
        start_date=said.get("start_date", defaults.get("start_date")),
        end_date=said.get("end_date", defaults.get("end_date")),
        timezone=said.get("timezone"),
        partitions=said.get("partitions"),
        catchup=said.get("catchup", False),
        **{name: said[name] for name in timing_options.NAMES if name in said},
    )
    kind: Literal["dag", "job"] = "job" if declared.kind == "job" else "dag"
    return Drawn(name=declared.name, kind=kind, location=declared.location, timing=timing, dag=declared)


def _drawn_flow(given: Any) -> Drawn:
    said = given.declared()
    timing = schedules.Timing(
        schedule=said.schedule,
        start_date=said.start_date,
        end_date=said.end_date,
        timezone=said.timezone or None,
        partitions=said.partitions,
        catchup=said.catchup,
        **said.timing,
    )
    return Drawn(
        name=said.name,
        kind="flow",
        location=said.location,
        timing=timing,
        flow=said,
        inlets=list(listed(said.inlets)),
        outlets=list(listed(said.outlets)),
    )


def _well_named(name: object, location: diagnostics.SourceLocation | None, found: problems.Problems) -> bool:
    problem = keys.problem_with(name) if isinstance(name, str) else f"The name {name!r} is no text."
    if problem is None and isinstance(name, str) and "/" in name:
        problem = f"The name {name!r} of a pipeline has a '/' in it."
    if problem is None:
        return True
    found.add("bad-key", problem.replace("key", "name"), remedy="Give it another name.", location=location)
    return False


_BETWEEN_LISTS = "Between two lists write chain(first, second), or cross_downstream(first, second) for each to each."


def _declared(given: decorators.DagDefinition, found: problems.Problems) -> declaration.Declaration | None:
    try:
        return given.declared()
    except errors.WeftError as error:
        message, remedy = error.message, error.remedy
        location = line_of(error, given.function) or given.location
    except Exception as error:  # the function is the user's, and may raise anything
        message = f"The DAG {given.name!r} can't be declared: {type(error).__name__}: {str(error).rstrip('.')}."
        remedy = _BETWEEN_LISTS if "for >>: 'list'" in str(error) or "for <<: 'list'" in str(error) else None
        location = line_of(error, given.function) or given.location
    found.add("dag-failed", message, remedy=remedy or "Correct the function that declares it.", location=location)
    return None


def line_of(error: BaseException, function: Callable[..., Any]) -> diagnostics.SourceLocation | None:
    """Return the innermost line of the function's own file that an error went through."""
    code = getattr(function, "__code__", None)
    lines = [
        line
        for frame, line in traceback.walk_tb(error.__traceback__)
        if code is not None and frame.f_code.co_filename == code.co_filename
    ]
    return diagnostics.SourceLocation(file=code.co_filename, line=lines[-1]) if code is not None and lines else None


# --- the assets that pipelines name ---


def assets_of(drawn: Iterable[Drawn]) -> list[Any]:
    """Return what pipelines name as assets, in order: inlets, outlets and what schedules wait for."""
    found: list[Any] = []
    for each in drawn:
        found.extend(_in_schedule(each.timing.schedule))
        found.extend([*each.inlets, *each.outlets])
        if each.dag is not None:
            for call in each.dag.calls.values():
                for name in ("inlets", "outlets"):
                    if name in call.task.options:
                        found.extend(listed(call.task.options[name]))
    return found


def _in_schedule(given: Any) -> list[Any]:
    if isinstance(given, timetables.AssetOrTime):
        return _in_schedule(given.assets)
    if isinstance(given, (list, tuple)):
        return [leaf for each in given for leaf in asset_conditions.leaves(each)]
    return [each for each in asset_conditions.leaves(given) if not isinstance(each, str)]


class Assets:
    """Finds the assets that pipelines name, and says which pipeline makes which."""

    def __init__(self, known: dict[keys.AssetKey, graph.Asset], found: problems.Problems) -> None:
        self._known = known
        self._found = found
        self._by_alias = {alias: each.key for each in known.values() for alias in each.aliases}
        self._index = key_index.KeyIndex(known)

    def key_of(self, given: Any, subject: str, location: diagnostics.SourceLocation | None) -> keys.AssetKey | None:
        """Return the key of an asset that must be there. Adds what is wrong."""
        if isinstance(given, asset_conditions.Asset) and given.uri in self._by_alias:
            return self._by_alias[given.uri]
        if isinstance(given, (specs.AssetSpec, assets.AssetDefinition)):
            return given.key if given.key in self._known else None
        if isinstance(given, str):
            matches = self._index.find(given)
            if len(matches) == 1:
                return matches[0]
            if given in self._by_alias:
                return self._by_alias[given]
            self._found.add(
                "missing-dependency",
                f"{subject} names the asset {given!r}, which "
                + ("is not defined." if not matches else f"may be {' or '.join(map(repr, matches))}."),
                remedy=self._found.suggestion(given, self._known)
                or f'If the data comes from outside, declare it: AssetSpec("{given}").',
                location=location,
            )
            return None
        self._found.add(
            "wrong-dependency",
            f"{subject} names {given!r} as an asset, which is none.",
            remedy="Name an asset by its key or its definition.",
            location=location,
        )
        return None

    def make(
        self,
        given: Any,
        drawn: Drawn,
        subject: str,
        partitions: Any,
        location: diagnostics.SourceLocation | None,
    ) -> keys.AssetKey | None:
        """Note that a pipeline makes an asset; one that is only named is declared. Adds what is wrong."""
        if isinstance(given, str) and not self._index.find(given) and given not in self._by_alias:
            if "://" in given:
                given = asset_conditions.Asset(given, location=location)
            problem = keys.problem_with(given.key if isinstance(given, specs.AssetSpec) else given)
            if problem is not None:
                self._found.add("bad-key", f"{subject}: {problem}", remedy="Give it another name.", location=location)
                return None
            key = given.key if isinstance(given, specs.AssetSpec) else given
            aliases = (given.uri,) if isinstance(given, specs.AssetSpec) and given.uri else ()
            self._known[key] = graph.Asset(
                key=key, step=None, partitions=partitions, aliases=aliases, made_by=drawn.name, location=location
            )
            self._by_alias.update(dict.fromkeys(aliases, key))
            self._index = key_index.KeyIndex(self._known)
            return key
        found = self.key_of(given, subject, location)
        if found is None:
            return None
        asset = self._known[found]
        other = f"the step {asset.step!r}" if asset.step is not None else f"the pipeline {asset.made_by!r}"
        if asset.step is not None or asset.made_by is not None:
            self._found.add(
                "two-producers",
                f"{subject} makes the asset {found!r}, which {other} makes as well.",
                remedy="An asset has one producer: take it from one of the two.",
                location=location,
            )
            return None
        self._known[found] = dataclasses.replace(asset, made_by=drawn.name)
        return found


def note_makers(drawn: Drawn, known: Assets) -> None:
    """Note which assets a pipeline makes; those that are only named are declared. Adds what is wrong."""
    try:
        partitions = schedules.read(drawn.timing, lambda _: "").partitions
    except errors.WeftError:
        partitions = None  # told when the schedule is built
    for each in drawn.outlets:
        key = known.make(each, drawn, drawn.subject, partitions, drawn.location)
        drawn.made.extend(() if key is None else (key,))
    for call in () if drawn.dag is None else drawn.dag.calls.values():
        named = call.task.options.get("outlets")
        if named:
            subject = f"The task {call.id!r} of {drawn.name!r}"
            made = [known.make(each, drawn, subject, partitions, call.location) for each in listed(named)]
            call.outlets = tuple(each for each in made if each is not None)
            drawn.made.extend(call.outlets)


def listed(given: Any) -> tuple[Any, ...]:
    """Return one thing or several as a tuple."""
    if given is None:
        return ()
    return tuple(given) if isinstance(given, (list, tuple, set, frozenset)) else (given,)

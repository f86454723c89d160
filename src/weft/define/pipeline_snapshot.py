"""The part of a snapshot that holds pipelines, as `snapshot` writes and reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from weft.model import diagnostics, pipelines, policies
from weft.model import partitions as partitioning

Json: TypeAlias = "dict[str, Any]"
_PLAIN = ("catchup", "params", "max_active_runs", "max_active_steps", "most_items", "fail_fast", "depends_on_past")
_FACTS = ("timeout", "description", "code")
_LISTS = ("tags", "owners", "inlets", "outlets")
_STEP_FACTS = ("label", "rule", "group", "role", "respect_rules", "code", "doc", "operator", "depends_on_past", "pulls")
_STEP_LISTS = ("setups", "inlets", "outlets")
_DEFAULT = pipelines.Pipeline(name="", kind="dag")
_DEFAULT_STEP = pipelines.TaskStep(key="", task="")


def written(
    pipeline: pipelines.Pipeline,
    place_of: Callable[[partitioning.Partitions | None], int | None],
    at: Callable[[diagnostics.SourceLocation | None], list[str | int] | None],
) -> Json:
    """Return a pipeline as JSON values; what has its default value is left out."""
    found: Json = {"name": pipeline.name, "kind": pipeline.kind}
    for name in (*_PLAIN, *_FACTS):
        value = getattr(pipeline, name)
        if value != getattr(_DEFAULT, name):
            found[name] = value
    for name in _LISTS:
        if several := getattr(pipeline, name):
            found[name] = list(several)
    if pipeline.tag_limits:
        found["tag_limits"] = dict(pipeline.tag_limits)
    if pipeline.schedule is not None:
        found["schedule"] = schedule_written(pipeline.schedule)
    place = place_of(pipeline.partitions)
    if place is not None:
        found["partitions"] = place
    if pipeline.policies != _DEFAULT.policies:
        found["policies"] = msgspec.to_builtins(pipeline.policies)
    found["steps"] = [_step(each, at) for each in pipeline.steps.values()]
    if (place_in_file := at(pipeline.location)) is not None:
        found["at"] = place_in_file
    return found


def _step(step: pipelines.TaskStep, at: Callable[[diagnostics.SourceLocation | None], list[str | int] | None]) -> Json:
    found: Json = {"key": step.key, "task": step.task}
    for name in _STEP_FACTS:
        value = getattr(step, name)
        if value != getattr(_DEFAULT_STEP, name):
            found[name] = value
    for name in _STEP_LISTS:
        if several := getattr(step, name):
            found[name] = list(several)
    if step.after:
        found["after"] = [_edge(each) for each in step.after]
    if step.fan is not None:
        found["fan"] = {
            "sources": [list(each) for each in step.fan.sources],
            **({"zipped": True} if step.fan.zipped else {}),
            **({"longest": True} if step.fan.longest else {}),
            **({"names": [list(each) for each in step.fan.names]} if step.fan.names else {}),
        }
    if step.policies != _DEFAULT_STEP.policies:
        found["policies"] = msgspec.to_builtins(step.policies)
    if (place := at(step.location)) is not None:
        found["at"] = place
    return found


def _edge(edge: pipelines.Edge) -> Json:
    found: Json = {"step": edge.step}
    if edge.value:
        found["value"] = True
    if edge.aligned:
        found["aligned"] = True
    if edge.label:
        found["label"] = edge.label
    return found


def without_places(written: Json) -> Json:
    """Return a pipeline as it was written, without files and lines."""
    bare = {name: value for name, value in written.items() if name != "at"}
    bare["steps"] = [{name: value for name, value in each.items() if name != "at"} for each in written["steps"]]
    return bare


def read(
    given: Json,
    divided: list[partitioning.Partitions],
    location: Callable[[Mapping[str, Any]], diagnostics.SourceLocation | None],
) -> pipelines.Pipeline:
    """Return the pipeline that `written` wrote.

    Raises:
        KeyError, IndexError, TypeError, ValueError: it is damaged.
    """
    facts: dict[str, Any] = {name: given[name] for name in (*_PLAIN, *_FACTS, "tag_limits") if name in given}
    facts |= {name: tuple(given[name]) for name in _LISTS if name in given}
    steps = [_step_of(each, location) for each in given["steps"]]
    return pipelines.Pipeline(
        name=given["name"],
        kind=given["kind"],
        steps={each.key: each for each in steps},
        schedule=schedule_read(given["schedule"]) if "schedule" in given else None,
        partitions=divided[given["partitions"]] if "partitions" in given else None,
        policies=msgspec.convert(given.get("policies", {}), policies.Policies),
        location=location(given),
        **facts,
    )


def schedule_written(schedule: pipelines.Schedule) -> Json:
    """Return a schedule as JSON values."""
    written: Json = msgspec.to_builtins(schedule)
    return written | ({"times": list(schedule.times)} if schedule.times else {})


def schedule_read(given: Json) -> pipelines.Schedule:
    """Return the schedule that `schedule_written` wrote."""
    return msgspec.convert(given, pipelines.Schedule)


def _step_of(
    given: Json, location: Callable[[Mapping[str, Any]], diagnostics.SourceLocation | None]
) -> pipelines.TaskStep:
    fan = given.get("fan")
    facts: dict[str, Any] = {name: given[name] for name in _STEP_FACTS if name in given}
    facts |= {name: tuple(given[name]) for name in _STEP_LISTS if name in given}
    return pipelines.TaskStep(
        key=given["key"],
        task=given["task"],
        after=tuple(pipelines.Edge(**each) for each in given.get("after", ())),
        fan=None
        if fan is None
        else pipelines.Fan(
            sources=tuple((name, source) for name, source in fan["sources"]),
            zipped=fan.get("zipped", False),
            longest=fan.get("longest", False),
            names=tuple((name, value) for name, value in fan.get("names", ())),
        ),
        policies=msgspec.convert(given.get("policies", {}), policies.Policies),
        location=location(given),
        **facts,
    )

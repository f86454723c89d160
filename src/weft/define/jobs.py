"""`job`: a named selection of assets, to be run together; and as a decorator a graph of ops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from weft.define import options, specs
from weft.model import diagnostics


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class JobDefinition:
    """A named selection of assets, as it was written."""

    name: str
    selection: str | Sequence[specs.AssetLike]
    description: str
    tags: specs.Names | Mapping[str, str]
    location: diagnostics.SourceLocation | None
    schedule: object = None
    timezone: str | None = None
    timing: Mapping[str, Any] = field(default_factory=dict)
    """What else was said of the schedule: catchup, offset, jitter, blackout, blackout_policy."""


TIMING = frozenset({"catchup", "offset", "jitter", "blackout", "blackout_policy"})


def job(
    name: Any = None,
    selection: str | Sequence[specs.AssetLike] | None = None,
    *,
    description: str = "",
    tags: specs.Names | Mapping[str, str] = (),
    schedule: Any = None,
    timezone: str | None = None,
    **given: Any,
) -> Any:
    """Name a selection of assets to be run together; or, as a decorator, put ops together by a function.

    Args:
        name: the job's name; or the function that calls ops, where the decorator has no arguments.
        selection: an expression such as "group:trading and not tag:slow", or a list of assets.
        description: what it is for.
        tags: words, or names with values.
        schedule: when it is due, in every form that a DAG's may have.
        timezone: in which its cron text is read.
        **given: catchup, offset, jitter, blackout and blackout_policy, as a DAG has them; of a job of ops, all
            options of a DAG.

    Raises:
        UsageError: there is no such argument, or what is decorated is no function.
    """
    facts = {"description": description, "tags": tags, "schedule": schedule, "timezone": timezone}
    if selection is None:
        from weft.define import ops

        said = {each: value for each, value in facts.items() if value} | given
        if callable(name):
            return ops.as_job(name, said)
        if name is not None:
            said["name"] = name
        return lambda function: ops.as_job(function, said)
    if not TIMING.issuperset(given):
        options.check_names("job", given, frozenset({"selection", *facts, *TIMING}))
    return JobDefinition(
        name=name,
        selection=selection,
        description=description,
        tags=tags,
        location=specs.caller(1),
        schedule=schedule,
        timezone=timezone,
        timing=given,
    )

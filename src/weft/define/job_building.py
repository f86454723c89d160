"""From the jobs that users define to the graph's jobs, with their selections tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from weft.define import assets, describing, jobs, problems, specs
from weft.define.dags import drawing, schedules
from weft.model import diagnostics, errors, graph, keys, pipelines, selection


@dataclass(frozen=True, slots=True)
class FoundJob:
    """A job and where it is defined."""

    job: graph.Job
    location: diagnostics.SourceLocation | None


def jobs_of(
    given: Iterable[jobs.JobDefinition], found: problems.Problems, named: drawing.Assets
) -> dict[str, FoundJob]:
    """Return the jobs by name; what is wrong is added and left out. Their selections are not judged yet."""
    made: dict[str, FoundJob] = {}
    for each in given:
        subject = f"The job {each.name!r}"
        problem = keys.problem_with(each.name) if isinstance(each.name, str) else "It is no text."
        if problem is not None:
            found.add("bad-key", f"{subject}: {problem}", remedy="Give it another name.", location=each.location)
            continue
        if each.name in made:
            found.add(
                "duplicate-job",
                f"{subject} is defined twice: at {made[each.name].location} and at {each.location}.",
                remedy="Give one of them another name.",
                location=each.location,
            )
            continue
        text = found.attempt("wrong-job", subject, each.location, partial(selection_of, each.selection), None)
        if text is None:
            continue
        tags: Mapping[str, str] = found.attempt(
            "wrong-argument", subject, each.location, partial(describing.tags, "tags", each.tags), {}
        )
        job = graph.Job(
            name=each.name,
            selection=text,
            description=each.description,
            tags=tags,
            schedule=_schedule_of(each, subject, found, named),
        )
        made[each.name] = FoundJob(job, each.location)
    return made


def _schedule_of(
    given: jobs.JobDefinition, subject: str, found: problems.Problems, named: drawing.Assets
) -> pipelines.Schedule | None:
    timing = schedules.Timing(schedule=given.schedule, timezone=given.timezone, divided=False, **given.timing)
    return found.attempt(
        "wrong-schedule",
        subject,
        given.location,
        lambda: schedules.read(timing, lambda asset: named.key_of(asset, subject, given.location)).schedule,
        None,
    )


def selection_of(given: Any) -> str:
    """Return a selection as an expression.

    Raises:
        UsageError: something in it is neither an asset nor an expression.
    """
    if isinstance(given, str):
        return given
    if isinstance(given, (assets.StepDefinition, specs.AssetSpec)):
        given = [given]
    parts: list[str] = []
    for each in given if isinstance(given, (list, tuple, set, frozenset)) else [given]:
        match each:
            case assets.StepDefinition():
                parts.extend(each.keys)
            case specs.AssetSpec():
                parts.append(each.key)
            case str():
                parts.append(f"({each})")
            case _:
                raise errors.UsageError(
                    f"its selection has {each!r}, which is neither an asset nor an expression.",
                    remedy='Write job("name", "group:a or b") or job("name", [asset, "other/key"]).',
                )
    if not parts:
        raise errors.UsageError("its selection is empty.", remedy="Name at least one asset.")
    return " or ".join(parts)


def check_selections(given: Mapping[str, FoundJob], built: graph.Graph, found: problems.Problems) -> None:
    """Add the jobs whose selection is wrong or selects nothing; what one by status selects is not known here."""
    for name, each in given.items():
        try:
            parsed = selection.parse(each.job.selection)
            if selection.needs_status(parsed, built):
                continue
            selected = selection.select(parsed, built, None)
        except errors.WeftError as error:
            found.add("wrong-job", f"The job {name!r}: {error.message}", remedy=error.remedy, location=each.location)
            continue
        if not selected:
            found.add(
                "wrong-job",
                f"The job {name!r} selects nothing: {each.job.selection!r}.",
                remedy="`weft ls` shows what there is to select.",
                location=each.location,
            )

"""Why an interval of a pipeline failed: which of its steps, with what error, from the events of the run that tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from weft.model import events, plan
from weft.service import world as worlds

_MOST_STEPS = 2


def explained(world: worlds.World, made: plan.Plan) -> plan.Plan:
    """The plan with the causes of failed intervals told by the steps that failed; itself where it has none."""
    pipelines = world.graph.pipelines
    if not pipelines or not any(line.step in pipelines for line in made.steps):
        return made
    return replace(
        made,
        steps=tuple(
            replace(line, causes=causes(world, line.causes)) if line.step in pipelines else line for line in made.steps
        ),
    )


def causes(world: worlds.World, found: Sequence[plan.Cause]) -> tuple[plan.Cause, ...]:
    """Causes of a pipeline, where it failed told by the steps that did."""
    return tuple(
        replace(cause, detail=told)
        if cause.kind == "failed" and cause.run and (told := failed_steps(world, cause.run))
        else cause
        for cause in found
    )


def failed_steps(world: worlds.World, run: str) -> str:
    """The steps that failed in a run, with their errors, in one line; else those that it refused to run, or "".

    What only waited for one of these is not told.
    """
    failed: dict[tuple[str, str], str] = {}
    refused: dict[tuple[str, str], str] = {}
    for _, _, event in world.ledger.events(run):
        match event:
            case events.AttemptFailed(retry_at=None):
                error = event.error.told if event.error is not None else event.outcome.replace("_", " ")
                failed[event.step, event.item] = f"{step_name(event.step, event.item)} failed: {error}"
            case events.StepsFinished(outcome="failed" | "timed_out" | "crashed"):
                kept = " in the run " in event.reason  # by a rerun, which says how it ended there
                reason = event.reason if kept else f"{event.outcome.replace('_', ' ')}: {event.reason}"
                for item in event.items or ("",):
                    failed[event.step, item] = f"{step_name(event.step, item)} {reason}"
            case events.StepsFinished(outcome="upstream_failed", subject=""):
                for item in event.items or ("",):
                    refused[event.step, item] = f"{step_name(event.step, item)} did not run: {event.reason}"
            case _:
                pass
    told = list((failed or refused).values())
    more = f" and {len(told) - _MOST_STEPS} more" if len(told) > _MOST_STEPS else ""
    return "; ".join(told[:_MOST_STEPS]) + more


def step_name(step: str, item: str) -> str:
    """A step run of a pipeline's run as people read it: the task's id, with the item of a mapped one."""
    task = step.partition(":")[2] or step
    return f"{task}[{item}]" if item else task

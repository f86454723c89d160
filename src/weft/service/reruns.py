"""Reruns: a new run of what ran before, that keeps of it what need not run again."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from weft.model import errors, events, keys, pipelines, spelling
from weft.ports import ledger as ledgers
from weft.runtime import task_work
from weft.service import pipelines as runs
from weft.service import world as worlds

FROM_FAILED = ("--from-failed",)


def wanted(
    world: worlds.World,
    run: str,
    *,
    from_failed: bool = False,
    from_step: str | None = None,
    only: str | None = None,
    params: Mapping[str, object] | None = None,
    pool: str = "",
) -> runs.Wanted:
    """A rerun of a run: of the whole, from what failed, from a step on, or of single steps (`load`, or `load+`).

    `params` override those of the run; the interval is the same.

    Raises:
        UsageError: there is no such run, it is under way, or it has no such step.
    """
    row = finished(world, run)
    pipeline = runs.find(world, row.pipeline or "")
    given = [word for word, on in (("--from-failed", from_failed), ("--from", from_step), ("--only", only)) if on]
    if len(given) > 1:
        raise errors.UsageError(f"{' and '.join(given)} exclude each other.", remedy="Give one of them.")
    if given and pipeline.kind == "flow":
        raise errors.UsageError(
            f"{pipeline.name} is a flow, which has no steps before it runs, so {given[0]} means nothing.",
            remedy=f"Without it the flow runs again as a whole; `weft resume {row.id[:8]}` goes on with one that died.",
        )
    keep: tuple[str, ...] = ()
    if from_failed:
        keep = FROM_FAILED
    elif from_step is not None:
        keep = ("--from", step_of(pipeline, from_step))
    elif only is not None:
        keep = ("--only", step_of(pipeline, only.removesuffix("+")) + ("+" if only.endswith("+") else ""))
    return runs.Wanted(
        pipeline=pipeline.name,
        params={**runs.params_of(row), **(params or {})},
        partition=row.partition,
        trigger="rerun",
        rerun_of=row.id,
        keep=keep,
        pool=pool,
    )


def finished(world: worlds.World, run: str) -> ledgers.RunRow:
    """A run of a pipeline that has ended, by the beginning of its id, or `last`.

    Raises:
        UsageError: there is none, there are several, it is one of assets, or it is under way.
    """
    if run == "last":
        found = [row for row in world.ledger.runs(limit=200) if row.pipeline is not None][:1]
    else:
        found = world.ledger.runs_with_prefix(run)
    if len(found) != 1:
        raise errors.UsageError(
            f"{len(found)} runs begin with {run!r}." if found else f"There is no run {run!r}.",
            remedy="`weft runs` lists them.",
        )
    row = found[0]
    if row.pipeline is None:
        raise errors.UsageError(
            f"Run {row.id[:8]} made assets: it is not repeated, what it made is planned anew.",
            remedy="`weft plan` shows what is missing, failed or stale; `weft apply` makes it.",
        )
    if row.phase != "finished":
        raise errors.UsageError(
            f"Run {row.id[:8]} has not ended: it is {row.phase}.",
            remedy=f"Wait for it (`weft runs {row.id[:8]}`), or cancel it where it runs.",
        )
    return row


def step_of(pipeline: pipelines.Pipeline, name: str) -> str:
    """The id of a task of a pipeline, checked.

    Raises:
        UsageError: the pipeline has no such task, nor a group of that name.
    """
    tasks = [step.task for step in pipeline.steps.values()]
    name = name.removeprefix(f"{pipeline.name}:")
    if name in tasks or any(task.startswith(f"{name}.") for task in tasks):
        return name
    near = spelling.did_you_mean(name, tasks)
    raise errors.UsageError(
        f"{pipeline.name} has no task {name!r}.",
        remedy=near or f"Its tasks: {', '.join(tasks[:10])}{' …' if len(tasks) > 10 else ''}.",
    )


def kept(
    world: worlds.World, pipeline: pipelines.Pipeline, row: ledgers.RunRow
) -> dict[tuple[keys.StepKey, str], task_work.Kept]:
    """What a run keeps of the one that it repeats, by step and item; nothing for one that repeats none."""
    words = runs.kept_words(row)
    if not row.rerun_of or not words:
        return {}
    found = kept_of(world.ledger, row.rerun_of)
    if words[0] == "--from-failed":
        return _from_failed(world, pipeline, row.rerun_of, found)
    chosen = _steps_named(pipeline, words[1].removesuffix("+"))
    again = below(pipeline, chosen) if words[0] == "--from" or words[1].endswith("+") else chosen
    rest = _without(found, {*again, *_around(pipeline, again)})
    if words[0] == "--only":  # what did not succeed there either is left alone all the same
        have = {step for step, _ in rest}
        for key in pipeline.steps:
            if key not in have and key not in again:
                rest[key, ""] = task_work.Kept(source_run=row.rerun_of, result=None, skipped=True)
    return rest


def kept_of(ledger: ledgers.Reader, run: str) -> dict[tuple[keys.StepKey, str], task_work.Kept]:
    """What the step runs of a run left behind that ended well, by step and item."""
    found: dict[tuple[keys.StepKey, str], task_work.Kept] = {}
    for _, _, event in ledger.events(run):
        match event:
            case events.StepSucceeded():
                found[event.step, event.item] = task_work.Kept(source_run=run, result=event.task)
            case events.StepReused():
                found[event.step, event.item] = task_work.Kept(source_run=event.source_run or run, result=event.task)
            case events.StepsFinished(outcome="skipped"):
                for item in event.items:
                    found[event.step, item] = task_work.Kept(source_run=run, skipped=True)
            case _:
                pass
    return found


def _from_failed(
    world: worlds.World,
    pipeline: pipelines.Pipeline,
    run: str,
    found: Mapping[tuple[keys.StepKey, str], task_work.Kept],
) -> dict[tuple[keys.StepKey, str], task_work.Kept]:
    """What is kept where the failed steps run again, with all that is below them.

    Of a mapped step of which some failed, only these run again, unless what it is mapped over is made again itself.
    """
    ended = world.ledger.step_runs(run)
    seen = {each.step for each in ended}
    failed = {each.step for each in ended if each.outcome not in ("succeeded", "reused", "skipped")}
    failed = {key for key in pipeline.steps if key in failed or key not in seen}
    again = set(below(pipeline, failed))
    strictly = {key for key in again if any(edge.step in again for edge in pipeline.steps[key].after)}
    partly = {key for key in failed - strictly if pipeline.steps[key].fan is not None}
    return _without(found, {*again, *_around(pipeline, again)} - partly)


def _without(
    found: Mapping[tuple[keys.StepKey, str], task_work.Kept], steps: Collection[keys.StepKey]
) -> dict[tuple[keys.StepKey, str], task_work.Kept]:
    return {where: each for where, each in found.items() if where[0] not in steps}


def _around(pipeline: pipelines.Pipeline, again: Collection[keys.StepKey]) -> set[keys.StepKey]:
    """The setups that steps need, and their teardowns: what was set up before has been torn down since."""
    found: set[keys.StepKey] = set()
    for key, step in pipeline.steps.items():
        if step.role != "teardown" or not step.setups:
            continue
        inside = set(below(pipeline, step.setups)) & set(above(pipeline, (key,)))
        if not inside.isdisjoint(again):
            found |= {key, *step.setups}
    return found


def _steps_named(pipeline: pipelines.Pipeline, name: str) -> list[keys.StepKey]:
    return [key for key, step in pipeline.steps.items() if step.task == name or step.task.startswith(f"{name}.")]


def below(pipeline: pipelines.Pipeline, steps: Collection[keys.StepKey]) -> list[keys.StepKey]:
    """These steps and all that are below them, each after those above it."""
    found = set(steps)
    for key, step in pipeline.steps.items():  # in an order in which each comes after those above it
        if any(edge.step in found for edge in step.after):
            found.add(key)
    return [key for key in pipeline.steps if key in found]


def above(pipeline: pipelines.Pipeline, steps: Collection[keys.StepKey]) -> list[keys.StepKey]:
    """These steps and all that are above them."""
    found = set(steps)
    for key in reversed(list(pipeline.steps)):
        if key in found:
            found |= {edge.step for edge in pipeline.steps[key].after}
    return [key for key in pipeline.steps if key in found]

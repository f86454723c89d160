"""Reruns: a new run of what ran before, that keeps of it what need not run again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast

from weft.model import errors, events, keys, pipelines, spelling
from weft.ports import ledger as ledgers
from weft.runtime import task_work
from weft.runtime.flows import beginning
from weft.service import world as worlds
from weft.service.pipeline import pipelines as runs
from weft.service.run import history

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
    if pipeline.kind == "flow" and given:
        if not from_failed:
            raise errors.UsageError(
                f"{pipeline.name} is a flow, which has no steps before it runs, so {given[0]} means nothing.",
                remedy="--from-failed keeps the calls that succeeded; without it the flow runs again as a whole.",
            )
        if pool:
            raise errors.UsageError(
                f"{pipeline.name} is a flow: what a run of it keeps of another can't wait in a work pool.",
                remedy="Leave --pool or --from-failed out.",
            )
    keep: tuple[str, ...] = ()
    if from_failed:
        keep = FROM_FAILED
    elif from_step is not None:
        keep = ("--from", step_of(pipeline, from_step))
    elif only is not None:
        keep = ("--only", step_of(pipeline, only.removesuffix("+")) + ("+" if only.endswith("+") else ""))
    if from_step is not None or only is not None:
        _check_possible(world, pipeline, row, keep)
    before = beginning.read_params(row) if pipeline.kind == "flow" else runs.params_of(row)
    return runs.Wanted(
        pipeline=pipeline.name,
        params={**before, **(params or {})},
        partition=row.partition,
        trigger="rerun",
        rerun_of=row.id,
        keep=keep,
        pool=pool,
    )


def finished(world: worlds.World, run: str) -> ledgers.RunRow:
    """A run of a pipeline that has ended, by the beginning of its id, or `last`.

    Raises:
        UsageError: there is none, there are several, it made assets, or it is under way.
    """
    row = history.find_run(world.ledger, run)
    if row.pipeline is None:
        raise errors.UsageError(
            f"Run {row.id[:8]} made assets: it is not repeated, what it made is planned anew.",
            remedy="`weft plan` shows what is missing, failed or stale; `weft apply` makes it.",
        )
    if row.phase != "finished":
        raise errors.ConflictError(
            f"Run {row.id[:8]} has not ended: it is {row.phase}.",
            remedy=f"Wait for it (`weft runs {row.id[:8]}` shows how far it is), or `weft cancel {row.id[:8]}`.",
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
    bare = name.partition("[")[0].removesuffix("+")
    if bare != name and bare in tasks:
        what = "Items of a mapped task" if "[" in name else "A + stands with --only: with --from all that is below runs"
        raise errors.UsageError(
            f"{name!r} is no task of {pipeline.name}.",
            remedy=f"{what} cannot be chosen: name the task, {bare}." if "[" in name else f"{what}: --from {bare}.",
        )
    near = spelling.did_you_mean(name, tasks)
    raise errors.UsageError(
        f"{pipeline.name} has no task {name!r}.",
        remedy=near or f"Its tasks: {', '.join(tasks[:10])}{' …' if len(tasks) > 10 else ''}.",
    )


def _check_possible(
    world: worlds.World, pipeline: pipelines.Pipeline, row: ledgers.RunRow, keep: tuple[str, ...]
) -> None:
    """Refuse to run steps again that what is kept of the run before would leave out, so that nothing ran.

    Raises:
        UsageError: a branch that is kept passed them by, or what they need failed and is not to run.
    """
    chosen = _steps_named(pipeline, keep[1].removesuffix("+"))
    again = _again(pipeline, chosen, with_below=keep[0] == "--from" or keep[1].endswith("+"))
    ends = _ends(world.ledger, row.id)
    passed = [
        (key, ends[key][2])
        for key in chosen
        if key in ends and ends[key][0] == "skipped" and ends[key][2] in pipeline.steps and ends[key][2] not in again
    ]
    if chosen and len(passed) == len(chosen):
        name, by = (pipeline.steps[key].task for key in passed[0])
        reason = ends[passed[0][0]][1].removeprefix(f"{pipeline.name}:")
        raise errors.UsageError(
            f"{name} was skipped in run {row.id[:8]}: {reason}. It would be again.",
            remedy=f"`--from {by}` lets it choose again." if "chose" in reason else f"`--from {by}` begins there.",
        )
    if keep[0] == "--from":
        return  # what did not succeed above it runs as well
    for key in chosen:
        for edge in pipeline.steps[key].after:
            how = ends.get(edge.step, ("did not run", "", ""))[0]
            if edge.step in again or how in ("succeeded", "reused", "skipped"):
                continue
            if edge.value or pipeline.steps[key].rule == "all_success":
                name, above_it = pipeline.steps[key].task, pipeline.steps[edge.step].task
                raise errors.UsageError(
                    f"{name} cannot run alone: {above_it}, which it needs, {_TOLD.get(how, how)} in run {row.id[:8]}.",
                    remedy=f"`--from {above_it}` runs that and what is below it; `--from-failed` all that failed.",
                )


_TOLD = {"upstream_failed": "could not run", "cancelled": "was cancelled", "timed_out": "timed out"}


def _ends(ledger: ledgers.Reader, run: str) -> dict[keys.StepKey, tuple[str, str, str]]:
    """How each step of a run ended, the worst of its items, why, and because of which step."""
    found: dict[keys.StepKey, tuple[str, str, str]] = {}
    for _, _, event in ledger.events(run):
        if isinstance(event, events.StepsFinished):
            if event.outcome != "skipped" or event.step not in found:
                found[event.step] = (event.outcome, event.reason, event.subject)
        elif isinstance(event, events.StepSucceeded | events.StepReused | events.StepMapped):
            found.setdefault(event.step, ("succeeded", "", ""))
    for each in ledger.step_runs(run):
        if each.outcome not in (None, "succeeded", "reused", "skipped"):
            found[each.step] = (str(each.outcome), each.reason, "")
    return found


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
    again = _again(pipeline, chosen, with_below=words[0] == "--from" or words[1].endswith("+"))
    rest = _without(found, again)
    if words[0] == "--only":  # what did not succeed there is left alone too, and is no better for it
        return _with_failures(world.ledger, pipeline, row.rerun_of, rest, again)
    return rest


def _with_failures(
    ledger: ledgers.Reader,
    pipeline: pipelines.Pipeline,
    run: str,
    found: Mapping[tuple[keys.StepKey, str], task_work.Kept],
    again: Collection[keys.StepKey],
) -> dict[tuple[keys.StepKey, str], task_work.Kept]:
    """What is kept, and how all else ended that is not to run again; under item "" for items that were not there."""
    ended: dict[tuple[keys.StepKey, str], task_work.Kept] = {}
    for each in ledger.step_runs(run):
        outcome = each.outcome if each.outcome is not None and each.outcome not in _WELL else "cancelled"
        ended[each.step, each.item] = task_work.Kept(
            source_run=run, outcome=cast(events.Outcome, outcome), reason=each.reason
        )
    for key in pipeline.steps:
        ended.setdefault((key, ""), task_work.Kept(source_run=run, outcome="cancelled"))
    return {**_without(ended, again), **found}


_WELL = frozenset({"succeeded", "reused", "skipped"})


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
                    found[event.step, item] = task_work.Kept(source_run=run, outcome="skipped")
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
    failed = {each.step for each in ended if each.outcome not in _WELL}
    failed = {key for key in pipeline.steps if key in failed or key not in seen}
    again = set(below(pipeline, failed))
    strictly = {key for key in again if any(edge.step in again for edge in pipeline.steps[key].after)}
    partly = {key for key in failed - strictly if pipeline.steps[key].fan is not None}
    return _without(found, {*again, *_around(pipeline, again)} - partly)


def _without(
    found: Mapping[tuple[keys.StepKey, str], task_work.Kept], steps: Collection[keys.StepKey]
) -> dict[tuple[keys.StepKey, str], task_work.Kept]:
    return {where: each for where, each in found.items() if where[0] not in steps}


def _again(pipeline: pipelines.Pipeline, chosen: Collection[keys.StepKey], *, with_below: bool) -> set[keys.StepKey]:
    """What runs again where these steps are to: they, what is below them where that is wanted, and what they need."""
    again = below(pipeline, chosen) if with_below else chosen
    return {*again, *_around(pipeline, again)}


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

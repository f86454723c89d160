"""The verbs for Python: `plan`, `apply`, `materialize`, `run` …, with the fields that the command line prints as JSON.

Each call loads the project afresh (found upwards from `start`, the working directory by default) and opens its ledger.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from weft import wiring
from weft.model import errors
from weft.service import views
from weft.service.plan import applying, planning, saving
from weft.service.run import driving, interrupting, recovering

if TYPE_CHECKING:
    from weft.model import plan as plans
    from weft.service import in_memory, in_memory_runs
    from weft.service import world as worlds
    from weft.service.pipeline import backfilling

T = TypeVar("T")


def plan(
    selection: str | None = None,
    *,
    partitions: str | None = None,
    force: bool = False,
    failed: bool = False,
    keep_going: bool | None = None,
    file: str | Path | None = None,
    module: str | None = None,
    start: str | Path | None = None,
) -> views.PlanView:
    """Plan what would bring a selection (all assets by default) to fresh. Nothing runs.

    Args:
        selection: an expression such as "+daily_metrics".
        partitions: a key, a list "a,b", a range "a..b".
        force: all that is selected, without cut-off, and nothing above it.
        failed: only what failed.
        keep_going: after a failure, run all that doesn't need it; the project's setting unless given.
        file: definitions from a file.
        module: definitions from a module.
        start: the folder from which the project is looked for.

    Raises:
        WeftError: what stands in the way.
    """
    ask = planning.Ask(
        selection=selection, partitions=partitions, exact=force, only_failed=failed, keep_going=keep_going
    )
    with _world(file, module, start) as world:
        return views.plan_view(world.planned, planning.make_plan(world, ask))


def apply(
    selection: str | Path | None = None,
    *,
    partitions: str | None = None,
    force: bool = False,
    failed: bool = False,
    keep_going: bool | None = None,
    executor: str | None = None,
    jobs: int | None = None,
    config: Mapping[str, Mapping[str, object]] | None = None,
    wait: bool = True,
    file: str | Path | None = None,
    module: str | None = None,
    start: str | Path | None = None,
) -> views.ApplyView:
    """Bring a selection to fresh, or carry out a saved plan (a path that ends in `.json`). Asks nobody.

    The arguments are those of `plan`, and `executor` ("process", "thread" or "inline"), `jobs`, `config` (fields by
    step), `wait` (for other runs that make the same; else that is an error). A failed step is in the answer and raises
    nothing.

    Raises:
        DriftError: the saved plan no longer holds.
        WeftError: what stands in the way.
    """
    if str(selection).endswith(".json"):
        if partitions or force or failed:
            raise errors.UsageError("A saved plan says what runs.", remedy="Leave partitions, force and failed out.")
        saved = saving.load(Path(start or ".") / str(selection))
        with _world(file, module, start, config) as world:
            resumed = _resumed(world, saving.ask_of(saved), executor, jobs, wait, made_at=saved.document.now)
            if resumed is not None:
                return resumed
            return _carried_out(world, saving.replan(world, saved), None, executor=executor, jobs=jobs, wait=wait)
    ask = planning.Ask(
        selection=str(selection) if selection is not None else None,
        partitions=partitions,
        exact=force,
        only_failed=failed,
        keep_going=keep_going,
    )
    with _world(file, module, start, config) as world:
        return _applied(world, ask, executor=executor, jobs=jobs, wait=wait)


@overload
def materialize(
    wanted: str,
    *,
    partitions: str | None = None,
    keep_going: bool | None = None,
    executor: str | None = None,
    jobs: int | None = None,
    config: Mapping[str, Mapping[str, object]] | None = None,
    wait: bool = True,
    file: str | Path | None = None,
    module: str | None = None,
    start: str | Path | None = None,
) -> views.ApplyView: ...


@overload
def materialize(
    wanted: Iterable[Any],
    *,
    input_values: Mapping[str, object] | None = None,
    partition_key: str | None = None,
    resources: Mapping[str, object] | None = None,
    config: Mapping[str, Mapping[str, object]] | None = None,
    raise_on_error: bool = True,
) -> in_memory.InMemoryResult: ...


def materialize(wanted: str | Iterable[Any], **given: Any) -> views.ApplyView | in_memory.InMemoryResult:
    """Run exactly what is selected, whatever its state; or, with a list of definitions, make them in memory.

    With a selection (text) it is `weft materialize`, and takes what `apply` takes. With definitions nothing is read
    from or written to disk: `input_values` are the values of assets that are read but not among them, `partition_key`
    says which partition to make, `resources` and `config` give what the bodies ask for. The result has `.success`,
    `result["name"]`, `.failures`, `.checks`; what a body raised is raised, unless `raise_on_error` is False.

    Raises:
        WeftError: what stands in the way.
    """
    if not isinstance(wanted, str):
        from weft.service import in_memory

        _check_names(given, _IN_MEMORY, "with a list of definitions")
        return in_memory.materialize(wanted, **given)
    _check_names(given, _ON_DISK, "with a selection")
    place = {name: given.pop(name, None) for name in ("file", "module", "start")}
    config = given.pop("config", None)
    ask = planning.Ask(
        selection=wanted, partitions=given.pop("partitions", None), exact=True, keep_going=given.pop("keep_going", None)
    )
    with _world(place["file"], place["module"], place["start"], config) as world:
        return _applied(
            world, ask, executor=given.get("executor"), jobs=given.get("jobs"), wait=given.get("wait", True)
        )


def run(
    pipeline: str,
    *,
    params: Mapping[str, object] | None = None,
    partition: str | None = None,
    executor: str | None = None,
    jobs: int | None = None,
    wait: bool = True,
    file: str | Path | None = None,
    module: str | None = None,
    start: str | Path | None = None,
) -> views.ApplyView:
    """Run a pipeline (a DAG, a flow) to its end; a failed step is in the answer and raises nothing.

    Args:
        pipeline: its name.
        params: its parameters.
        partition: the key or date of its interval; the latest that has ended unless given.
        executor: "process", "thread" or "inline".
        jobs: how many workers.
        wait: for other runs that are in the way; else that is an error.
        file: definitions from a file.
        module: definitions from a module.
        start: the folder from which the project is looked for.

    Raises:
        WeftError: what stands in the way.
    """
    from weft.service.pipeline import pipelines

    wanted = pipelines.Wanted(pipeline=pipeline, params=params, partition=partition)
    with _world(file, module, start) as world:
        return _watched(executor, jobs, wait, lambda how: pipelines.run_or_go_on(world, wanted, how))


def rerun(
    run: str,
    *,
    from_failed: bool = False,
    from_step: str | None = None,
    only: str | None = None,
    params: Mapping[str, object] | None = None,
    executor: str | None = None,
    jobs: int | None = None,
    file: str | Path | None = None,
    module: str | None = None,
    start: str | Path | None = None,
) -> views.ApplyView:
    """Run a pipeline's run (by the beginning of its id, or "last") again, as a new run that is linked to it.

    All of it; or what failed and what is below that; or what is from `from_step` on; or `only` a step ("load"), or a
    step and what is below it ("load+"). `params` go before those of the run.

    Raises:
        WeftError: what stands in the way.
    """
    from weft.service.pipeline import pipelines
    from weft.service.run import reruns

    with _world(file, module, start) as world:
        wanted = reruns.wanted(world, run, from_failed=from_failed, from_step=from_step, only=only, params=params)
        return _watched(executor, jobs, True, lambda how: pipelines.run(world, wanted, how))


def backfill(
    name: str,
    partitions: str,
    *,
    reprocess: Literal["missing", "failed", "all"] = "missing",
    newest_first: bool = False,
    concurrency: int = 1,
    dry_run: bool = False,
    executor: str | None = None,
    jobs: int | None = None,
    file: str | Path | None = None,
    module: str | None = None,
    start: str | Path | None = None,
) -> backfilling.BackfillView:
    """Run the intervals of a pipeline in a range ("a..b", "a,b", a key, "*"), or make those partitions of an asset.

    `reprocess` says of what: of what never ran, also of what failed, or of all. The same call goes on where an earlier
    one was cut short.

    Raises:
        WeftError: what stands in the way.
    """
    from weft.service.pipeline import backfilling as service

    ask = service.Ask(
        name=name, chosen=partitions, reprocess=reprocess, newest_first=newest_first, concurrency=concurrency
    )
    with _world(file, module, start) as world:
        return _watched(executor, jobs, True, lambda how: service.backfill(world, ask, how, dry_run=dry_run))


def test_pipeline(definition: object, **given: Any) -> in_memory_runs.RunResult:
    """Run a DAG in memory, in this process, without waiting between retries: `dag.test()`.

    The arguments are `partition`, `params`, `resources`, `raise_on_error` and `clock`; the result has `.success`,
    `.outcomes` by task, `.value("task")`, `.failures` and `.rendered`.

    Raises:
        WeftError: the DAG, a parameter or the interval is wrong.
        Exception: what a task raised, unless `raise_on_error` is False.
    """
    from weft.service import in_memory_runs as service

    _check_names(given, _IN_MEMORY_RUN, "of that name", function="test")
    return service.run(definition, **given)


_IN_MEMORY_RUN = frozenset({"partition", "params", "resources", "raise_on_error", "clock"})
_IN_MEMORY = frozenset({"input_values", "partition_key", "resources", "config", "raise_on_error", "clock"})
_ON_DISK = frozenset({"partitions", "keep_going", "executor", "jobs", "config", "wait", "file", "module", "start"})


def _check_names(
    given: Mapping[str, object], known: frozenset[str], when: str, *, function: str = "materialize"
) -> None:
    from weft.model import spelling

    for name in given:
        if name not in known:
            raise errors.UsageError(
                f"{function}() has no argument {name!r} {when}.",
                remedy=spelling.did_you_mean(name, known) or f"There are: {', '.join(sorted(known))}.",
            )


@contextmanager
def _world(
    file: str | Path | None,
    module: str | None,
    start: str | Path | None,
    config: Mapping[str, Mapping[str, object]] | None = None,
) -> Iterator[worlds.World]:
    place = wiring.Place(
        start=Path(start) if start is not None else Path.cwd(),
        file=str(file) if file is not None else None,
        module=module,
    )
    world = wiring.open_world(place, config_overrides=config)
    try:
        yield world
    finally:
        world.ledger.close()


def _applied(
    world: worlds.World, ask: planning.Ask, *, executor: str | None, jobs: int | None, wait: bool
) -> views.ApplyView:
    resumed = _resumed(world, ask, executor, jobs, wait)
    if resumed is not None and (ask.exact or resumed.outcome != "succeeded"):
        return resumed
    made = planning.make_plan(world, ask)
    if resumed is not None and not made.steps:
        return resumed
    return _carried_out(world, made, ask, executor=executor, jobs=jobs, wait=wait)


def _resumed(
    world: worlds.World,
    ask: planning.Ask,
    executor: str | None,
    jobs: int | None,
    wait: bool,
    *,
    made_at: datetime | None = None,
) -> views.ApplyView | None:
    """Go on with a run of this very request (or of the plan made at `made_at`) whose owner died; end the others."""
    resumed: views.ApplyView | None = None
    for each in recovering.interrupted(world):
        if resumed is not None or not recovering.resumable(world, each, ask):
            continue
        if made_at is not None and (each.document is None or each.document.now != made_at):
            continue
        resumed = _watched(executor, jobs, wait, functools.partial(recovering.resume, world, each))
    recovering.recover(world)
    return resumed


def _carried_out(
    world: worlds.World,
    made: plans.Plan,
    ask: planning.Ask | None,
    *,
    executor: str | None,
    jobs: int | None,
    wait: bool,
) -> views.ApplyView:
    import msgspec

    result = _watched(executor, jobs, wait, lambda how: applying.apply(world, made, how, ask=ask))
    assert result is not None
    return msgspec.structs.replace(result, plan=views.plan_view(world.planned, made))


def _watched(executor: str | None, jobs: int | None, wait: bool, work: Callable[[driving.How], T]) -> T:
    """Run so that Ctrl-C ends the run tidily; signals are heeded in the main thread only."""
    interrupts = interrupting.Interrupts()
    how = driving.How(
        executor=executor, jobs=jobs, wait=wait, started=lambda driver, run, count: interrupts.attach(driver)
    )
    if threading.current_thread() is not threading.main_thread():
        return work(how)
    with interrupts.installed():
        return work(how)

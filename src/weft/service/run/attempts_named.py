"""Whose attempts a name means: those of a run, of a pipeline's last run, of the last runs that attempted an asset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

from weft.model import errors
from weft.ports import ledger as ledgers
from weft.service import views
from weft.service import world as worlds
from weft.service.run import history, run_logs


class AttemptsMeant(views.View, frozen=True, kw_only=True):
    """Attempts that a name means: those of `runs` (newest first), and of them of these steps, partitions and item.

    `with_flow`: also what a flow wrote and raised outside of its calls.
    """

    runs: list[str]
    steps: list[str] | None = None
    partitions: list[str] | None = None
    item: str | None = None
    with_flow: bool = False


def meant(
    ledger: ledgers.Ledger,
    open_world: Callable[[], worlds.World],
    subject: str,
    step: str | None = None,
    partitions: str | None = None,
) -> AttemptsMeant:
    """The attempts that a run, pipeline, step or asset, one of its steps and its partitions mean.

    Args:
        ledger: what is recorded.
        open_world: gives the definitions, which only the name of an asset needs.
        subject: a run (its id, the beginning of that, or `last`), a pipeline, `pipeline:step`, or an asset.
        step: one step of the run, also with an item: `enrich[3]`.
        partitions: of a pipeline its interval, of an asset its partitions.

    Raises:
        UsageError: nothing of that name is there.
    """
    named = partitions.split(",") if partitions is not None else None
    pipeline, _, task = subject.partition(":")
    of_pipeline = ledger.runs(pipeline=pipeline, partition=partitions, limit=1) if subject != "last" else []
    if of_pipeline:  # a partition says which run, not which attempts of it
        run, named, step = of_pipeline[0], None, step or task or None
    else:
        found = history.run_named(ledger, subject)
        if found is None:
            if step is not None:
                return _unknown_run(subject, step)
            return _of_asset(open_world(), subject, partitions)
        run = found
    if step is None:
        return AttemptsMeant(runs=[run.id], partitions=named, with_flow=True)
    if step == run.pipeline and run.request.startswith("flow "):
        return AttemptsMeant(runs=[run.id], steps=[], partitions=named, with_flow=True)
    steps, item = run_logs.steps_named(ledger, run.id, step)
    return AttemptsMeant(runs=[run.id], steps=steps, partitions=named, item=item)


def _of_asset(world: worlds.World, subject: str, partitions: str | None) -> AttemptsMeant:
    asset, steps = history.attempts_of(world, subject)
    named: Sequence[str] | None = history.partition_keys(world, asset, partitions)
    runs = run_logs.last_runs(world.ledger, asset, named)[: None if named is not None else 1]
    return AttemptsMeant(runs=runs, steps=steps, partitions=list(named) if named is not None else None)


def _unknown_run(subject: str, step: str) -> NoReturn:
    raise errors.UsageError(
        f"{subject!r} is no run and no pipeline, so that it has no step {step!r}.", remedy="`weft runs` lists runs."
    )

"""`weft apply` and `weft materialize`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from weft.model import errors
from weft.surfaces.cli import apply_session, options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weft.service.execution import executions
    from weft.service.plan import planning, saving


@options.command
@options.selection(metavar="[SELECTION|PLAN.json]")
@options.partitions
@click.option("--force", is_flag=True, help="All that is selected, without cut-off, and nothing above it.")
@click.option("--failed", is_flag=True, help="Only what failed.")
@click.option("--rebuild", is_flag=True, help="Also what waits for a decision on changed code.")
@options.execution
@click.option("--refresh", is_flag=True, help="Observe external assets first.")
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@click.option("--plan", "plan_id", metavar="ID", help="The plan that `weft plan --save` kept under this id.")
@click.option("--what-holds", is_flag=True, help="Of a saved plan that has drifted: the lines that still hold.")
@click.option("--detach", is_flag=True, help="Have the scheduler of a running server carry it out; doesn't ask.")
@options.as_json
@options.place
def apply(
    selection: str | None,
    partitions: str | None,
    force: bool,
    failed: bool,
    rebuild: bool,
    keep_going: bool | None,
    executor: str | None,
    jobs: int | None,
    config_file: str | None,
    values: tuple[str, ...],
    no_wait: bool,
    refresh: bool,
    yes: bool,
    plan_id: str | None,
    what_holds: bool,
    detach: bool,
    as_json: bool,
) -> int:
    """Bring SELECTION (all assets by default) to fresh, with what is needed above it; or carry out a saved plan.

    Shows the plan and asks. Ctrl-C lets what runs finish; twice kills it; either way the next apply goes on from there.

    Examples:
      weft apply                             everything
      weft apply daily_metrics --yes         without asking
      weft apply metrics -p 2024-01-05 --force
      weft apply --failed --fail-fast
      weft apply plan.json                   a plan saved with `weft plan -o`
      weft apply --plan 3f2a                 a plan kept with `weft plan --save`
      weft apply plan.json --what-holds      of one that has drifted what still holds
      weft apply --set load.limit=100 load
      weft apply --detach                    carried out by the scheduler of `weft dev`
    """
    from weft.service.plan import planning

    if not yes and not detach and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise errors.UsageError(
            "apply asks before it runs anything, but there is no terminal to ask on. Nothing ran.",
            remedy="Add --yes to run without asking; `weft plan` only shows.",
        )
    given = {"partitions": partitions, "force": force, "failed": failed, "rebuild": rebuild}
    saved = _saved(plan_id or selection, given, kept=plan_id is not None)
    if plan_id is not None and selection is not None:
        raise errors.UsageError(
            f"The selection {selection!r} can't be given with --plan: the plan says what runs.", remedy="Leave one out."
        )
    if what_holds and saved is None and plan_id is None:
        raise errors.UsageError(
            "--what-holds is given without a saved plan of which something could hold.",
            remedy="Name one: `weft apply plan.json --what-holds`, or --plan ID.",
        )
    running = {"executor": executor, "jobs": jobs, "config": config_file, "set": values, "no-wait": no_wait}
    if (server := options.remote()) is not None:
        from weft.surfaces.cli import remote_runs

        if saved is not None:
            options.refuse_remote("A plan in a file", server, remedy="Keep it there: `weft plan --save`.")
        remote_runs.refuse_running(server, **running, refresh=refresh)
        request = {
            "select": selection, "partitions": partitions, "exact": force, "only_failed": failed,
            "keep_going": keep_going, "rebuild": rebuild,
        }  # fmt: skip
        return remote_runs.carry_out(
            server, request, plan_id=plan_id, what_holds=what_holds, yes=yes, detach=detach, as_json=as_json
        )
    configs = options.configs(config_file, values)
    world = options.open_world(configs)
    options.checked_configs(world, configs)
    if plan_id is not None:
        from weft.service.plan import saved_plans

        row = saved_plans.row_of(world, plan_id)
        saved_plans.check_free(world, row)
        saved = saved_plans.document_of(world, row)
    if refresh:
        from weft.service.asset import refreshing

        refreshing.refresh(world, None if saved else selection)
    session = apply_session.Session(world, executor=executor, jobs=jobs, wait=not no_wait, yes=yes, as_json=as_json)
    if detach:
        _check_detached({**running, "PLAN.json": saved if plan_id is None else None})
    if saved is not None and not detach:
        return session.apply_saved(saved, what_holds=what_holds)
    ask = planning.Ask(
        selection=selection,
        partitions=partitions,
        exact=force,
        only_failed=failed,
        keep_going=keep_going,
        rebuild_undecided=rebuild,
    )
    if detach:
        from weft.surfaces.cli import executions

        return executions.detach(world, _wanted(ask, plan_id, what_holds=what_holds), as_json=as_json)
    return session.apply(ask)


def _wanted(ask: planning.Ask, plan_id: str | None, *, what_holds: bool) -> executions.Wanted:
    from weft.service.execution import executions

    return (
        executions.Wanted(saved=plan_id, what_holds=what_holds) if plan_id is not None else executions.Wanted(ask=ask)
    )


def _check_detached(given: dict[str, object]) -> None:
    wrong = [name if name.isupper() or "." in name else f"--{name}" for name, value in given.items() if value]
    if wrong:
        raise errors.UsageError(
            f"{' and '.join(wrong)} can't be given with --detach: a worker of the server runs it as it is configured.",
            remedy="Leave it out.",
        )


@options.command
@options.selection(required=True)
@options.partitions
@options.execution
@options.as_json
@options.place
def materialize(
    selection: str,
    partitions: str | None,
    keep_going: bool | None,
    executor: str | None,
    jobs: int | None,
    config_file: str | None,
    values: tuple[str, ...],
    no_wait: bool,
    as_json: bool,
) -> int:
    """Run exactly SELECTION, whatever its state, on what is above it as it stands. Doesn't ask.

    Examples:
      weft materialize raw_trades --partitions 2024-01-05
      weft materialize 'group:reports'
      weft materialize load --set load.limit=100
    """
    from weft.service.plan import planning

    if (server := options.remote()) is not None:
        from weft.surfaces.cli import remote_runs

        running = {"executor": executor, "jobs": jobs, "config": config_file, "set": values, "no_wait": no_wait}
        remote_runs.refuse_running(server, **running)
        request = {"select": selection, "partitions": partitions, "exact": True, "keep_going": keep_going}
        return remote_runs.carry_out(server, request, yes=True, detach=False, as_json=as_json, quiet_plan=True)
    configs = options.configs(config_file, values)
    world = options.open_world(configs)
    options.checked_configs(world, configs)
    ask = planning.Ask(selection=selection, partitions=partitions, exact=True, keep_going=keep_going)
    return apply_session.Session(
        world, executor=executor, jobs=jobs, wait=not no_wait, yes=True, as_json=as_json, quiet_plan=True
    ).apply(ask)


def _saved(selection: str | None, given: Mapping[str, object], *, kept: bool = False) -> saving.SavedPlan | None:
    """The plan of a file, where one is named; of one that the ledger keeps it is only checked what goes with it."""
    if selection is None or not (kept or selection.endswith(".json")):
        return None
    from weft.service.plan import saving

    wrong = [f"--{name}" for name, value in given.items() if value]
    if wrong:
        raise errors.UsageError(
            f"{' and '.join(wrong)} can't be given with the saved plan {selection}: it says what runs.",
            remedy="Plan again with them: `weft plan … -o plan.json`.",
        )
    return None if kept else saving.load(Path(selection))

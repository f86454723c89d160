"""`weft executions`: what the scheduler carries out, how far it is, and how to stop it and let it go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weft.surfaces.cli import options, program, screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft.ports import ledger as ledgers
    from weft.service import views
    from weft.service import world as worlds
    from weft.service.execution import executions as verbs

_SEEN_SECONDS = 20


@options.group
def executions() -> None:
    """Show what the scheduler carries out, such as backfills; pause it, let it go on, cancel it.

    Examples:
      weft executions
      weft executions show 3f2a
      weft executions pause 3f2a
      weft executions resume 3f2a --retry-failed
    """
    context = click.get_current_context()
    if context.invoked_subcommand is None:
        context.exit(context.invoke(ls, live=False, limit=20, as_json=False))


executions.invoke_without_command = True
executions.no_args_is_help = False


@executions.command()
@click.option("--live", is_flag=True, help="Only those that have not ended.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="How many.")
@options.as_json
@options.place
def ls(live: bool, limit: int, as_json: bool) -> int:
    """Show executions, the newest first.

    Examples:
      weft executions ls --live
      weft executions ls --json
    """
    from weft.service.execution import executions as verbs

    if (server := options.remote()) is not None:
        found = server.all("/executions", verbs.ExecutionView, live=live, limit=limit)
    else:
        found = verbs.ls(options.open_world(), live=live, limit=limit)
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    if not found:
        out.line("There is no execution. `weft backfill … --detach` and `weft apply --detach` make one.")
        return program.DONE
    out.table(
        [
            (
                screen.short(each.id),
                each.kind,
                each.request,
                _word(each),
                f"{each.done:,} of {each.total:,}" + (f", {each.failed:,} failed" if each.failed else ""),
                screen.moment_of(each.created),
            )
            for each in found
        ],
        head=("id", "kind", "what", "state", "done", "created"),
    )
    return program.DONE


@executions.command()
@click.argument("execution")
@options.as_json
@options.place
def show(execution: str, as_json: bool) -> int:
    """Show an execution: how far it is, on what it waits, and its last runs.

    Examples:
      weft executions show 3f2a
    """
    from weft.service.execution import executions as verbs

    rows: Sequence[views.RunView | ledgers.RunRow]
    if (server := options.remote()) is not None:
        from weft.service import views

        found = server.get("/executions/{}", verbs.ExecutionView, execution)
        rows = [] if as_json else server.all("/runs", views.RunView, execution=found.id, limit=10)
    else:
        world = options.open_world()
        found = verbs.get(world, execution)
        rows = verbs.runs_of(world, found.id, limit=10)
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    out.line(f"{out.bold(found.request or found.kind)}  {_word(found)}  {found.id}")
    counts = [
        (found.succeeded, "succeeded"),
        (found.passed, "needed no run"),
        (found.failed, "failed"),
        (found.left_out, "left out"),
        (found.cancelled, "cancelled"),
        (found.running, "running"),
        (found.waiting, "waiting"),
        (found.left, "left"),
    ]
    out.line(f"  {', '.join(f'{count:,} {word}' for count, word in counts if count)} of {found.total:,}")
    lines = [
        ("why", found.reason),
        ("waits", "; ".join(found.waits_for)),
        ("takes", f"about {screen.seconds(found.seconds_left)} more" if found.seconds_left else ""),
        ("by", found.automation or found.by),
        ("bound", f"{found.concurrency} runs at once" if found.concurrency is not None else ""),
        ("priority", str(found.priority) if found.priority else ""),
        ("plan", found.plan or ""),
        *(("without", told) for told in not_holding(found)),
    ]
    for name, text in lines:
        if text:
            out.line(f"  {name:<9}{text}")
    if rows:
        out.line()
        out.table(
            [
                (
                    screen.short(row.id),
                    row.pipeline or f"{row.steps:,} step runs",
                    row.partition or "",
                    row.outcome or row.phase,
                )
                for row in rows
            ]
        )
    return program.DONE


@executions.command()
@click.argument("execution")
@options.as_json
@options.place
def pause(execution: str, as_json: bool) -> int:
    """Let nothing more of an execution begin. A run of assets under way ends after the steps that are under way.

    Examples:
      weft executions pause 3f2a
    """
    from weft.service.execution import executions as verbs

    if (server := options.remote()) is not None:
        found = server.send("POST", "/executions/{}/pause", verbs.ExecutionView, execution)
    else:
        found = verbs.pause(options.open_world(), execution)
    return _done(found, as_json, f"It is paused. `weft executions resume {screen.short(found.id)}` lets it go on.")


@executions.command()
@click.argument("execution")
@click.option("--retry-failed", is_flag=True, help="Try what failed once more.")
@options.as_json
@options.place
def resume(execution: str, retry_failed: bool, as_json: bool) -> int:
    """Let an execution go on that is paused.

    Examples:
      weft executions resume 3f2a
      weft executions resume 3f2a --retry-failed
    """
    from weft.service.execution import executions as verbs

    if (server := options.remote()) is not None:
        found = server.send("POST", "/executions/{}/resume", verbs.ExecutionView, execution, retry_failed=retry_failed)
    else:
        found = verbs.resume(options.open_world(), execution, retry_failed=retry_failed)
    return _done(found, as_json, "It goes on.")


@executions.command()
@click.argument("execution")
@options.as_json
@options.place
def rerun(execution: str, as_json: bool) -> int:
    """Run what failed, was left out or cancelled in an execution that has ended, as a new one.

    Examples:
      weft executions rerun 3f2a
    """
    from weft.service.execution import executions as verbs
    from weft.service.execution import repeating

    if (server := options.remote()) is not None:
        found = server.send("POST", "/executions/{}/rerun", verbs.ExecutionView, execution)
        missing: list[str] = []
    else:
        world = options.open_world()
        found = repeating.rerun(world, execution)
        missing = _missing(world)
    return tell_created(found, missing, as_json=as_json)


@executions.command()
@click.argument("execution")
@options.as_json
@options.place
def cancel(execution: str, as_json: bool) -> int:
    """End an execution: what waits at once, what is under way after the steps that are under way.

    Examples:
      weft executions cancel 3f2a
    """
    from weft.service.execution import executions as verbs

    if (server := options.remote()) is not None:
        found = server.send("POST", "/executions/{}/cancel", verbs.ExecutionView, execution)
    else:
        found = verbs.cancel(options.open_world(), execution)
    ended = found.phase == "finished"
    return _done(found, as_json, "It was cancelled." if ended else "It ends when what is under way has ended.")


@executions.command()
@click.argument("execution")
@click.option("--priority", type=int, metavar="N", help="The highest goes first.")
@click.option("--concurrency", type=click.IntRange(min=0), metavar="N", help="Runs at once; 0 for no bound.")
@options.as_json
@options.place
def change(execution: str, priority: int | None, concurrency: int | None, as_json: bool) -> int:
    """Give an execution another place in the queue, or another bound on its runs.

    Examples:
      weft executions change 3f2a --priority 10
      weft executions change 3f2a --concurrency 8
    """
    from weft.model import errors
    from weft.service.execution import executions as verbs

    if priority is None and concurrency is None:
        raise errors.UsageError("Nothing is to be changed.", remedy="Give --priority N, --concurrency N, or both.")
    if (server := options.remote()) is not None:
        changed: dict[str, object] = {} if priority is None else {"priority": priority}
        if concurrency is not None:
            changed["concurrency"] = concurrency or None
        found = server.put("/executions/{}", verbs.ExecutionView, changed, execution, method="PATCH")
    elif concurrency is None:
        found = verbs.change(options.open_world(), execution, priority=priority)
    else:
        found = verbs.change(options.open_world(), execution, priority=priority, concurrency=concurrency or None)
    return _done(found, as_json, "It is changed.")


def _done(found: verbs.ExecutionView, as_json: bool, told: str) -> int:
    if as_json:
        screen.json_line(found)
    else:
        screen.Screen().line(told)
    return program.DONE


def _word(found: verbs.ExecutionView) -> str:
    return {"suspended": "paused"}.get(found.phase, found.outcome or found.phase)


def detach(world: worlds.World, wanted: verbs.Wanted, *, as_json: bool) -> int:
    """Create an execution for the scheduler to carry out, and say how to follow it and what is missing for it."""
    from weft.service.execution import executions as verbs

    return tell_created(verbs.create(world, wanted), _missing(world), as_json=as_json)


def tell_created(found: verbs.ExecutionView, missing: list[str], *, as_json: bool) -> int:
    """Say that an execution was created, how to follow it, and what is `missing` to carry it out."""
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    if not found.total:
        out.line("Nothing to do.")
        return program.DONE
    out.line(f"The execution {found.id} is created: {found.total:,} to run, {found.waiting:,} of them in the queue.")
    for told in not_holding(found):
        out.line(f"  Left out: {told}.")
    if missing:
        out.line(out.paint(f"  No {' and no '.join(missing)} is there to carry it out: start `weft dev`.", "stale"))
    out.line(f"  `weft executions show {screen.short(found.id)}` shows how far it is.")
    return program.DONE


def not_holding(found: verbs.ExecutionView) -> list[str]:
    """What of a saved plan did not hold any more when it was applied, and why."""
    listed = found.options.get("not_holding")
    return [str(each) for each in listed] if isinstance(listed, list) else []


def _missing(world: worlds.World) -> list[str]:
    from weft.ports import clock

    since = clock.microseconds(world.clock.now()) - _SEEN_SECONDS * 1_000_000
    there = {row.kind for row in world.ledger.workers_seen() if row.seen >= since}
    return [kind for kind in ("scheduler", "worker") if kind not in there]

"""`weft runs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weft.model import errors
from weft.surfaces.cli import options, program, run_text, screen

if TYPE_CHECKING:
    from weft.ports import ledger as ledgers
    from weft.service import views
    from weft.service.run import run_details
    from weft.surfaces.cli import remote as remotes


@options.command
@click.argument("run", required=False)
@click.option("-n", "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many to show.")
@click.option("--all", "everything", is_flag=True, help="Show all of them.")
@click.option("--pipeline", metavar="NAME", help="Only runs of this pipeline.")
@click.option("--partition", "-p", metavar="KEY", help="Only runs of this interval of a pipeline.")
@click.option("--parent", metavar="RUN", help="Only runs that this one called.")
@click.option("-v", "--verbose", is_flag=True, help="Of one run: each item, and the values filled into templates.")
@options.as_json
@options.place
def runs(
    run: str | None,
    limit: int,
    everything: bool,
    pipeline: str | None,
    partition: str | None,
    parent: str | None,
    verbose: bool,
    as_json: bool,
) -> int:
    """Show runs, newest first; or one RUN's steps and failures (an id, its beginning, or `last`).

    Examples:
      weft runs
      weft runs 8f2c
      weft runs last --json
      weft runs --pipeline trading_etl --partition 2024-01-05
    """
    from weft.service.run import history, run_details

    server = options.remote()
    if run is not None:
        if server is not None:
            detail = _there(server, run)
        else:
            _, ledger = options.open_ledger()
            detail = _with_waits(ledger, run_details.run_detail(ledger, history.find_run(ledger, run)))
        if as_json:
            screen.json_line(detail)
        else:
            run_text.show(screen.Screen(), detail, verbose=verbose)
        return program.DONE
    most = None if everything or (as_json and limit == 20) else limit
    if server is not None:
        found = _listed_there(server, most, pipeline=pipeline, partition=partition, parent=parent)
    else:
        _, ledger = options.open_ledger()
        called_by = history.find_run(ledger, parent).id if parent is not None else None
        found = history.runs(ledger, limit=most, pipeline=pipeline, partition=partition, parent=called_by)
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    if not found:
        narrowed = pipeline or partition or parent
        out.line("No such run is recorded." if narrowed else "Nothing has run yet. `weft plan` shows what would.")
        return program.DONE
    rows = [
        (
            screen.short(each.id),
            run_text.state(each),
            screen.moment_of(each.created_at),
            run_text.took(each),
            run_text.counts(each),
            run_text.subject(each),
        )
        for each in found
    ]
    out.table(
        rows,
        head=("run", "state", "began", "took", "steps", "of"),
        words=[each.outcome or each.phase for each in found],
    )
    return program.DONE


def _with_waits(ledger: ledgers.Ledger, detail: run_details.RunDetail) -> run_details.RunDetail:
    """With why a run waits, as far as the definitions can be loaded."""
    waits_in_pool = any(each.run == detail.run.id for each in ledger.pool_waits())
    if detail.run.phase != "created" and not waits_in_pool:
        return detail
    import msgspec

    from weft.service.queue import waiting
    from weft.service.run import history

    try:
        reasons = waiting.why_waiting(options.open_world(), history.find_run(ledger, detail.run.id))
    except errors.WeftError:  # that is told by what needs them
        return detail
    return msgspec.structs.replace(detail, waits_for=reasons)


def _there(server: remotes.Server, name: str) -> run_details.RunDetail:
    """A run of a server, with why it waits."""
    import msgspec

    from weft.service.queue import waiting
    from weft.service.run import run_details
    from weft.surfaces.cli import remote

    run = remote.run_of(server, name)
    detail = server.get("/runs/{}/detail", run_details.RunDetail, run)
    if detail.run.phase == "finished":
        return detail
    return msgspec.structs.replace(detail, waits_for=server.get("/runs/{}/why", waiting.WhyView, run).reasons)


def _listed_there(
    server: remotes.Server, limit: int | None, *, pipeline: str | None, partition: str | None, parent: str | None
) -> list[views.RunView]:
    from weft.service import views
    from weft.surfaces.cli import remote

    called_by = remote.run_of(server, parent) if parent is not None else None
    given = {"pipeline": pipeline, "partition": partition, "parent": called_by}
    found = server.all("/runs", views.RunView, limit=limit, **given)
    if not found and pipeline is not None and not server.all("/runs", views.RunView, limit=1, pipeline=pipeline):
        raise errors.UsageError(f"No run of a pipeline {pipeline!r} is recorded.", remedy="`weft runs` lists all runs.")
    return found

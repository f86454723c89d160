"""`weft gc`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from weft.surfaces.cli import options, program, screen

if TYPE_CHECKING:
    from weft.service.asset import cleaning


@options.command
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    metavar="N",
    help="Versions of each partition that stay (3 unless configured).",
)
@click.option(
    "--keep-runs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Runs of each pipeline that keep their values (50 unless configured).",
)
@click.option("--older-than", metavar="AGE", help="Only versions and runs older than this: 30d, 12h, 90m.")
@click.option("--dry-run", is_flag=True, help="Show what would go; remove nothing.")
@options.as_json
@options.place
def gc(keep: int | None, keep_runs: int | None, older_than: str | None, dry_run: bool, as_json: bool) -> int:
    """Remove old versions, what the tasks of old runs left behind, and what never became a version.

    Never removes what is current, what waits for a decision after a failed check, or what a live run may be reading.

    Examples:
      weft gc --dry-run
      weft gc --keep 1
      weft gc --keep 5 --older-than 30d
    """
    from weft.service.asset import cleaning

    age = None
    if older_than is not None:
        from weft.define import durations

        age = durations.seconds(older_than, what="--older-than")
    if (server := options.remote()) is not None:
        from weft.surfaces.cli import operating

        asked = operating.asked_for(server, "/gc", keep=keep, keep_runs=keep_runs, older_than=age, dry_run=dry_run)
        found = _together(operating.answers(server, asked, cleaning.GcView), dry_run=dry_run)
    else:
        world = options.open_world()
        found = cleaning.gc(world, keep=keep, keep_runs=keep_runs, older_than=age, dry_run=dry_run)
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    for each in found.removed:
        out.line(f"  {each.asset}: {screen.plural(len(each.versions), 'version')}, {screen.size(each.bytes)}")
    if found.leftovers:
        out.line(f"  {screen.plural(len(found.leftovers), 'leftover file')} of attempts that never became versions")
    if found.runs:
        out.line(f"  values of the tasks of {screen.plural(len(found.runs), 'run')}")
    for problem in found.problems:
        out.line(f"  {out.paint('!', 'failed')} {problem}")
    if not found.removed and not found.leftovers and not found.runs:
        out.line("Nothing to remove.")
    else:
        out.line(f"{'Would free' if dry_run else 'Freed'} {screen.size(found.bytes)}.")
    return program.DONE


def _together(found: Sequence[cleaning.GcView], *, dry_run: bool) -> cleaning.GcView:
    """What the workers of several code locations removed, as one."""
    from weft.service.asset import cleaning

    return cleaning.GcView(
        removed=[each for one in found for each in one.removed],
        leftovers=[each for one in found for each in one.leftovers],
        bytes=sum(one.bytes for one in found),
        problems=list(dict.fromkeys(each for one in found for each in one.problems)),
        dry_run=dry_run,
        runs=[each for one in found for each in one.runs],
    )

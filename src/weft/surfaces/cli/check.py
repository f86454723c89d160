"""`weft check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weft.surfaces.cli import options, program, screen

if TYPE_CHECKING:
    from weft.service.asset import checking
    from weft.surfaces.cli import remote


@options.command
@options.selection()
@options.partitions
@click.option("--executor", metavar="NAME", help="process (the default) or inline.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), metavar="N", help="How many worker processes.")
@options.as_json
@options.place
def check(selection: str | None, partitions: str | None, executor: str | None, jobs: int | None, as_json: bool) -> int:
    """Run the checks of SELECTION (all by default) alone, against the latest data. Exits with 1 when one fails.

    A version that a blocking check rejected becomes current when it passes now; one that fails holds back what is
    downstream.

    Examples:
      weft check
      weft check daily_metrics --partition 2024-01-05
      weft check --json
    """
    from weft.service.asset import checking

    if (server := options.remote()) is not None:
        if executor is not None or jobs is not None:
            options.refuse_remote("--executor" if executor is not None else "--jobs", server, remedy="Leave it out.")
        found = _there(server, selection, partitions)
    else:
        found = checking.check(options.open_world(), selection, partitions, executor=executor, jobs=jobs)
    if as_json:
        screen.json_line(found)
    else:
        out = screen.Screen()
        for each in found:
            if each.passed and len(found) > 20:
                continue
            name = each.asset if each.partition is None else f"{each.asset}[{each.partition}]"
            mark = (
                out.paint("✓", "fresh")
                if each.passed
                else out.paint("!" if each.serious else "~", "failed" if each.serious else "stale")
            )
            told = f": {each.description}" if each.description and not each.passed else ""
            out.line(
                f"  {mark} {name}  {each.check}{'' if each.passed else ' (blocking)' if each.blocking else ''}{told}"
            )
        passed = sum(each.passed for each in found)
        out.line(f"{passed:,} of {screen.plural(len(found), 'check')} passed.")
        published = len({(each.asset, each.partition) for each in found if each.published})
        if published:
            out.line(f"{screen.plural(published, 'version')} that had been rejected became current.")
    return program.FAILED if any(each.serious for each in found) else program.DONE


def _there(server: remote.Server, selection: str | None, partitions: str | None) -> list[checking.CheckView]:
    """What checks found that workers of a server ran; all that failed, and of very many those that passed in part."""
    from weft.service.server import operation_work
    from weft.surfaces.cli import operating

    asked = operating.asked_for(server, "/checks", selection=selection, partitions=partitions)
    found = operating.answers(server, asked, operation_work.ChecksAnswer)
    left_out = sum(each.left_out for each in found)
    if left_out:
        screen.Screen(stderr=True).line(f"{left_out:,} more checks passed; they are not listed.")
    return [each for answer in found for each in answer.items]

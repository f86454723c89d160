"""`weft init`."""

from __future__ import annotations

from pathlib import Path

import click

from weft.surfaces.cli import options, program, screen


@options.command
@click.argument("folder", required=False, default=".", metavar="[DIR]", type=click.Path())
@options.as_json
def init(folder: str, as_json: bool) -> int:
    """Make a new project in DIR (here by default) that runs at once. Never overwrites anything.

    Examples:
      weft init
      weft init shop && cd shop && weft apply
    """
    from weft.service import starting

    made = starting.init(Path(folder))
    if as_json:
        screen.json_line(made)
        return program.DONE
    out = screen.Screen()
    out.line(f"Made {', '.join(made.made)} in {made.folder}.")
    if made.kept:
        out.line(f"Left {', '.join(made.kept)} as they were.")
    there = "" if Path(folder).absolute() == Path.cwd() else f"cd {folder} && "
    out.line(f"Next: `{there}weft plan` shows what would run, `weft apply` runs it.")
    return program.DONE

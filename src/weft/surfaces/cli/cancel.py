"""`weft cancel`."""

from __future__ import annotations

import click

from weft.surfaces.cli import options, program, screen


@options.command
@click.argument("run_id", metavar="RUN")
@options.as_json
@options.place
def cancel(run_id: str, as_json: bool) -> int:
    """Cancel RUN (an id, its beginning, or `last`): one that waits in a pool or for a person, was interrupted, or runs.

    One that runs finishes the steps that it is at, within seconds; cancelled twice, they are killed.

    Examples:
      weft cancel 8f2c
      weft cancel last
    """
    from weft.service.run import cancelling

    if (server := options.remote()) is not None:
        from weft.surfaces.cli import remote

        found = server.send("POST", "/runs/{}/cancel", cancelling.CancelView, remote.run_of(server, run_id))
    else:
        found = cancelling.cancel(options.open_world(), run_id)
    if as_json:
        screen.json_line(found)
        return program.DONE
    out, short = screen.Screen(), screen.short(found.run)
    if found.outcome is not None:
        out.line(f"Run {short} is cancelled.")
    elif found.requests == 1:
        out.line(f"Run {short} is asked to end: it finishes what runs. `weft cancel {short}` again kills it.")
    else:
        out.line(f"Run {short} is asked to kill what runs.")
    return program.DONE

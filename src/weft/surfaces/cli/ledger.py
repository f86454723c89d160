"""`weft ledger`: verify it, or show its events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
import msgspec

from weft.surfaces.cli import options, program, screen

if TYPE_CHECKING:
    from weft.service.server import operation_work
    from weft.surfaces.cli import remote as remotes

_MOST_LISTED = 5


@options.group
@options.place
def ledger() -> None:
    """Verify the ledger, or show its events.

    Examples:
      weft ledger verify
      weft ledger events 8f2c
      weft ledger events --after 1200 --json
    """


@options.command
@options.as_json
@options.place
def verify(as_json: bool) -> int:
    """Rebuild every table from the events and compare. Exits with 1 on a difference.

    Examples:
      weft ledger verify
      weft ledger verify --json
    """
    found: operation_work.Verification
    if (server := options.remote()) is not None:
        from weft.service.server import operation_work as work
        from weft.surfaces.cli import operating

        asked = operating.asked_for(server, "/ledger/verify")
        found = answer = operating.answers(server, asked, work.VerifyAnswer)[0]
        health = answer.damage
    else:
        _, opened = options.open_ledger()
        health = opened.health()
        found = opened.verify()
    if as_json:
        screen.json_line(
            {
                "passed": found.passed and not health,
                "events": found.events,
                "rows": found.rows,
                "differences": found.differences,
                "unreadable": found.unreadable,
                "damage": health,
            }
        )
    else:
        out = screen.Screen()
        for problem in [*health, *found.unreadable, *(each for some in found.differences.values() for each in some)][
            :50
        ]:
            out.line(f"  {out.paint('!', 'failed')} {problem}")
        rows = sum(found.rows.values())
        if found.passed and not health:
            out.line(
                f"The ledger is sound: {rows:,} rows are exactly what its {screen.plural(found.events, 'event')} say."
            )
        else:
            count = len(health) + len(found.unreadable) + sum(len(each) for each in found.differences.values())
            out.line(f"The ledger has {screen.plural(count, 'difference')}; the events are the truth.")
    return program.DONE if found.passed and not health else program.FAILED


@options.command
@click.argument("run", required=False)
@click.option("--after", type=click.IntRange(min=0), default=0, metavar="N", help="Only events after this position.")
@click.option("-n", "--limit", type=click.IntRange(min=1), metavar="N", help="At most so many.")
@options.as_json
@options.place
def events(run: str | None, after: int, limit: int | None, as_json: bool) -> int:
    """Show the events of the log, or those of one RUN. With --json, one object a line.

    Examples:
      weft ledger events
      weft ledger events last
      weft ledger events --after 1200 --json
    """
    from weft.service.run import history

    if (server := options.remote()) is not None:
        lines = _lines_there(server, run, after=after, limit=limit)
    else:
        _, opened = options.open_ledger()
        chosen = history.find_run(opened, run).id if run is not None else None
        lines = history.event_lines(opened, chosen, after=after, limit=limit)
    out = screen.Screen()
    if as_json:
        for each in lines:
            click.echo(msgspec.json.encode(each).decode())
        return program.DONE
    for each in lines:
        position, at, kind = each.pop("position"), each.pop("at"), each.pop("type")
        told = " ".join(
            f"{name}={_short(name, value)}" for name, value in each.items() if value not in (None, "", [], {})
        )
        out.line(screen.fit(f"{position:>7}  {screen.moment_of(str(at))}  {kind}  {told}", max(out.width, 100)))
    return program.DONE


class _Event(msgspec.Struct):
    position: int
    at: str
    body: dict[str, object] | None = None


def _lines_there(
    server: remotes.Server, run: str | None, *, after: int, limit: int | None
) -> Iterator[dict[str, object]]:
    """The events of a server's log, as `history.event_lines` gives those of the log here."""
    from weft.service.run import history
    from weft.surfaces.cli import remote

    chosen = remote.run_of(server, run) if run is not None else None
    while limit is None or limit > 0:
        page = server.all("/ledger/events", _Event, run=chosen, after=after, limit=min(500, limit or 500))
        for each in page:
            body = each.body
            if body is None:  # it is too large for a list
                body = server.get("/ledger/events/{}", _Event, str(each.position)).body or {}
            yield history.event_line(each.position, each.at, body)
        if len(page) < min(500, limit or 500):
            return
        after = page[-1].position
        limit = limit - len(page) if limit is not None else None


def _short(name: str, value: object) -> str:
    """A field in few words: of many items how many there are, of values what they are and not their bytes."""
    if isinstance(value, list) and len(value) > _MOST_LISTED:
        return f"[{', '.join(str(each) for each in value[:_MOST_LISTED])}, … {len(value):,}]"
    if isinstance(value, dict) and "data_version" in value:
        return str(value.get("type") or value.get("format"))
    if name == "task" and isinstance(value, dict):
        return "{" + " ".join(f"{part}={_short(part, each)}" for part, each in value.items()) + "}"
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"


for _command in (verify, events):
    ledger.add_command(_command)

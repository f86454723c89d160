"""`weft versions`, `weft rollback` and `weft accept`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weft.model import errors
from weft.surfaces.cli import options, program, screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft.service.asset import correcting, version_details
    from weft.surfaces.cli import remote as remotes


_MOST_NOTES = 10


@options.command
@options.selection(required=True, name="asset", metavar="ASSET")
@options.partitions
@click.option(
    "-n", "--limit", type=click.IntRange(min=1), metavar="N", help="How many to show (50 for people, all as JSON)."
)
@click.option("-v", "--verbose", is_flag=True, help="Also metadata, checks, and what each was made of.")
@options.as_json
@options.place
def versions(asset: str, partitions: str | None, limit: int | None, verbose: bool, as_json: bool) -> int:
    """Show the versions of ASSET, newest first, and what people decided about them.

    Examples:
      weft versions daily_metrics
      weft versions daily_metrics -v -n 3
      weft versions daily_metrics --partition 2024-01-05
      weft versions daily_metrics --json
    """
    from weft.service.asset import version_details

    most = limit if limit is not None or as_json else 50
    if (server := options.remote()) is not None:
        found = server.get(
            "/versions", version_details.VersionsView, of=asset, partitions=partitions, limit=most, details=verbose
        )
    else:
        found = version_details.listed(options.open_world(), asset, partitions, limit=most, with_details=verbose)
    shown = found.items
    if as_json:
        screen.json_line([found.details[each.version] for each in shown] if verbose else shown)
        return program.DONE
    out = screen.Screen()
    if not shown:
        out.line(f"{asset} has no versions yet.")
        return program.DONE
    rows = [
        (
            each.version,
            each.state,
            each.partition or "",
            screen.moment_of(each.at),
            screen.short(each.run or ""),
            screen.fit(each.data_version, 24),
        )
        for each in shown
    ]
    words = ["fresh" if each.current else "rejected" if each.state == "rejected" else "" for each in shown]
    out.table(rows, head=("version", "state", "partition", "made", "run", "data version"), words=words)
    if len(shown) < found.count:
        out.line(f"… and {found.count - len(shown):,} more (--limit)")
    for detail in found.details.values():
        _show_details(out, detail)
    _show_notes(out, found.notes)
    return program.DONE


def _show_details(out: screen.Screen, each: version_details.VersionDetail) -> None:
    import json

    place = f" {each.partition}" if each.partition is not None else ""
    out.line(f"{out.bold(each.version)}{place}: {each.state}, made {screen.moment_of(each.at)}")
    for name, value in each.metadata.items():
        told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for number, line in enumerate(screen.reason("", [f"{name} = {told}"], out.width - 4)):
            out.line(f"  {'  ' if number else ''}{line}")
    for check in each.checks:
        mark = out.paint("✓", "fresh") if check.passed else out.paint("!" if check.serious else "~", "failed")
        told = f": {check.description}" if check.description else ""
        facts = f" {json.dumps(check.metadata, ensure_ascii=False)}" if check.metadata else ""
        out.line(f"  {mark} {check.check}{told}{facts}")
    for asset, count in each.inputs.items():
        out.line(f"  of {asset}: {screen.plural(count, 'version')}")


def _show_notes(out: screen.Screen, notes: Sequence[version_details.NoteView]) -> None:
    for note in notes[:_MOST_NOTES]:
        place = f" {note.partition}" if note.partition is not None else ""
        to = f" to {note.version}" if note.version is not None else ""
        who = f" by {note.by}" if note.by else ""
        head = f"{note.action}{place}{to}{who}, {screen.moment_of(note.at)}"
        for line in screen.reason(head, [note.reason] if note.reason else [], out.width):
            out.line(line)
    if len(notes) > _MOST_NOTES:
        out.line(f"… and {screen.plural(len(notes) - _MOST_NOTES, 'more decision')}")


@options.command
@options.selection(required=True, name="asset", metavar="ASSET")
@options.partitions
@click.option("--to", required=True, metavar="VERSION", help="A version such as v123, or `previous`.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the log.")
@options.as_json
@options.place
def rollback(asset: str, partitions: str | None, to: str, reason: str, as_json: bool) -> int:
    """Point partitions of ASSET to an earlier version.

    What is downstream becomes stale; the next apply doesn't undo it.

    Examples:
      weft rollback daily_metrics --partition 2024-01-05 --to previous
      weft rollback daily_metrics --partition 2024-01-05 --to v123
      weft rollback model --to previous --reason 'worse on the holdout'
    """
    from weft.service.asset import correcting
    from weft.service.run import history

    if (server := options.remote()) is not None:
        done, makes = _rolled_back(server, asset, partitions, to, reason)
    else:
        world = options.open_world()
        done = correcting.rollback(world, history.one_asset(world, asset), partitions, to, note=reason)
        makes = any(list(world.graph.downstream(name)) for name in {each.asset for each in done})
    if as_json:
        screen.json_line(done)
        return program.DONE
    out = screen.Screen()
    for each in done[:20]:
        out.line(
            f"{_name(each)} points to {each.version} again" + (f" (was {each.previous})." if each.previous else ".")
        )
    if len(done) > 20:
        out.line(f"… and {len(done) - 20:,} more.")
    if makes:
        out.line("What is made from it is compared with it again: `weft plan` says what is stale now.")
    return program.DONE


def _rolled_back(
    server: remotes.Server, asset: str, partitions: str | None, to: str, reason: str
) -> tuple[list[correcting.Correction], bool]:
    """What a server has pointed elsewhere, and whether anything is made from it."""
    from weft.service.asset import asset_views, correcting
    from weft.surfaces.cli import remote

    key = server.get("/named/assets/{}", remote.Named, asset).name
    done = server.send(
        "POST",
        "/assets/{}/rollback",
        remote.Items[correcting.Correction],
        key,
        to=to,
        partitions=partitions,
        note=reason,
    ).items
    return done, any(
        server.get("/assets/{}", asset_views.AssetDetail, each).downstream for each in {each.asset for each in done}
    )


@options.command
@options.selection(required=True)
@options.partitions
@click.option("--reason", required=True, metavar="TEXT", help="Why it is fine, for the log.")
@click.option("--by", metavar="NAME", help="Who says so; the login unless given.")
@options.as_json
@options.place
def accept(selection: str, partitions: str | None, reason: str, by: str | None, as_json: bool) -> int:
    """Accept what is stale, failed or rejected in SELECTION as fine as it is, until something changes again.

    A version that a blocking check rejected becomes current.

    Examples:
      weft accept daily_metrics --partition 2024-01-05 --reason 'exchange closed early'
      weft accept 'status:stale and group:reports' --reason 'only a rename' --by ann
    """
    if not reason.strip():
        raise errors.UsageError("--reason is empty.", remedy="Say why it is fine as it is.")
    from weft.service.asset import correcting

    if (server := options.remote()) is not None:
        from weft.surfaces.cli import remote

        if by is not None:
            options.refuse_remote("--by", server, remedy="Leave it out: a server knows by the token who says so.")
        given = {"select": selection, "partitions": partitions, "reason": reason}
        done = server.send("POST", "/acceptances", remote.Items[correcting.Correction], **given).items
    else:
        done = correcting.accept(options.open_world(), selection, partitions, reason=reason, by=by)
    if as_json:
        screen.json_line(done)
        return program.DONE
    out = screen.Screen()
    if not done:
        out.line("Nothing to accept: what is selected is fresh (or only blocked by what is above it).")
        return program.DONE
    for each in done[:20]:
        word = "is current now" if each.action == "published" else "is accepted"
        out.line(f"{_name(each)} {word} ({each.version}).")
    if len(done) > 20:
        out.line(f"… and {len(done) - 20:,} more.")
    return program.DONE


def _name(each: correcting.Correction) -> str:
    return each.asset if each.partition is None else f"{each.asset}[{each.partition}]"

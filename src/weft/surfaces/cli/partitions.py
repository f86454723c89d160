"""`weft partitions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weft.model import errors
from weft.surfaces.cli import options, program, screen

if TYPE_CHECKING:
    from weft.service.asset import partition_keys
    from weft.surfaces.cli import remote as remotes

_MOST_CELLS = 2000


@options.command
@options.selection(required=True, name="subject", metavar="ASSET | add NAME KEY… | remove NAME KEY…")
@click.argument("keys", nargs=-1, metavar="")
@options.partitions
@click.option("--all", "everything", is_flag=True, help="Show every partition, however many.")
@options.as_json
@options.place
def partitions(subject: str, keys: tuple[str, ...], partitions: str | None, everything: bool, as_json: bool) -> int:
    """Show the partitions of ASSET (or a pipeline's intervals) as a strip; add and remove the keys of dynamic ones.

    Examples:
      weft partitions daily_metrics
      weft partitions daily_metrics -p 2024-01-01..2024-03-31
      weft partitions add customers acme umbrella
      weft partitions remove customers acme
      weft partitions daily_metrics --json
    """
    from weft.service.asset import partition_keys
    from weft.service.run import history

    out, server = screen.Screen(), options.remote()
    if keys and subject in ("add", "remove"):
        name, *changed = keys
        if not changed:
            raise errors.UsageError(
                f"`partitions {subject}` needs keys.", remedy=f"weft partitions {subject} {name} KEY…"
            )
        if server is not None:
            path = "/partitions/{}/keys" if subject == "add" else "/partitions/{}/keys/remove"
            result = server.send("POST", path, partition_keys.KeysView, name, keys=changed)
        else:
            change = partition_keys.add if subject == "add" else partition_keys.remove
            result = change(options.open_world(), name, changed)
        if as_json:
            screen.json_line(result)
            return program.DONE
        word = "added" if subject == "add" else "removed"
        told = f"{word}: {screen.some(result.changed)}" if result.changed else f"nothing to be {word}"
        out.line(f"{name}: {told}; {screen.plural(len(result.keys), 'key')} now.")
        return program.DONE
    if keys:
        raise errors.UsageError(
            f"`partitions` takes one asset, but was given {' '.join((subject, *keys))!r}.",
            remedy="Write `weft partitions ASSET`, or `weft partitions add NAME KEY…`.",
        )
    if server is not None:
        found = _there(server, subject, partitions)
    else:
        world = options.open_world()
        asset = subject if subject in world.graph.pipelines else history.one_asset(world, subject)
        found = partition_keys.partitions_of(world, asset, partitions)
    if as_json:
        screen.json_line(found)
    else:
        _strip(out, found, everything=everything)
    return program.DONE


def _there(server: remotes.Server, subject: str, chosen: str | None) -> partition_keys.PartitionsView:
    """The partitions that a server has, page by page."""
    import msgspec

    from weft.service.asset import partition_keys

    cells: list[partition_keys.PartitionView] = []
    cursor: str | None = None
    while True:
        page = server.get("/partitions", partition_keys.PartitionsPage, of=subject, partitions=chosen, cursor=cursor)
        cells += page.partitions
        cursor = page.next
        if cursor is None:
            break
    fields = {each: getattr(page, each) for each in partition_keys.PartitionsView.__struct_fields__}
    return msgspec.structs.replace(partition_keys.PartitionsView(**fields), partitions=cells)


def _strip(out: screen.Screen, found: partition_keys.PartitionsView, *, everything: bool) -> None:
    out.line(f"{out.bold(found.asset)}: {found.definition}")
    cells = found.partitions
    if len(cells) > _MOST_CELLS and not everything:
        out.line(out.faint(f"… {len(cells) - _MOST_CELLS:,} earlier ones (--all shows them)"))
        cells = cells[-_MOST_CELLS:]
    if not cells:
        out.line("There are no partitions yet.")
        return
    label = min(max(len(each.key) for each in cells), 30)
    room = max(10, out.width - label - 2)
    room -= room % 10
    for start in range(0, len(cells), room):
        row = cells[start : start + room]
        strip = "".join(out.paint(screen.SHAPES[each.status], each.status) for each in row)
        out.line(f"{screen.fit(row[0].key, label).ljust(label)}  {strip}")
    legend = "  ".join(
        f"{out.paint(screen.SHAPES[word], word)} {count:,} {word}" for word, count in found.counts.items()
    )
    out.line(legend)
    if found.orphaned:
        out.line(f"orphaned (no longer defined): {screen.some(found.orphaned)}")

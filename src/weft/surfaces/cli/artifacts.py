"""`weft artifacts`: what runs made to be looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from weft.surfaces.cli import options, program, screen

if TYPE_CHECKING:
    from weft.codehost import project as projects
    from weft.service.asset import artifacts as made
    from weft.storage import protocol
    from weft.surfaces.cli import remote as remotes

_MOST_ROWS = 50
_BAR = 30


@options.command
@click.argument("key", required=False)
@click.option("--run", metavar="RUN", help="Only of this run (an id, its beginning, or `last`).")
@click.option("--asset", metavar="ASSET", help="Only about this asset.")
@click.option("--all", "every", is_flag=True, help="All versions of each key, not the newest alone.")
@click.option("-n", "--limit", type=click.IntRange(min=1), metavar="N", help="How many to list.")
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write the content to a file.")
@options.as_json
@options.place
def artifacts(
    key: str | None,
    run: str | None,
    asset: str | None,
    every: bool,
    limit: int | None,
    output: Path | None,
    as_json: bool,
) -> int:
    """List what runs made to be looked at, newest first; or show one by its KEY or number.

    Examples:
      weft artifacts
      weft artifacts --run last
      weft artifacts daily-report
      weft artifacts error-plot -o plot.svg
      weft artifacts daily-report --all
    """
    from weft.service.asset import artifacts as verb

    server, out = options.remote(), screen.Screen()
    if key is None or every:
        if server is not None:
            found = _listed_there(server, run=run, asset=asset, key=key, every=every, limit=limit)
        else:
            found = verb.listed(options.open_ledger()[1], run=run, asset=asset, key=key, every=every, limit=limit)
        if as_json:
            screen.json_line(found)
        elif found:
            _show_list(out, found)
        else:
            out.line("There are no such artifacts. Bodies make them with weft.artifacts.markdown(…), .table(…) …")
        return program.DONE
    if server is not None:
        one = _one_there(server, key, run=run, asset=asset)
    else:
        project, ledger = options.open_ledger()
        one = verb.one(ledger, key, lambda: _storage(project), run=run, asset=asset)
    if output is not None:
        output.write_bytes(_bytes(one.content))
        out.line(f"Wrote {one.key} to {output}.")
    elif as_json:
        screen.json_line(one)
    else:
        _show(out, one)
    return program.DONE


def _listed_there(
    server: remotes.Server, *, run: str | None, asset: str | None, key: str | None, every: bool, limit: int | None
) -> list[made.ArtifactView]:
    from weft.service.asset import artifacts as verb
    from weft.surfaces.cli import remote

    of_run = remote.run_of(server, run) if run is not None else None
    given = {"run": of_run, "asset": asset, "key": key, "every": every}
    return server.all("/artifacts", verb.ArtifactView, limit=limit, **given)


def _one_there(server: remotes.Server, name: str, *, run: str | None, asset: str | None) -> made.ArtifactContent:
    """The newest version of a key, or the version of a number, on a server, with its content."""
    from weft.model import errors
    from weft.service.asset import artifacts as verb

    found = _listed_there(server, run=run, asset=asset, key=name, every=True, limit=None)
    if not found and name.isdecimal():
        found = [server.get("/artifacts/{}", verb.ArtifactView, name)]
    if not found:
        raise errors.UsageError(f"There is no artifact {name!r}.", remedy="`weft artifacts` lists them.")
    kind, body = server.content("/artifacts/{}/content", str(found[0].id), source=True)
    kind = kind.partition(";")[0]
    content: object = body
    if kind == "application/json":
        content = msgspec.json.decode(body)
    elif kind in ("text/plain", "image/svg+xml"):
        content, kind = body.decode(errors="replace"), "text/markdown" if kind == "text/plain" else kind
    return verb.ArtifactContent(
        **msgspec.structs.asdict(found[0]), media_type=kind, versions=len(found), content=content
    )


def _storage(project: projects.Project) -> protocol.IOManager:
    """The IO manager that wrote what is too large for the ledger: the definitions' own, where they name one."""
    from weft.codehost import built
    from weft.model import errors
    from weft.storage import typed

    try:
        return options.open_world().definitions.io_managers["default"]
    except errors.WeftError:  # a project of flows has no definitions, and artifacts outlive those that are broken
        return typed.TypedStorage(built.storage_root(project))


def _bytes(content: object) -> bytes:
    if isinstance(content, bytes):
        return content
    return (content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, indent=2)).encode()


def _show_list(out: screen.Screen, found: list[made.ArtifactView]) -> None:
    rows = [
        (
            each.key,
            each.kind,
            str(each.id),
            screen.moment_of(each.at),
            screen.short(each.run),
            _about(each),
            each.description,
        )
        for each in found
    ]
    out.table(rows, head=("key", "kind", "number", "made", "run", "by", "description"))


def _about(each: made.ArtifactView) -> str:
    place = each.item or each.partition
    name = each.asset or each.step
    return f"{name}[{place}]" if place else name


def _show(out: screen.Screen, one: made.ArtifactContent) -> None:
    about = _about(one)
    out.line(
        f"{out.bold(one.key)}: {one.kind}, made {screen.moment_of(one.at)} by {about or 'the flow'} "
        f"(run {screen.short(one.run)})"
    )
    if one.description:
        out.line(one.description)
    out.line()
    content: Any = one.content
    match one.kind:
        case "markdown":
            out.line(screen.plain(content).rstrip("\n"))
        case "table":
            _show_table(out, content)
        case "link":
            shown = dict.fromkeys((content["text"], content["url"]))
            out.line(screen.plain("  ".join(shown)))
        case "progress":
            done = round(content / 100 * _BAR)
            out.line(f"{'█' * done}{'░' * (_BAR - done)} {content:g} %")
        case _ if isinstance(content, dict) and set(content) == {"url"}:
            out.line(screen.plain(content["url"]))
        case _:
            size = screen.size(len(_bytes(content)))
            how = f"weft artifacts {one.key} -o {one.key}{one.suffix}"
            out.line(f"{one.media_type}, {size}: `{how}` writes it to a file.")


def _show_table(out: screen.Screen, content: Any) -> None:
    rows = [[_cell(each) for each in row] for row in content["rows"]]
    out.table(rows[:_MOST_ROWS], head=[screen.plain(str(name)) for name in content["columns"]])
    if len(rows) > _MOST_ROWS:
        out.line(f"… and {len(rows) - _MOST_ROWS:,} more rows (--json has all)")


def _cell(value: object) -> str:
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return screen.fit(screen.plain(text), 60)

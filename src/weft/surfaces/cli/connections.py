"""`weft connections`: list, add, show, test and remove them; passwords are never shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from weft.model import errors
from weft.surfaces.cli import options, program, screen

if TYPE_CHECKING:
    from weft.connections import places, probing
    from weft.surfaces.cli import remote as remotes


@options.group
@options.place
def connections() -> None:
    """Show, add, test and remove connections to outside systems.

    A connection of a name comes from the first that has it: the variable WEFT_CONN_<NAME> (a URI, or JSON), the table
    [connections.<name>] in weft.toml, the encrypted store, which `add` writes to.

    Examples:
      weft connections list
      weft connections add warehouse postgres://weft@db.internal/trading --ask
      weft connections test warehouse
    """


@options.command
@options.as_json
@options.place
def list_(as_json: bool) -> int:
    """Show all connections: kind, where to, and where they come from.

    Examples:
      weft connections list
      weft connections list --json
    """
    from weft.connections import registry

    found: list[dict[str, Any]] = []
    if (server := options.remote()) is not None:
        listed = server.items("/connections", dict[str, Any])
        found = [each | {"type": each["type"] or None, "error": each["error"] or None} for each in listed]
        for each in found:  # how it was tried stands in the server's log alone
            del each["tried_at"], each["passed"]
    else:
        place = _place()
        for name in registry.names(place=place):
            try:
                found.append(registry.get(name, place=place).masked() | {"error": None})
            except errors.WeftError as error:  # one that is broken must not hide the others
                found.append({"name": name, "type": None, "source": "", "error": str(error)})
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    if not found:
        out.line("There are no connections yet. `weft connections add NAME URI` adds one.")
        return program.DONE
    rows = [
        (
            each["name"],
            each["type"] or "?",
            each["source"],
            each["error"] or each.get("description", "") or _where(each),
        )
        for each in found
    ]
    out.table(rows, head=("name", "type", "from", "where"))
    return program.DONE


@options.command
@click.argument("name")
@options.as_json
@options.place
def show(name: str, as_json: bool) -> int:
    """Show a connection, without its secrets.

    Examples:
      weft connections show warehouse
      weft connections show warehouse --json
    """
    from weft.connections import registry

    if (server := options.remote()) is not None:
        detail = server.get("/connections/{}", dict[str, Any], name)
        found = {field: value for field, value in detail.items() if value not in ("", None, {})}
    else:
        found = registry.get(name, place=_place()).masked()
    found["source"] = found.pop("source")  # the last one, as it is here
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    rows = [(field, value if isinstance(value, str) else json.dumps(value)) for field, value in found.items() if value]
    out.table(rows)
    return program.DONE


@options.command
@click.argument("name")
@click.argument("uri", required=False)
@click.option("--type", "kind", metavar="KIND", help="postgres, http, s3 …, where no URI is given.")
@click.option("--host", metavar="HOST")
@click.option("--port", type=int, metavar="N")
@click.option("--login", metavar="USER")
@click.option("--database", metavar="NAME", help="The database; the file of sqlite and duckdb.")
@click.option("--extra", multiple=True, metavar="NAME=VALUE", help="What else its kind takes; may be repeated.")
@click.option("--description", metavar="TEXT")
@click.option("--ask", is_flag=True, help="Ask for the password, or read it from stdin where that is no terminal.")
@options.place
def add(name: str, uri: str | None, kind: str | None, ask: bool, extra: tuple[str, ...], **given: Any) -> int:
    """Put a connection into the encrypted store, in place of one of its name.

    A password on the command line stays in the shell's history: --ask is better.

    Examples:
      weft connections add warehouse postgres://weft@db.internal/trading --ask
      weft connections add lake --type s3 --login KEY --ask --extra endpoint_url=http://minio:9000
    """
    from weft.connections import connection, registry

    if (uri is None) == (kind is None):
        raise errors.UsageError(
            f"What the connection {name!r} is is " + ("given twice." if uri is not None else "not given."),
            remedy="Give a URI, or --type and --host.",
        )
    values: dict[str, Any] = {field: value for field, value in given.items() if value is not None}
    values |= {"uri": uri} if uri is not None else {"type": kind}
    if ask:
        values["password"] = _password()
    if extra:
        known = connection.Connection.parse(name, uri).extra if uri is not None else {}
        values["extra"] = {**known, **_pairs(extra)}
    made = connection.Connection.build(name, values)
    if (server := options.remote()) is not None:
        source = str(server.put("/connections/{}", dict[str, Any], values, name)["source"])
        is_stored = source.startswith("the store ")
    else:
        place = _place()
        registry.save(made, place=place)
        source = registry.get(name, place=place).source
        is_stored = source == f"the store {place.store.name}"
    out = screen.Screen()
    out.line(f"Saved {name}: {made}")
    if not is_stored:
        out.line(f"But {name} is still that of {source}, which goes before the store.")
    return program.DONE


@options.command
@click.argument("names", nargs=-1)
@click.option("--timeout", type=click.FloatRange(min=0.1), default=10.0, metavar="SECONDS", help="How long to wait.")
@options.as_json
@options.place
def test(names: Sequence[str], timeout: float, as_json: bool) -> int:
    """Connect, and say how that went; all connections unless NAMES are given. Exits with 1 when one fails.

    Examples:
      weft connections test
      weft connections test warehouse lake --json
    """
    from weft.connections import registry

    if (server := options.remote()) is not None:
        listed = names or [str(each["name"]) for each in server.items("/connections", dict[str, Any])]
        found = [_probe_there(server, name, timeout, asked=bool(names)) for name in listed]
    else:
        place = _place()
        wanted = list(names) or registry.names(place=place)
        found = [_probe(name, place, timeout, asked=bool(names)) for name in wanted]
    failed = any(not each.passed for each in found)
    if as_json:
        shown = ("name", "type", "passed", "message", "seconds")
        screen.json_line([{field: getattr(each, field) for field in shown} for each in found])
        return program.FAILED if failed else program.DONE
    out = screen.Screen()
    width = max((len(each.name) for each in found), default=0)
    for each in found:
        mark = out.paint("✓", "fresh") if each.passed else out.paint("!", "failed")
        out.line(f"  {mark} {each.name.ljust(width)}  {each.message} ({each.seconds:.2f} s)")
    if not found:
        out.line("There are no connections to test.")
    return program.FAILED if failed else program.DONE


@options.command
@click.argument("name")
@options.place
def remove(name: str) -> int:
    """Take a connection out of the encrypted store.

    Examples:
      weft connections remove warehouse
    """
    from weft.connections import registry

    if (server := options.remote()) is not None:
        server.send("DELETE", "/connections/{}", type(None), name)
    else:
        registry.remove(name, place=_place())
    screen.Screen().line(f"Removed {name}.")
    return program.DONE


def _place() -> places.Place:
    """The project's, or the one of the working directory where there is no project: connections need no definitions."""
    context = click.get_current_context()
    options.refuse_remote(f"`{context.command_path}`", options.remote())
    from weft import wiring
    from weft.connections import places

    try:
        project = wiring.open_project(options.where())
    except errors.UsageError:
        given = click.get_current_context().find_root().ensure_object(dict)
        if given.get("file") or given.get("module"):
            raise
        return places.find()
    return places.Place(project.configuration, project.home)


def _probe(name: str, place: places.Place, timeout: float, *, asked: bool) -> probing.Probe:
    """Try one; one that can't even be read must not hide how the others are, where no names were given."""
    from weft.connections import probing, registry

    try:
        connection = registry.get(name, place=place)
    except errors.WeftError as error:
        if asked:
            raise
        return probing.Probe(name=name, type="?", passed=False, message=str(error), seconds=0.0)
    return probing.test(connection, timeout=timeout)


def _probe_there(server: remotes.Server, name: str, timeout: float, *, asked: bool) -> probing.Probe:
    """Have a server try one; as `_probe`."""
    import msgspec

    from weft.connections import probing

    try:
        found = server.send("POST", "/connections/{}/test", dict[str, Any], name, timeout=timeout)
    except errors.UsageError as error:
        if asked:
            raise
        return probing.Probe(name=name, type="?", passed=False, message=str(error), seconds=0.0)
    return msgspec.convert(found, probing.Probe)


def _where(found: dict[str, Any]) -> str:
    host = f"{found.get('host', '')}:{found['port']}" if found.get("port") else str(found.get("host", ""))
    return "/".join(each for each in (host, str(found.get("database", ""))) if each)


def _password() -> str:
    import sys

    if sys.stdin.isatty():
        found = str(click.prompt("Password", hide_input=True, default="", show_default=False))
    else:
        found = sys.stdin.readline().rstrip("\n")
    if not found:
        raise errors.UsageError(
            "--ask was answered with nothing, so no connection was saved.",
            remedy="Type the password, give it on stdin, or leave --ask out where there is none.",
        )
    return found


def _pairs(given: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise errors.UsageError(f"--extra {each!r} does not say what has which value.", remedy="Write NAME=VALUE.")
        found[name] = value
    return found


connections.add_command(list_, "list")
for _command in (add, show, test, remove):
    connections.add_command(_command)

"""`weft locations` and `weft definitions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weft.surfaces.cli import options, program, screen

if TYPE_CHECKING:
    from weft.service.server import definition_versions, location_views


@options.group
@click.pass_context
def locations(context: click.Context) -> None:
    """Show code locations: what their code defines, whether it loaded, and what is wrong with it.

    Examples:
      weft locations
      weft locations reload main
    """
    if context.invoked_subcommand is None:
        context.invoke(ls)


locations.invoke_without_command = True
locations.no_args_is_help = False


@locations.command()
@options.as_json
@options.place
def ls(as_json: bool) -> int:
    """Show the code locations that a server or worker has loaded.

    Examples:
      weft locations ls
      weft locations ls --json
    """
    from weft.ports import clock as clocks
    from weft.service.server import location_views

    if (server := options.remote()) is not None:
        found = server.items("/locations", location_views.LocationView)
    else:
        found = location_views.listed(options.open_ledger()[1], clocks.SystemClock())
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    if not found:
        out.line("No code location has been loaded. `weft dev` or `weft worker start` loads them.")
    for each in found:
        _show(out, each)
    return program.FAILED if any(each.problems for each in found) else program.DONE


def _show(out: screen.Screen, location: location_views.LocationView) -> None:
    counts = ", ".join(f"{count:,} {kind}{'s' if count != 1 else ''}" for kind, count in location.definitions.items())
    word = {"failed": "failed"}.get(location.state, "fresh")
    there = f"{location.workers} {'worker' if location.workers == 1 else 'workers'}"
    out.line(f"{out.bold(location.name)}  {out.paint(location.state, word)}  {counts or 'nothing defined'}  {there}")
    out.line(f"  {out.faint(location.source)}")
    if location.loaded_at:
        out.line(f"  {out.faint('loaded')} {screen.moment_of(location.loaded_at)}")
    for problem in location.problems:
        place = f"{problem.file}:{problem.line}: " if problem.file else ""
        out.line(f"  {out.paint(f'{place}{problem.message}', 'failed')} {problem.remedy}".rstrip())
    if location.problems and location.snapshot:
        out.line("  What was loaded before stays in force.")


@locations.command()
@click.argument("name", required=False, metavar="[NAME]")
@options.place
def reload(name: str | None) -> int:
    """Have the server or worker that serves this project load a location anew, or all of them.

    Changed files are seen without it; this is for what lies elsewhere, such as a library that was upgraded.

    Examples:
      weft locations reload
      weft locations reload main
    """
    from weft.model import errors
    from weft.ports import clock as clocks
    from weft.service.server import location_views
    from weft.surfaces.processes import reloading

    told = f"{name or 'All locations'} will be loaded anew; `weft locations ls` shows how that went."
    if (server := options.remote()) is not None:
        known = server.items("/locations", location_views.LocationView)
        for each in [name] if name is not None else [one.name for one in known]:
            server.send("POST", "/locations/{}/reload", location_views.LocationView, each)
        screen.Screen().line(told)
        return program.DONE
    project, ledger = options.open_ledger()
    clock = clocks.SystemClock()
    if name is not None:
        location_views.get(ledger, clock, name)
    if not any(each.alive for each in location_views.workers(ledger, clock)):
        raise errors.UsageError(
            "No process serves this project, so there is none to load its code anew.",
            remedy="Start one: `weft dev`, or `weft worker start`.",
        )
    reloading.request(project.home, name)
    screen.Screen().line(told)
    return program.DONE


@options.command
@click.argument("name", required=False, metavar="[NAME]")
@click.option("--versions", is_flag=True, help="Show the versions of a definition.")
@click.option("--diff", is_flag=True, help="Show what differs between two VERSIONS; the last two unless given.")
@click.argument("between", nargs=-1, metavar="[VERSION VERSION]")
@options.as_json
@options.place
def definitions(name: str | None, versions: bool, diff: bool, between: tuple[str, ...], as_json: bool) -> int:
    """Show the definitions that a server has loaded: assets, pipelines, jobs; one's versions, and what changed.

    Examples:
      weft definitions
      weft definitions daily_metrics --versions
      weft definitions daily_metrics --diff
      weft definitions pipeline:trading_etl --diff 3fa2 77ab
    """
    from weft.model import errors
    from weft.service.server import definition_versions

    server = options.remote()
    out = screen.Screen()
    if name is None:
        if versions or diff:
            raise errors.UsageError("--versions and --diff need a name.", remedy="Name one: weft definitions NAME …")
        if server is not None:
            found = server.all("/definitions", definition_versions.DefinitionView)
        else:
            found = sorted(definition_versions.listed(options.open_ledger()[1]), key=lambda each: each.name)
        if as_json:
            screen.json_line(found)
        elif not found:
            out.line("No definitions are recorded. `weft dev` or `weft worker start` loads and records them.")
        else:
            rows = [(each.name, each.kind, each.location, each.version, screen.moment_of(each.at)) for each in found]
            out.table(rows, head=("name", "kind", "location", "version", "since"))
        return program.DONE
    if len(between) not in ((0, 2) if diff else (0,)):
        raise errors.UsageError(
            f"{len(between)} versions are given: {', '.join(between)}.",
            remedy=f"Give two to compare: weft definitions {name} --diff A B; or none, for the last two.",
        )
    if diff:
        before, after = between or (None, None)
        if server is not None:
            path, kind = "/definitions/{}/diff", definition_versions.DefinitionDiff
            difference = server.get(path, kind, name, before=before, after=after)
        else:
            difference = definition_versions.difference(options.open_ledger()[1], name, before, after)
        if as_json:
            screen.json_line(difference)
        else:
            _show_difference(out, difference)
    elif versions:
        if server is not None:
            known = server.items("/definitions/{}/versions", definition_versions.DefinitionVersionView, name)
        else:
            known = definition_versions.versions(options.open_ledger()[1], name)
        if as_json:
            screen.json_line(known)
        else:
            _show_versions(out, known)
    else:
        if server is not None:
            document = server.get("/definitions/{}/document", dict[str, object], name)
        else:
            document = dict(definition_versions.document(options.open_ledger()[1], name))
        if as_json:
            screen.json_line(document)
        else:
            import json

            out.line(json.dumps(document, indent=2, ensure_ascii=False))
    return program.DONE


def _show_versions(out: screen.Screen, known: list[definition_versions.DefinitionVersionView]) -> None:
    rows = [
        (
            each.version or "-",
            screen.moment_of(each.at),
            each.location,
            "removed" if each.removed else "in force" if each.current else "",
        )
        for each in known
    ]
    out.table(rows, head=("version", "since", "location", ""))


def _show_difference(out: screen.Screen, difference: definition_versions.DefinitionDiff) -> None:
    import json

    out.line(f"{out.bold(difference.name)}  {difference.before} → {difference.after}")

    def text(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True)

    for change in difference.graph:
        match change.kind:
            case "added":
                out.line(f"  + {change.path}: {text(change.after)}")
            case "removed":
                out.line(f"  - {change.path}: {text(change.before)}")
            case _:
                out.line(f"  ~ {change.path}: {text(change.before)} → {text(change.after)}")
    for source in difference.source:
        out.line()
        out.line(source.diff)
    if not difference.graph and not difference.source:
        out.line("  The two are the same.")

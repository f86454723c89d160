"""`weft sensors`: what looks outside, what it saw last; tried, paused and moved by hand."""

from __future__ import annotations

import json

import click

from weft.surfaces.cli import automations, options, program, screen


@options.group
@click.pass_context
def sensors(context: click.Context) -> None:
    """Show sensors with what they saw last; try one, pause and resume it, set its cursor.

    Workers look: `weft dev`, or `weft worker start`.

    Examples:
      weft sensors
      weft sensors test new_files
      weft sensors set-cursor new_files 2024-01-15
    """
    if context.invoked_subcommand is None:
        context.invoke(ls)


sensors.invoke_without_command = True
sensors.no_args_is_help = False


@sensors.command()
@options.as_json
@options.place
def ls(as_json: bool = False) -> int:
    """Show all sensors.

    Examples:
      weft sensors ls --json
    """
    found = automations.listed("sensor")
    if as_json:
        screen.json_line(found)
    elif found:
        automations.show(found)
    else:
        screen.Screen().line('There is no sensor. Decorate a function with @sensor(target="…").')
    return program.DONE


@sensors.command()
@click.argument("name")
@click.option("--cursor", metavar="TEXT", help="Where it starts from; where it is unless given.")
@options.as_json
@options.place
def test(name: str, cursor: str | None, as_json: bool) -> int:
    """Run a sensor's function here and now, and show what it would start. Nothing is started or kept.

    Examples:
      weft sensors test new_files
      weft sensors test new_files --cursor ""
    """
    from weft.service.automation import automation_views

    if (server := options.remote()) is not None:
        from weft.surfaces.cli import operating

        asked = operating.asked_for(server, "/automations/{}/test", _id(name), cursor=cursor)
        (found,) = operating.answers(server, asked, automation_views.LookView)
    else:
        found = automation_views.try_sensor(options.open_world(), name, cursor=cursor)
    if as_json:
        screen.json_line(found)
        return program.FAILED if found.error else program.DONE
    out = screen.Screen()
    if found.error:
        out.line(out.paint(found.error, "failed"))
        return program.FAILED
    for each in found.requests:
        what = " ".join(
            [
                out.bold(each.key or "a run"),
                *([f"partition {each.partition}"] if each.partition else []),
                *([json.dumps(each.params)] if each.params else []),
            ]
        )
        out.line(f"{'= ' if each.decided else '+ '}{what}" + ("  asked for before" if each.decided else ""))
    if not found.requests:
        out.line(f"It asks for nothing{f': {found.skip}' if found.skip else '.'}")
    if found.cursor is not None:
        out.line(f"The cursor would be {found.cursor}.")
    out.line(out.faint(f"{found.seconds:.2f} s; nothing was started."))
    return program.DONE


@sensors.command()
@click.argument("name")
@click.option("-n", "--limit", type=click.IntRange(1, 1000), default=20, metavar="N", help="How many; 20.")
@options.as_json
@options.place
def history(name: str, limit: int, as_json: bool) -> int:
    """Show what a sensor decided, and why, newest first.

    Examples:
      weft sensors history new_files
    """
    automations.show_history(_id(name), limit, as_json)
    return program.DONE


@sensors.command()
@click.argument("name")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the others.")
@options.place
def pause(name: str, reason: str) -> int:
    """Have a sensor look no more until it is resumed.

    Examples:
      weft sensors pause new_files --reason "the source is being moved"
    """
    automations.paused(_id(name), reason)
    screen.Screen().line(f"{name} is paused. `weft sensors resume {name}` lets it go on.")
    return program.DONE


@sensors.command()
@click.argument("name")
@options.place
def resume(name: str) -> int:
    """Let a sensor look again, from where it was.

    Examples:
      weft sensors resume new_files
    """
    automations.resumed(_id(name))
    screen.Screen().line(f"{name} goes on.")
    return program.DONE


@sensors.command("set-cursor")
@click.argument("name")
@click.argument("cursor")
@options.place
def set_cursor(name: str, cursor: str) -> int:
    """Have a sensor go on from another place, "" from the start; a look that is under way comes to nothing.

    Examples:
      weft sensors set-cursor new_files 2024-01-15
    """
    from weft.service.automation import sensing

    if (server := options.remote()) is not None:
        server.put("/automations/{}/cursor", dict[str, object], {"cursor": cursor}, _id(name))
    else:
        sensing.set_cursor(automations.world(), name, cursor)
    screen.Screen().line(f"{name} goes on from {cursor!r}." if cursor else f"{name} goes on from the start.")
    return program.DONE


def _id(name: str) -> str:
    return name if name.startswith("sensor:") else f"sensor:{name}"

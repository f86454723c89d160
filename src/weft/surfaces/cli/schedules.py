"""`weft schedules`: what is due when, what comes next, what was decided and why; pause and resume."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weft.surfaces.cli import options, program, screen

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from weft.service import world as worlds
    from weft.service.scheduling import views

_PAINTS = {"started": "fresh", "skipped": "reused", "missed": "stale", "failed": "failed"}
_MOST_KEYS = 3


@options.group
@click.pass_context
def schedules(context: click.Context) -> None:
    """Show schedules, with what they decided last and when each is due next; pause and resume them.

    A scheduler acts on them: `weft dev`, or `weft scheduler`.

    Examples:
      weft schedules
      weft schedules next trading --count 5 --zone Europe/Vienna
      weft schedules history trading
      weft schedules pause trading --reason "the exchange is closed"
    """
    if context.invoked_subcommand is None:
        context.invoke(ls)


schedules.invoke_without_command = True
schedules.no_args_is_help = False


@schedules.command()
@options.as_json
@options.place
def ls(as_json: bool = False) -> int:
    """Show all schedules.

    Examples:
      weft schedules ls --json
    """
    from weft.service.scheduling import viewing

    if (server := options.remote()) is not None:
        from weft.service.scheduling import views

        found = server.all("/schedules", views.ScheduleView)
    else:
        found = viewing.ls(_world())
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    if not found:
        out.line("Nothing has a schedule. Give a DAG one: @dag(schedule='@daily', start_date='2024-01-01').")
        return program.DONE
    out.table(
        [
            (
                each.name,
                "paused" if each.paused else each.last.decision if each.last else "",
                each.schedule + ("" if each.timezone == "UTC" else f" ({each.timezone})"),
                _moment(each.next_at),
                each.problem or (f"paused by {each.paused_by}: {each.paused_why}" if each.paused else _last(each)),
            )
            for each in found
        ],
        head=("schedule", "last", "when", "next (UTC)", ""),
        words=[
            "skipped" if each.paused else _PAINTS.get(each.last.decision if each.last else "", "") for each in found
        ],
    )
    if all(each.activated is None for each in found):
        out.line(out.faint("No scheduler has seen them yet: `weft dev` or `weft scheduler` runs them."))
    return program.DONE


@schedules.command(name="next")
@click.argument("name", required=False)
@click.option("-n", "--count", type=click.IntRange(1, 1000), default=10, metavar="N", help="How many ticks; 10.")
@click.option("--until", metavar="TIME", help="Only what acts by then, such as 2024-02-01.")
@click.option("--zone", metavar="ZONE", help="Show times in this zone, such as Europe/Vienna; UTC.")
@options.as_json
@options.place
def next_(name: str | None, count: int, until: str | None, zone: str | None, as_json: bool) -> int:
    """Show the next ticks of a schedule (of all), and what each would start. Nothing is written.

    Examples:
      weft schedules next
      weft schedules next trading --count 3 --zone America/New_York
      weft schedules next --until 2024-02-01 --json
    """
    from weft.service.scheduling import viewing

    told, end = _zone(zone), _time(until, zone)
    if (server := options.remote()) is not None:
        from weft.service.scheduling import views

        upto = end.isoformat() if end is not None else None
        found = server.items("/schedules/upcoming", views.NextTickView, name=name, limit=count, until=upto)
    else:
        found = viewing.upcoming(_world(), name, count=count, until=end)
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    if not found:
        out.line("Nothing is due by time" + (" until then." if until else "."))
        return program.DONE
    out.table(
        [(_local(each.at, told), each.decision, each.schedule, _starts(each), _why(each)) for each in found],
        head=(f"when ({zone or 'UTC'})", "", "schedule", "what", ""),
        words=[_PAINTS.get(each.decision, "") for each in found],
    )
    return program.DONE


@schedules.command()
@click.argument("name", required=False)
@click.option("-n", "--limit", type=click.IntRange(1, 1000), default=20, metavar="N", help="How many; 20.")
@click.option("--decision", type=click.Choice(["started", "skipped", "failed", "missed"]), help="Only these.")
@options.as_json
@options.place
def history(name: str | None, limit: int, decision: str | None, as_json: bool) -> int:
    """Show what a schedule (all of them) decided, and why, newest first.

    Examples:
      weft schedules history trading
      weft schedules history --decision failed
    """
    from weft.service.scheduling import viewing

    if (server := options.remote()) is not None:
        from weft.service.scheduling import views

        found = server.items("/schedules/history", views.TickView, name=name, limit=limit, decision=decision)
    else:
        found = viewing.history(_world(), name, limit=limit, decision=decision)
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    if not found:
        out.line("Nothing was decided yet.")
        return program.DONE
    out.table(
        [(_moment(each.due), each.decision, each.schedule, _made(each), each.reason) for each in found],
        head=("due (UTC)", "", "schedule", "run", "why"),
        words=[_PAINTS.get(each.decision, "") for each in found],
    )
    return program.DONE


@schedules.command()
@click.argument("name")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the others.")
@options.as_json
@options.place
def pause(name: str, reason: str, as_json: bool) -> int:
    """Have a schedule start nothing until it is resumed; what is under way goes on.

    Examples:
      weft schedules pause trading --reason "the exchange is closed"
    """
    from weft.service.scheduling import viewing

    if (server := options.remote()) is not None:
        from weft.service.scheduling import views

        known = server.get("/schedules/{}", views.ScheduleView, name)
        server.send("POST", "/automations/{}/pause", dict[str, object], known.id, reason=reason)
        found = server.get("/schedules/{}", views.ScheduleView, known.name)
    else:
        found = viewing.pause(_world(), name, reason=reason)
    if as_json:
        screen.json_line(found)
    else:
        screen.Screen().line(f"{found.name} is paused. `weft schedules resume {found.name}` lets it go on.")
    return program.DONE


@schedules.command()
@click.argument("name")
@options.as_json
@options.place
def resume(name: str, as_json: bool) -> int:
    """Let a schedule go on from now; ticks that passed meanwhile count only as far as it catches up.

    Examples:
      weft schedules resume trading
    """
    from weft.service.scheduling import viewing

    if (server := options.remote()) is not None:
        from weft.service.scheduling import views

        known = server.get("/schedules/{}", views.ScheduleView, name)
        server.send("POST", "/automations/{}/resume", dict[str, object], known.id)
        found = server.get("/schedules/{}", views.ScheduleView, known.name)
    else:
        found = viewing.resume(_world(), name)
    if as_json:
        screen.json_line(found)
    else:
        coming = f" It is due next at {_moment(found.next_at)} UTC." if found.next_at else ""
        screen.Screen().line(f"{found.name} goes on.{coming}")
    return program.DONE


def _world() -> worlds.World:
    """The project's definitions; of one with several code locations those that were recorded last."""
    from weft import wiring

    place = options.where()
    if wiring.open_project(place).settings.get("locations") and wiring.located(place) is None:
        serving = wiring.open_serving(place)
        return click.get_current_context().with_resource(serving.world())
    return options.open_world()


def _zone(name: str | None) -> tzinfo:
    from weft.model.partitions import zones

    return zones.zone(name or "UTC", kind="--zone")


def _time(text: str | None, zone: str | None) -> datetime | None:
    from datetime import datetime

    from weft.model import errors

    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise errors.UsageError(
            f"--until is {text!r}, which is no time.", remedy='Write "2024-02-01" or "2024-02-01T06:00".'
        ) from error
    return found if found.tzinfo is not None else found.replace(tzinfo=_zone(zone))


def _local(text: str, zone: tzinfo) -> str:
    from datetime import datetime

    moment = datetime.fromisoformat(text).astimezone(zone)
    seconds = moment.second or moment.microsecond
    return moment.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def _moment(text: str | None) -> str:
    from datetime import UTC

    return _local(text, UTC) if text else ""


def _last(each: views.ScheduleView) -> str:
    return each.last.reason if each.last and each.last.decision != "started" else ""


def _starts(each: views.NextTickView) -> str:
    if each.decision == "missed":
        return f"{each.count} ticks"
    if each.partitions is None:
        return "a run" if each.kind == "pipeline" else "a plan"
    more = len(each.partitions) - _MOST_KEYS
    return ", ".join(each.partitions[:_MOST_KEYS]) + (f" and {more} more" if more > 0 else "")


def _why(each: views.NextTickView) -> str:
    notes = [each.reason, each.problem]
    if each.params:
        notes.append(", ".join(f"{name}={value}" for name, value in each.params.items()))
    return "; ".join(note for note in notes if note)


def _made(each: views.TickView) -> str:
    made = [*each.runs, *each.executions]
    return made[0][:8] + (f" +{len(made) - 1}" if len(made) > 1 else "") if made else ""

"""`weft automations`: all that asks for runs by itself, what it decided last, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from weft.surfaces.cli import options, program, screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft.service import world as worlds
    from weft.service.automation import automation_views

_PAINTS = {"started": "fresh", "skipped": "reused", "missed": "stale", "failed": "failed"}
_KINDS = ("schedule", "sensor", "webhook", "condition")


@options.group
@click.pass_context
def automations(context: click.Context) -> None:
    """Show schedules, sensors, webhooks and conditions, with what each decided last and why; pause and resume them.

    Schedulers and workers act on them: `weft dev` starts both.

    Examples:
      weft automations
      weft automations ls --kind sensor
      weft automations explain condition:daily_metrics
      weft automations pause sensor:new_files --reason "the source is being moved"
    """
    if context.invoked_subcommand is None:
        context.invoke(ls)


automations.invoke_without_command = True
automations.no_args_is_help = False


@automations.command()
@click.option("--kind", type=click.Choice(_KINDS), help="Only these.")
@options.as_json
@options.place
def ls(kind: str | None = None, as_json: bool = False) -> int:
    """Show all automations.

    Examples:
      weft automations ls --kind condition --json
    """
    found = listed(kind)
    if as_json:
        screen.json_line(found)
        return program.DONE
    show(found)
    return program.DONE


def listed(kind: str | None) -> list[automation_views.AutomationView]:
    """The automations of a kind (all for None), of the server that is meant or of the project here."""
    from weft.service.automation import automation_views

    if (server := options.remote()) is not None:
        return server.items("/automations/overview", automation_views.AutomationView, kind=kind)
    return automation_views.ls(world(), kind)


def show(found: Sequence[automation_views.AutomationView]) -> None:
    """Print automations as a table."""
    out = screen.Screen()
    if not found:
        out.line("Nothing asks for runs by itself. See @dag(schedule=…), @sensor, webhook() and @asset(automation=…).")
        return
    out.table(
        [
            (
                each.id,
                "paused" if each.paused else each.decision,
                each.when,
                each.asks_for,
                screen.moment_of(each.decided_at) if each.decided_at else "",
                _reason(each),
            )
            for each in found
        ],
        head=("automation", "last", "when", "asks for", "decided", "why"),
        words=["skipped" if each.paused else _PAINTS.get(each.decision, "") for each in found],
    )


def _reason(each: automation_views.AutomationView) -> str:
    if each.paused:
        by = f" by {each.paused_by}" if each.paused_by else ""
        return f"paused{by}" + (f": {each.paused_why}" if each.paused_why else "")
    lines = each.reason.splitlines()
    again = f" (again {each.same} times)" if each.same else ""
    return (lines[-1] if lines else "") + again


@automations.command()
@click.argument("name")
@options.as_json
@options.place
def explain(name: str, as_json: bool) -> int:
    """Show how an automation stands; a condition as a tree, with what holds at this moment.

    Examples:
      weft automations explain condition:daily_metrics
    """
    from weft.service.automation import automation_views

    if (server := options.remote()) is not None:
        found = server.get("/automations/{}/explain", automation_views.ExplainView, name)
    else:
        found = automation_views.explain(world(), name)
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    about = found.automation
    out.line(f"{out.bold(about.id)}  {about.when}  asks for {about.asks_for}")
    if about.description:
        out.line(f"  {out.faint(about.description.splitlines()[0])}")
    if about.paused:
        out.line(f"  {_reason(about)}")
    if about.decision:
        out.line(f"  {out.paint(about.decision, _PAINTS.get(about.decision, ''))}  {_reason(about)}")
    if about.cursor is not None:
        out.line(f"  cursor {about.cursor}")
    if found.condition is not None:
        _tree(out, found.condition, 1)
        if found.asks:
            out.line(f"  It would ask for {found.asks}.")
        elif found.held_back:
            out.line(f"  It holds of {found.held_back}, which is under way or was asked for of the same causes.")
        else:
            out.line("  It asks for nothing.")
    return program.DONE


def _tree(out: screen.Screen, node: automation_views.ConditionView, depth: int) -> None:
    mark = out.paint("yes", "fresh") if node.holds else out.faint("no ")
    out.line(f"{'  ' * depth}{mark} {node.told}" + (f"  {out.faint(node.which)}" if node.which else ""))
    for part in node.parts:
        _tree(out, part, depth + 1)


@automations.command()
@click.argument("name")
@click.option("-n", "--limit", type=click.IntRange(1, 1000), default=20, metavar="N", help="How many; 20.")
@options.as_json
@options.place
def history(name: str, limit: int, as_json: bool) -> int:
    """Show what an automation decided, and why, newest first.

    Examples:
      weft automations history sensor:new_files
    """
    show_history(name, limit, as_json)
    return program.DONE


def show_history(name: str, limit: int, as_json: bool) -> None:
    """Print the decisions of an automation."""
    from weft.service.automation import automation_views

    if (server := options.remote()) is not None:
        found = server.all("/automations/{}/decisions", automation_views.DecisionView, name, limit=limit)
    else:
        found = automation_views.history(world(), name, limit=limit)
    if as_json:
        screen.json_line(found)
        return
    out = screen.Screen()
    if not found:
        out.line("Nothing was decided yet.")
        return
    out.table(
        [
            (
                screen.moment_of(each.at) if each.at else "",
                each.decision,
                each.tick,
                " ".join(item[:8] for item in (*each.runs, *each.executions)),
                each.reason.splitlines()[-1] if each.reason else "",
            )
            for each in found
        ],
        head=("decided", "", "tick", "run", "why"),
        words=[_PAINTS.get(each.decision, "") for each in found],
    )


@automations.command()
@click.argument("name")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the others.")
@options.place
def pause(name: str, reason: str) -> int:
    """Have an automation decide nothing until it is resumed; what is under way goes on.

    Examples:
      weft automations pause webhook:orders
    """
    found = paused(name, reason)
    screen.Screen().line(f"{found} is paused. `weft automations resume {found}` lets it go on.")
    return program.DONE


@automations.command()
@click.argument("name")
@options.place
def resume(name: str) -> int:
    """Let an automation go on.

    Examples:
      weft automations resume webhook:orders
    """
    screen.Screen().line(f"{resumed(name)} goes on.")
    return program.DONE


class _Id(msgspec.Struct):
    id: str


def paused(name: str, reason: str) -> str:
    """Pause an automation, of the server that is meant or of the project here; returns its id."""
    from weft.service.automation import automations as service

    if (server := options.remote()) is not None:
        return server.send("POST", "/automations/{}/pause", _Id, name, reason=reason).id
    return service.pause(world(), name, reason=reason)


def resumed(name: str) -> str:
    """Let an automation go on, of the server that is meant or of the project here; returns its id."""
    from weft.service.automation import automations as service

    if (server := options.remote()) is not None:
        return server.send("POST", "/automations/{}/resume", _Id, name).id
    return service.resume(world(), name)


def world() -> worlds.World:
    """The project's definitions; of one with several code locations those that were recorded last."""
    from weft import wiring

    place = options.where()
    if wiring.open_project(place).settings.get("locations") and wiring.located(place) is None:
        serving = wiring.open_serving(place)
        return click.get_current_context().with_resource(serving.world())
    return options.open_world()

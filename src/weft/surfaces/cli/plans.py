"""`weft plans`: the plans that are kept to be applied later, and how to keep one no longer."""

from __future__ import annotations

import click

from weft.surfaces.cli import options, program, screen


@options.group
def plans() -> None:
    """Show the plans that `weft plan --save` kept; remove one.

    Examples:
      weft plans
      weft plans rm 997f
    """
    context = click.get_current_context()
    if context.invoked_subcommand is None:
        context.exit(context.invoke(ls, limit=20, as_json=False))


plans.invoke_without_command = True
plans.no_args_is_help = False


@plans.command()
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="How many.")
@options.as_json
@options.place
def ls(limit: int, as_json: bool) -> int:
    """Show saved plans, the newest first.

    Examples:
      weft plans ls
      weft plans ls --json
    """
    from weft.service.plan import saved_plans

    if (server := options.remote()) is not None:
        found = server.all("/plans", saved_plans.SavedPlanView, limit=limit)
    else:
        found = saved_plans.ls(options.open_world(), limit=limit)
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    if not found:
        out.line("There is no saved plan. `weft plan --save` keeps one.")
        return program.DONE
    out.table(
        [
            (
                screen.short(each.id),
                each.request or "everything",
                f"{each.steps:,}",
                each.by,
                f"applied by execution {screen.short(each.execution)}" if each.execution else "",
                screen.moment_of(each.created),
            )
            for each in found
        ],
        head=("id", "what", "steps", "by", "", "saved"),
    )
    return program.DONE


@plans.command()
@click.argument("plan")
@options.as_json
@options.place
def rm(plan: str, as_json: bool) -> int:
    """Keep a saved plan no longer. An execution that applied it stays as it is.

    Examples:
      weft plans rm 997f
    """
    from weft.service.plan import saved_plans

    if (server := options.remote()) is not None:
        found = server.get("/plans/{}", saved_plans.SavedPlanView, plan)
        server.send("DELETE", "/plans/{}", type(None), found.id)
    else:
        found = saved_plans.remove(options.open_world(), plan)
    if as_json:
        screen.json_line(found)
        return program.DONE
    screen.Screen().line(f"The plan {found.id} is kept no longer.")
    return program.DONE

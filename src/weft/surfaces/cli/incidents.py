"""`weft incidents`: what is wrong that people should know of, and what they say about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weft.surfaces.cli import accounts, options, program, screen

if TYPE_CHECKING:
    from weft.service.alerting import incidents as verbs

_PAINTS = {"critical": "failed", "error": "failed", "warning": "stale", "info": "fresh"}


@options.group
@click.pass_context
def incidents(context: click.Context) -> None:
    """Show incidents: what is wrong, grouped by where it began; acknowledge and resolve them.

    The scheduler opens and resolves them by the rules of [alerts] in weft.toml.

    Examples:
      weft incidents
      weft incidents show 3f2a
      weft incidents ack 3f2a --note "asking the exchange"
    """
    if context.invoked_subcommand is None:
        context.invoke(ls)


incidents.invoke_without_command = True
incidents.no_args_is_help = False


@incidents.command()
@click.option("--all", "everything", is_flag=True, help="Also those that are resolved.")
@click.option("-n", "--limit", type=click.IntRange(min=1), default=50, metavar="N", help="How many at most; 50.")
@options.as_json
@options.place
def ls(everything: bool, limit: int, as_json: bool) -> int:
    """Show the incidents that are not resolved, newest first.

    Examples:
      weft incidents ls
      weft incidents ls --all --json
    """
    from weft.service.alerting import incidents as verbs

    phases = verbs.PHASES if everything else verbs.PHASES[:2]
    if (server := options.remote()) is not None:
        found = server.all("/incidents", verbs.IncidentView, phase=phases, limit=limit)
    else:
        found = verbs.ls(options.open_ledger()[1], phases=phases, limit=limit)
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    if not found:
        out.line("No incident has been recorded." if everything else "No incident is open.")
        return program.DONE
    out.table(
        [
            (each.id[:8], each.severity, _phase(each), screen.moment(each.opened), each.title + _hits(each))
            for each in found
        ],
        head=("incident", "severity", "", "since", "what"),
        words=[_PAINTS.get(each.severity, "") for each in found],
    )
    return program.DONE


@incidents.command()
@click.argument("incident")
@options.as_json
@options.place
def show(incident: str, as_json: bool) -> int:
    """Show an incident: its root, what is wrong still, and its timeline.

    Examples:
      weft incidents show 3f2a
      weft incidents show 3f2a --json
    """
    from weft.model import alerting
    from weft.service.alerting import delivery as alerting_delivery
    from weft.service.alerting import incidents as verbs

    if (server := options.remote()) is not None:
        found = server.get("/incidents/{}", verbs.IncidentDetail, incident)
    else:
        found = verbs.show(options.open_ledger()[1], incident)
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    out.line(f"{out.bold(found.title)}  {out.paint(found.severity, _PAINTS.get(found.severity, ''))}  {_phase(found)}")
    lines = [
        ("why", found.detail),
        ("root", f"{alerting.bare(found.root)}" if found.root != found.subject else ""),
        ("run", found.run or ""),
        ("owner", ", ".join(found.owners)),
        ("rule", found.rule),
        ("before", ", ".join(each[:8] for each in found.earlier)),
    ]
    for name, text in lines:
        if text:
            out.line(f"  {name:<7}{text}")
    if found.problems:
        out.line()
        out.line("Wrong still:")
        for each in found.problems:
            where = alerting.bare(each.subject) + (f" [{each.partition}]" if each.partition else "")
            out.line(f"  {where}  {each.kind.replace('_', ' ')} since {screen.moment(each.since)}  {each.detail}")
    out.line()
    for entry in found.timeline:
        told = "  ".join(part for part in (alerting.bare(entry.subject or ""), entry.text, _by(entry.by)) if part)
        out.line(f"  {screen.moment_of(entry.at.isoformat(), seconds=True)}  {entry.kind:<12}  {told}")
    if found.phase != "resolved":
        out.line()
        out.line(f"Next: {alerting_delivery.next_command(found.root, found.run or '')}")
    return program.DONE


@incidents.command()
@click.argument("incident")
@click.option("--note", default="", metavar="TEXT", help="What people should know.")
@options.as_json
@options.place
def ack(incident: str, note: str, as_json: bool) -> int:
    """Say that you take care of an incident; nobody is reminded of it any more.

    Examples:
      weft incidents ack 3f2a --note "asking the exchange"
    """
    from weft.service.alerting import incidents as verbs

    if (server := options.remote()) is not None:
        found = server.send("POST", "/incidents/{}/acknowledge", verbs.IncidentView, incident, note=note)
    else:
        found = verbs.acknowledge(options.open_ledger()[1], incident, actor=accounts.actor(), note=note)
    return _done(found, as_json, "is acknowledged")


@incidents.command()
@click.argument("incident")
@click.argument("text")
@options.as_json
@options.place
def note(incident: str, text: str, as_json: bool) -> int:
    """Write something down about an incident.

    Examples:
      weft incidents note 3f2a "the file came an hour late"
    """
    from weft.service.alerting import incidents as verbs

    if (server := options.remote()) is not None:
        found = server.send("POST", "/incidents/{}/notes", verbs.IncidentView, incident, note=text)
    else:
        found = verbs.annotate(options.open_ledger()[1], incident, text, actor=accounts.actor())
    return _done(found, as_json, "has the note")


@incidents.command()
@click.argument("incident")
@click.option("--reason", default="", metavar="TEXT", help="Why it is over.")
@options.as_json
@options.place
def resolve(incident: str, reason: str, as_json: bool) -> int:
    """Say that an incident is over; the same is told again only when it happens once more.

    Incidents whose problems are right again are resolved by themselves.

    Examples:
      weft incidents resolve 3f2a --reason "known, waits for the new feed"
    """
    from weft.service.alerting import incidents as verbs

    if (server := options.remote()) is not None:
        found = server.send("POST", "/incidents/{}/resolve", verbs.IncidentView, incident, reason=reason)
    else:
        found = verbs.resolve(options.open_ledger()[1], incident, actor=accounts.actor(), reason=reason)
    return _done(found, as_json, "is resolved")


def _done(found: verbs.IncidentView, as_json: bool, told: str) -> int:
    if as_json:
        screen.json_line(found)
    else:
        screen.Screen().line(f"The incident {found.id[:8]} ({found.title}) {told}.")
    return program.DONE


def _phase(found: verbs.IncidentView) -> str:
    return f"acknowledged by {found.acknowledged_by}" if found.phase == "acknowledged" else found.phase


def _hits(found: verbs.IncidentView) -> str:
    return f" (and {found.occurrences - 1} more)" if found.occurrences > 1 else ""


def _by(name: str | None) -> str:
    return f"by {name}" if name else ""

"""`weft alerts rules`: rules that are made and taken away while all runs, beside those of weft.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weft.surfaces.cli import accounts, options, program, screen

if TYPE_CHECKING:
    from weft.service.alerting import rule_views as verbs


@options.group
def rules() -> None:
    """Show alert rules; make one and take it away, without a restart.

    Rules in weft.toml stay as they are; those that are made are kept in the ledger.

    Examples:
      weft alerts rules ls
      weft alerts rules add late-trading --on late --on failure --select group:trading --tell ops
      weft alerts rules add paused --event AutomationPaused --subject 'automation:schedule:*' --tell ops
      weft alerts rules remove paused
    """


@rules.command()
@options.as_json
@options.place
def ls(as_json: bool) -> int:
    """Show the rules in force: configured, by default, and made.

    Examples:
      weft alerts rules ls --json
    """
    from weft.service.alerting import made_rules, settings
    from weft.service.alerting import rule_views as verbs

    if (server := options.remote()) is not None:
        found = server.get("/alerts", verbs.AlertsView)
    else:
        project, ledger = options.open_ledger()
        found = made_rules.view(ledger, settings.read(project.settings))
    if as_json:
        screen.json_line(found.rules)
    else:
        show(screen.Screen(), found)
    return program.DONE


@rules.command()
@click.argument("name")
@click.option(
    "--on", "words", multiple=True, metavar="WORD", help="failure, check, late, …; may be given several times."
)
@click.option(
    "--event", "types", multiple=True, metavar="TYPE",
    help="Instead of --on: the type of an event, such as AutomationPaused; may be given several times.",
)  # fmt: skip
@click.option("--subject", metavar="PATTERN", help="With --event: only about this, with *, such as 'asset:orders*'.")
@click.option("--outcome", metavar="OUTCOME", help="With --event: only with this outcome, such as failed.")
@click.option("--select", metavar="SELECTION", help="Only of these assets and pipelines.")
@click.option("--severity", metavar="SEVERITY", help="info, warning, error or critical; else by what is wrong.")
@click.option(
    "--tell", "channels", multiple=True, metavar="CHANNEL", help="Over this channel; may be given several times."
)
@click.option("--after", default="", metavar="DURATION", help="Leave out what does not last so long: 10m.")
@click.option("--repeat", default="", metavar="DURATION", help="Remind people until somebody acknowledges: 4h.")
@options.as_json
@options.place
def add(
    name: str,
    words: tuple[str, ...],
    types: tuple[str, ...],
    subject: str | None,
    outcome: str | None,
    select: str | None,
    severity: str | None,
    channels: tuple[str, ...],
    after: str,
    repeat: str,
    as_json: bool,
) -> int:
    """Make a rule; it is in force when the scheduler looks next.

    Examples:
      weft alerts rules add late-trading --on late --select group:trading --severity critical
      weft alerts rules add deploys --event LocationLoaded --tell ops
    """
    from weft.define import durations
    from weft.service.alerting import made_rules, settings
    from weft.service.alerting import rule_views as verbs

    match = None
    if types or subject or outcome:
        match = verbs.EventMatchView(types=list(types), subject=subject, outcome=outcome)
    new = made_rules.NewRule(
        name=name,
        on=(*words, "event") if match is not None else words,
        events=match,
        select=select,
        severity=severity,
        channels=channels,
        after=durations.seconds(after, what="--after", exclusive=True) if after else 0,
        repeat=durations.seconds(repeat, what="--repeat", exclusive=True) if repeat else None,
    )
    if (server := options.remote()) is not None:
        given = {field: getattr(new, field) for field in new.__struct_fields__}
        if match is not None:
            given["events"] = {"types": match.types, "subject": subject, "outcome": outcome}
        made = server.send("POST", "/alerts/rules", verbs.RuleView, **given)
    else:
        project, _ = options.open_ledger()
        made = made_rules.add(options.open_world(), settings.read(project.settings), new, actor=accounts.actor())
    if as_json:
        screen.json_line(made)
    else:
        screen.Screen().line(f"The rule {made.name} is in force. `weft alerts rules remove {made.name}` takes it away.")
    return program.DONE


@rules.command()
@click.argument("name")
@options.place
def remove(name: str) -> int:
    """Take a rule away that was made; its open incidents stay.

    Examples:
      weft alerts rules remove paused
    """
    from weft.service.alerting import made_rules, settings

    if (server := options.remote()) is not None:
        server.send("DELETE", "/alerts/rules/{}", type(None), name)
    else:
        project, ledger = options.open_ledger()
        made_rules.remove(ledger, settings.read(project.settings), name, actor=accounts.actor())
    screen.Screen().line(f"The rule {name} is gone.")
    return program.DONE


def show(out: screen.Screen, found: verbs.AlertsView) -> None:
    """The rules as a table."""
    out.table(
        [
            (
                rule.name,
                _on(rule),
                rule.select or "everything",
                rule.severity or "",
                ", ".join(rule.channels) or ("by route" if found.routes else ", ".join(found.channels)),
                f"made by {rule.by or 'somebody'}" if rule.source == "made" else rule.source,
            )
            for rule in found.rules
        ],
        head=("rule", "on", "of", "severity", "told over", "from"),
    )


def _on(rule: verbs.RuleView) -> str:
    if rule.events is None:
        return ", ".join(rule.on)
    told = ", ".join(rule.events.types)
    if rule.events.outcome:
        told += f" {rule.events.outcome}"
    return f"{told} of {rule.events.subject}" if rule.events.subject else told

"""`weft alerts`: rules and channels of alerts, looked over and tried; silences; rules that are made while all runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from weft.model import errors
from weft.surfaces.cli import accounts, alert_rules, options, program, screen

if TYPE_CHECKING:
    from weft.service.alerting import incidents as verbs


@options.group
def alerts() -> None:
    """Look over the rules and channels of [alerts] in weft.toml, try a channel, silence what is known.

    Examples:
      weft alerts check
      weft alerts test ops
      weft alerts silence --match root=orders* --for 2h --reason "feed is moved"
      weft alerts rules add paused --event AutomationPaused --tell ops
    """


alerts.add_command(alert_rules.rules)


@alerts.command()
@options.as_json
@options.place
def check(as_json: bool) -> int:
    """Look over [alerts]: fields, selections, and whether each channel's address and secrets are there.

    Nothing is sent. Exit code 2 with all that is wrong.

    Examples:
      weft alerts check
    """
    from weft.service.alerting import checking as alerting_checking
    from weft.service.alerting import made_rules, rule_views

    if (server := options.remote()) is not None:
        looked = server.get("/alerts/check", _Checked)
        if not looked.passed:
            raise errors.UsageError(looked.problem, remedy=looked.remedy or None)
        found = server.get("/alerts", rule_views.AlertsView)
    else:
        project, ledger = options.open_ledger()
        found = made_rules.view(ledger, alerting_checking.checked(options.open_world(), project.settings))
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    alert_rules.show(out, found)
    if not found.channels:
        out.line()
        out.line("There is no channel: incidents are kept and shown by `weft incidents ls`, and nobody is told.")
        out.line("  Add [alerts.channels.NAME] to weft.toml, with a url or a webhook.")
    return program.DONE


class _Checked(msgspec.Struct):
    passed: bool
    problem: str
    remedy: str


class _Tried(msgspec.Struct):
    sent: bool
    message: str


@alerts.command()
@click.argument("channel")
@options.place
def test(channel: str) -> int:
    """Send a test message over a channel.

    Examples:
      weft alerts test ops
    """
    from weft.service.alerting import checking as alerting_checking

    if (server := options.remote()) is not None:
        tried = server.send("POST", "/alerts/channels/{}/test", _Tried, channel)
        if not tried.sent:
            raise errors.WeftError(tried.message)
    else:
        project, _ = options.open_ledger()
        alerting_checking.send_test(project.settings, channel, root=project.root, home=project.home)
    screen.Screen().line(f"The channel {channel} took a test message.")
    return program.DONE


@alerts.command()
@click.option(
    "--match", "matches", multiple=True, required=True, metavar="FIELD=PATTERN",
    help="rule, root, subject, owner, tag or severity, with *; all of several must match.",
)  # fmt: skip
@click.option("--for", "lasting", default="1h", metavar="DURATION", help="For how long: 30m, 2h, 1d; 1h by default.")
@click.option("--reason", default="", metavar="TEXT", help="Why.")
@options.as_json
@options.place
def silence(matches: tuple[str, ...], lasting: str, reason: str, as_json: bool) -> int:
    """Let nobody be told of what matches, for a time; incidents are kept all the same.

    Examples:
      weft alerts silence --match root=orders* --for 2h
      weft alerts silence --match owner=team:trading --match severity=warning --for 1d
    """
    from datetime import timedelta

    from weft.define import durations
    from weft.service.alerting import incidents as verbs

    wanted = {}
    for each in matches:
        name, equals, pattern = each.partition("=")
        if not equals:
            raise errors.UsageError(
                f"--match {each!r} does not say what must match what.", remedy="Write --match FIELD=PATTERN."
            )
        wanted[name] = pattern
    now = accounts.now()
    until = now + timedelta(seconds=durations.seconds(lasting, what="--for", exclusive=True))
    if (server := options.remote()) is not None:
        given = {"matches": wanted, "until": until.isoformat(), "reason": reason}
        made = server.send("POST", "/silences", verbs.SilenceView, **given)
    else:
        _, ledger = options.open_ledger()
        made = verbs.silence(ledger, wanted, until=until, now=now, actor=accounts.actor(), reason=reason)
    if as_json:
        screen.json_line(made)
    else:
        screen.Screen().line(
            f"Silence {made.id}: nobody is told until {screen.moment_of(made.until.isoformat())}. "
            f"`weft alerts unsilence {made.id}` ends it."
        )
    return program.DONE


@alerts.command()
@click.option("--all", "past", is_flag=True, help="Also those that are over.")
@options.as_json
@options.place
def silences(past: bool, as_json: bool) -> int:
    """Show the silences that are in force.

    Examples:
      weft alerts silences
    """
    from weft.service.alerting import incidents as verbs

    if (server := options.remote()) is not None:
        found = server.items("/silences", verbs.SilenceView, past=past)
    else:
        found = verbs.silences(options.open_ledger()[1], now=accounts.now(), past=past)
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    if not found:
        out.line("There is no silence.")
        return program.DONE
    out.table(
        [(each.id, screen.moment_of(each.until.isoformat()), each.by, _matched(each), each.reason) for each in found],
        head=("silence", "until", "by", "matches", "why"),
    )
    return program.DONE


@alerts.command()
@click.argument("silence_id", metavar="SILENCE")
@options.place
def unsilence(silence_id: str) -> int:
    """End a silence before its time.

    Examples:
      weft alerts unsilence 9ac1
    """
    from weft.service.alerting import incidents as verbs

    if (server := options.remote()) is not None:
        server.send("DELETE", "/silences/{}", type(None), silence_id)
    else:
        verbs.unsilence(options.open_ledger()[1], silence_id, now=accounts.now(), actor=accounts.actor())
    screen.Screen().line("The silence is over.")
    return program.DONE


def _matched(found: verbs.SilenceView) -> str:
    return ", ".join(f"{name}={pattern}" for name, pattern in found.matches.items())

"""What alerts, as people and programs see it: rules, channels by name and kind, routes; never a secret."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from weft.model import alerting
from weft.ports import clock as clocks
from weft.ports import incidents as ports
from weft.service import views


class EventMatchView(views.View, frozen=True, kw_only=True):
    """Which single events: of these types; `subject` with `*` (None: any) and `outcome` (None: any) must match, too."""

    types: list[str]
    subject: str | None = None
    outcome: str | None = None


class RuleView(views.View, frozen=True, kw_only=True):
    """An alert rule. `after` and `repeat` are in seconds.

    `source` tells whether it stands in the configuration, is there by default, or was made, `by` whom and when. A rule
    on single events has `events`, and is `on` nothing but event.
    """

    name: str
    on: list[str]
    select: str | None
    severity: str | None
    channels: list[str]
    after: float
    repeat: float | None
    source: Literal["configured", "default", "made"]
    by: str | None
    created: datetime | None
    events: EventMatchView | None


class AlertsView(views.View, frozen=True, kw_only=True):
    """What is configured of alerts: rules, channels (name to kind; addresses are secret) and routes."""

    rules: list[RuleView]
    channels: dict[str, str]
    routes: list[dict[str, object]]


def configured(settings: alerting.Settings, made: Mapping[str, ports.AlertRuleRow]) -> AlertsView:
    """What alerts, without a secret; `made` are those of the rules that people made, by name."""
    return AlertsView(
        rules=[_rule(each, made.get(each.name) if each.after_position else None) for each in settings.rules],
        channels={name: each.kind for name, each in settings.channels.items()},
        routes=[
            {"severity": each.severity, "owner": each.owner, "tag": each.tag, "channels": list(each.channels)}
            for each in settings.routes
        ],
    )


def _rule(rule: alerting.Rule, row: ports.AlertRuleRow | None) -> RuleView:
    match = rule.events
    return RuleView(
        name=rule.name,
        on=sorted(rule.on),
        select=rule.select,
        severity=rule.severity,
        channels=list(rule.channels),
        after=rule.after / 1e6,
        repeat=None if rule.repeat is None else rule.repeat / 1e6,
        source="made" if row is not None else "default" if rule.fallback else "configured",
        by=(row.by or None) if row is not None else None,
        created=clocks.moment(row.created) if row is not None else None,
        events=EventMatchView(types=sorted(match.types), subject=match.subject, outcome=match.outcome)
        if match is not None
        else None,
    )

"""What alerts: rules, those that people make among them, channels and routes."""

from __future__ import annotations

import time
from typing import Annotated

import msgspec

from weft.model import errors, spelling
from weft.service import views
from weft.service.alerting import checking as alerting_checking
from weft.service.alerting import made_rules, rule_views
from weft.service.alerting import settings as alerting_settings
from weft.surfaces.http import routing
from weft.surfaces.http.call import Answer, Call

routes = routing.Routes(tag="incidents")

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Pattern = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=made_rules.LONGEST)]


@routes.get("/alerts", scope="incidents.read", answer=rule_views.AlertsView, summary="Look at what alerts")
def alerts(call: Call) -> rule_views.AlertsView:
    """Rules, routes, and the channels by name and kind; never where a channel leads, nor its secret."""
    with call.ledger() as ledger:
        return made_rules.view(ledger, alerting_settings.read(call.serving.settings))


class Match(routing.Body, frozen=True, kw_only=True):
    """Which single events: all of what is given must match; `subject` is a pattern with `*`, such as `asset:orders`."""

    types: Annotated[tuple[Word, ...], msgspec.Meta(min_length=1, max_length=100)]
    subject: Pattern | None = None
    outcome: Word | None = None


class NewRule(routing.Body, frozen=True, kw_only=True):
    """A rule: `on` words such as failure and late, or on `event` alone, and which `events`; durations in seconds."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=made_rules.LONGEST_NAME)]
    on: Annotated[tuple[Word, ...], msgspec.Meta(min_length=1, max_length=20)]
    events: Match | None = None
    select: Annotated[str, msgspec.Meta(max_length=5000)] | None = None
    severity: Word | None = None
    channels: Annotated[tuple[Word, ...], msgspec.Meta(max_length=100)] = ()
    after: Seconds = 0
    repeat: Seconds | None = None


@routes.post(
    "/alerts/rules", scope="alerts.change", role="editor", body=NewRule, answer=rule_views.RuleView, status=201,
    idempotent=True, audited=False, summary="Make an alert rule",
)  # fmt: skip
def add_rule(call: Call, body: NewRule) -> Answer:
    """A rule on words opens incidents for what is wrong, one on single events for each subject that has such an event.

    It is in force with the next look of alerting, without a restart, for what happens from then on.
    """
    match = body.events
    new = made_rules.NewRule(
        name=body.name,
        on=body.on,
        events=rule_views.EventMatchView(types=list(match.types), subject=match.subject, outcome=match.outcome)
        if match is not None
        else None,
        select=body.select,
        severity=body.severity,
        channels=body.channels,
        after=body.after,
        repeat=body.repeat,
    )
    seen = set(made_rules.TYPES)
    if not call.principal.may("audit.read", "admin"):
        seen.discard("ChangeMade")
    settings = alerting_settings.read(call.serving.settings)
    with call.world() as world:
        view = made_rules.add(world, settings, new, actor=call.actor, may_see=seen)
    return Answer(view, target=f"rule:{view.name}")


@routes.delete(
    "/alerts/rules/{name}", scope="alerts.change", role="editor", answer=None, audited=False,
    summary="Take an alert rule away",
)  # fmt: skip
def remove_rule(call: Call, name: str) -> None:
    """Only one that was made; those of the configuration stand there."""
    settings = alerting_settings.read(call.serving.settings)
    with call.ledger() as ledger:
        made_rules.remove(ledger, settings, name, actor=call.actor)


class AlertsCheck(views.View, frozen=True, kw_only=True):
    """Whether what is configured of alerts holds; `problem` and `remedy` tell all that is wrong with it."""

    passed: bool
    problem: str
    remedy: str


@routes.get("/alerts/check", scope="alerts.check", role="editor", answer=AlertsCheck, summary="Look over what alerts")
def check_alerts(call: Call) -> AlertsCheck:
    """Compare rules, routes and channels with the definitions, and with the variables and connections of the server."""
    with call.world() as world:
        try:
            alerting_checking.checked(world, call.serving.settings)
        except errors.WeftError as error:
            return AlertsCheck(passed=False, problem=error.message, remedy=error.remedy or "")
    return AlertsCheck(passed=True, problem="", remedy="")


class ChannelTrial(views.View, frozen=True, kw_only=True):
    """How sending a test message went; `message` says what was wrong, and names no secret."""

    channel: str
    sent: bool
    message: str
    seconds: float


@routes.post(
    "/alerts/channels/{name}/test", scope="alerts.test", role="editor", answer=ChannelTrial, summary="Try a channel"
)
def try_channel(call: Call, name: str) -> Answer:
    """Send a test message over a channel, and say how that went; it may take ten seconds."""
    serving = call.serving
    channels = alerting_settings.read(serving.settings).channels
    if name not in channels:
        raise errors.NotFoundError(
            f"There is no channel {name[:100]!r}.",
            remedy=spelling.did_you_mean(name[:100], channels) or "`GET /alerts` lists them.",
        )
    begun, told = time.monotonic(), ""
    try:
        alerting_checking.send_test(serving.settings, name, root=serving.root, home=serving.home)
    except errors.WeftError as error:
        told = error.message
    view = ChannelTrial(channel=name, sent=not told, message=told, seconds=time.monotonic() - begun)
    return Answer(view, target=f"channel:{name}", detail={"sent": view.sent})

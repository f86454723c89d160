"""Alert rules that people make while all runs, kept in the ledger beside those of the configuration."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

import msgspec

from weft.model import alerting, control_events, errors, event_base, events, selection, spelling
from weft.ports import incidents as ports
from weft.ports import ledger as ledgers
from weft.service import world as worlds
from weft.service.access import auditing
from weft.service.alerting import rule_views

TYPES: tuple[str, ...] = tuple(sorted(each.__name__ for each in get_args(events.AnyEvent)))
OUTCOMES: tuple[str, ...] = get_args(event_base.Outcome)
LONGEST_NAME = 100
LONGEST = 31_536_000
"""Seconds that `after` and `repeat` have at most: a year."""
_OWN = frozenset({"IncidentOpened", "IncidentGrew", "IncidentResolved", "NotificationSent"})
"""What alerting itself writes: an incident of it would be news of the next."""
_decode = msgspec.json.Decoder(control_events.AlertRuleAdded).decode


class NewRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule to be made; `after` and `repeat` are in seconds."""

    name: str
    on: Sequence[str] = ()
    events: rule_views.EventMatchView | None = None
    select: str | None = None
    severity: str | None = None
    channels: Sequence[str] = ()
    after: float = 0
    repeat: float | None = None


# --- reading ---


def with_made(settings: alerting.Settings, rows: Sequence[ports.AlertRuleRow]) -> alerting.Settings:
    """The settings with the rules that were made; one that has the name of a configured one is left out."""
    names = {each.name for each in settings.rules}
    made = tuple(_rule(row) for row in rows if row.name not in names)
    return replace(settings, rules=settings.rules + made)


def view(ledger: ledgers.Ledger, settings: alerting.Settings) -> rule_views.AlertsView:
    """What alerts: what is configured, and the rules that were made."""
    rows = {row.name: row for row in ledger.alert_rules()}
    return rule_views.configured(with_made(settings, list(rows.values())), rows)


def _rule(row: ports.AlertRuleRow) -> alerting.Rule:
    made = _decode(row.body)
    match = made.events
    return alerting.Rule(
        name=made.rule,
        on=frozenset({alerting.EVENT} if match is not None else made.on),
        select=made.select or None,
        severity=made.severity or None,
        channels=made.channels,
        after=made.after,
        repeat=made.repeat,
        events=alerting.EventMatch(
            types=frozenset(match.types), subject=match.subject or None, outcome=match.outcome or None
        )
        if match is not None
        else None,
        after_position=row.position,
    )


# --- changing ---


def add(
    world: worlds.World,
    settings: alerting.Settings,
    new: NewRule,
    *,
    actor: auditing.Actor,
    may_see: Collection[str] = TYPES,
) -> rule_views.RuleView:
    """Make a rule; it is in force when alerting looks next, for what happens from now on.

    Args:
        world: its ledger keeps the rule; its definitions are what the rule selects from.
        settings: what is configured: the channels, and names that are taken.
        new: the rule.
        actor: who makes it.
        may_see: the types of events that the actor may know of.

    Raises:
        FieldsError: all that is wrong with it, by field.
    """
    wrong = _Looking(world, settings, new, may_see).problems()
    event = control_events.AlertRuleAdded(
        rule=new.name,
        on=tuple(new.on),
        events=control_events.EventMatch(
            types=tuple(new.events.types), subject=new.events.subject or "", outcome=new.events.outcome or ""
        )
        if new.events is not None
        else None,
        select=new.select or "",
        severity=new.severity or "",  # type: ignore[arg-type]  # looked over above
        channels=tuple(dict.fromkeys(new.channels)),
        after=round(new.after * 1e6),
        repeat=None if new.repeat is None else round(new.repeat * 1e6),
        by=actor.by,
    )
    if wrong:
        raise _refusal(new.name, wrong)
    with world.ledger.transaction() as transaction:
        if transaction.has_alert_rule(new.name):
            raise _refusal(new.name, [("name", new.name, "is the name of a rule that was made already")])
        transaction.append([event])
        detail = msgspec.to_builtins(new)
        auditing.record(transaction, actor, "alerts.rules.add", f"rule:{new.name}", detail)
    return next(each for each in view(world.ledger, settings).rules if each.name == new.name)


def remove(ledger: ledgers.Ledger, settings: alerting.Settings, name: str, *, actor: auditing.Actor) -> None:
    """Take a rule away that somebody made; its open incidents stay until they are resolved.

    Raises:
        ConflictError: it is one of the configuration, which only the configuration changes.
        NotFoundError: there is none of this name.
    """
    with ledger.transaction() as transaction:
        if transaction.has_alert_rule(name):
            transaction.append([control_events.AlertRuleRemoved(rule=name, by=actor.by)])
            auditing.record(transaction, actor, "alerts.rules.remove", f"rule:{name}", {})
            return
    found = settings.rule(name)
    if found is not None:
        raise errors.ConflictError(
            f"The rule {name!r} is one of the default rules."
            if found.fallback
            else f"The rule {name!r} stands in the configuration.",
            remedy="Write `defaults = false` under [alerts] in weft.toml to be without them."
            if found.fallback
            else "Take it out of [[alerts.rules]] in weft.toml.",
        )
    made = [each.name for each in ledger.alert_rules()]
    raise errors.NotFoundError(
        f"There is no rule {name[:LONGEST_NAME]!r}.",
        remedy=spelling.did_you_mean(name[:LONGEST_NAME], made) or "`weft alerts rules ls` lists them.",
    )


_Wrong = tuple[str, object, str]


def _refusal(name: str, wrong: Sequence[_Wrong]) -> errors.FieldsError:
    told = "; ".join(f"{field} {problem}" for field, _, problem in wrong)
    return errors.FieldsError(
        f"The rule {name[:LONGEST_NAME]!r} cannot be: {told}.", remedy="docs/alerts.md describes each field.",
        fields=tuple(wrong),
    )  # fmt: skip


class _Looking:
    """Looks a new rule over, and tells all that is wrong with it."""

    def __init__(
        self, world: worlds.World, settings: alerting.Settings, new: NewRule, may_see: Collection[str]
    ) -> None:
        self._world = world
        self._settings = settings
        self._new = new
        self._may_see = may_see
        self._found: list[_Wrong] = []

    def problems(self) -> list[_Wrong]:
        """Each with its field, the value, and what is wrong."""
        self._name()
        if self._new.events is not None or alerting.EVENT in self._new.on:
            self._events()
        elif not self._new.on:
            self._note("on", [], f"is empty; it is a list of {', '.join(alerting.WORDS)}, or event")
        for word in self._new.on:
            if word != alerting.EVENT and word not in alerting.WORDS:
                self._unknown("on", word, (*alerting.WORDS, alerting.EVENT), "what a rule can be on")
        if self._new.select:
            self._select(self._new.select)
        if self._new.severity and self._new.severity not in alerting.SEVERITIES:
            self._unknown("severity", self._new.severity, alerting.SEVERITIES, "a severity")
        for name in self._new.channels:
            if name not in self._settings.channels:
                self._unknown("channels", name, self._settings.channels, "a channel")
        if not 0 <= self._new.after <= LONGEST:
            self._note("after", self._new.after, f"must be from 0 to {LONGEST} seconds")
        if self._new.repeat is not None and not 1 <= self._new.repeat <= LONGEST:
            self._note("repeat", self._new.repeat, f"must be from 1 to {LONGEST} seconds, or left out")
        return self._found

    def _name(self) -> None:
        name = self._new.name
        if not name or name != name.strip() or "/" in name or not name.isprintable() or len(name) > LONGEST_NAME:
            self._note("name", name, f"must have 1 to {LONGEST_NAME} letters, no / and no space at its ends")
        taken = self._settings.rule(name)
        if taken is not None:
            which = "a default rule" if taken.fallback else "a rule of the configuration"
            self._note("name", name, f"is the name of {which}")

    def _events(self) -> None:
        match, on = self._new.events, list(self._new.on)
        if on != [alerting.EVENT]:
            self._note("on", on, "must be event, and nothing else, where events says which")
        if match is None:
            self._note("events", None, "is missing: it says which events")
            return
        if not match.types:
            self._note("events.types", [], "is empty; `GET /ledger/event-types` lists them")
        for name in match.types:
            if name not in TYPES or name not in self._may_see:
                if name in TYPES:
                    self._note("events.types", name, f"has {name}, which needs the scope audit.read")
                else:
                    self._unknown("events.types", name, TYPES, "a type of event")
            elif name in _OWN:
                self._note("events.types", name, f"has {name}, which alerting itself writes")
        if match.outcome and match.outcome not in OUTCOMES:
            self._unknown("events.outcome", match.outcome, OUTCOMES, "an outcome")

    def _select(self, expression: str) -> None:
        try:
            if selection.needs_status(expression):
                self._note("select", expression, "selects by status, which a rule cannot: that is what `on` is for")
            elif not selection.select(expression, self._world.planned):
                self._note("select", expression, "selects nothing")
        except errors.WeftError as error:
            self._note("select", expression, f"cannot be read: {error.message.rstrip('.')}")

    def _unknown(self, field: str, value: str, known: Collection[str] | Mapping[str, Any], what: str) -> None:
        hint = spelling.did_you_mean(value, known) or (f"There are: {', '.join(known)}." if known else "There is none.")
        self._note(field, value, f"has {value[:LONGEST_NAME]!r}, which is not {what} ({hint.rstrip('.')})")

    def _note(self, field: str, value: object, problem: str) -> None:
        self._found.append((field, value, problem))

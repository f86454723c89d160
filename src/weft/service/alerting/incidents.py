"""The verbs on incidents and silences: what people see of what is wrong, and what they say about it."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime

from weft.model import alerting, control_events, errors, spelling
from weft.ports import clock as clocks
from weft.ports import incidents as ports
from weft.ports import ledger as ledgers
from weft.service import views
from weft.service.access import auditing

PHASES = ("open", "acknowledged", "resolved")


class ProblemView(views.View, frozen=True, kw_only=True):
    """Something that is wrong now, as a part of an incident."""

    kind: str
    subject: str
    partition: str | None
    since: datetime
    detail: str
    run: str | None


class EntryView(views.View, frozen=True, kw_only=True):
    """One line of an incident's timeline."""

    position: int
    at: datetime
    kind: str
    text: str
    by: str | None
    subject: str | None
    run: str | None


class IncidentView(views.View, frozen=True, kw_only=True):
    """An incident. `root` is where it began, `subject` what the rule is on; both with their kind: `asset:orders`."""

    id: str
    title: str
    severity: str
    phase: str
    rule: str
    root: str
    subject: str
    detail: str
    run: str | None
    partition: str | None
    owners: list[str]
    tags: list[str]
    opened: datetime
    last: datetime
    occurrences: int
    acknowledged: datetime | None
    acknowledged_by: str | None
    resolved: datetime | None
    resolved_by: str | None


class IncidentDetail(IncidentView, frozen=True, kw_only=True):
    """An incident with all that is wrong still, its timeline, and the incidents that were the same before."""

    problems: list[ProblemView]
    timeline: list[EntryView]
    earlier: list[str]


class SilenceView(views.View, frozen=True, kw_only=True):
    """A silence; `active` while it is in force."""

    id: str
    matches: dict[str, str]
    until: datetime
    by: str
    reason: str
    created: datetime
    removed: datetime | None
    active: bool


# --- reading ---


def ls(
    ledger: ledgers.Ledger,
    *,
    phases: Collection[str] = ("open", "acknowledged"),
    before: tuple[int, str] | None = None,
    limit: int | None = None,
) -> list[IncidentView]:
    """Incidents, newest first; all phases for none given. `before` is the place after which a page begins.

    Raises:
        UsageError: there is no such phase.
    """
    for phase in phases:
        if phase not in PHASES:
            raise errors.UsageError(
                f"The phase {phase!r} is none that an incident can have.", remedy=f"Use one of: {', '.join(PHASES)}."
            )
    return [view(row) for row in ledger.incidents(phases=tuple(phases), before=before, limit=limit)]


def find(ledger: ledgers.Ledger, name: str) -> ports.IncidentRow:
    """The incident whose id is, or begins with, `name`.

    Raises:
        UsageError: there is none, or several.
    """
    found = ledger.incidents_with_prefix(name) if name else []
    exact = [row for row in found if row.id == name]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if found:
        raise errors.UsageError(
            f"{len(found)} incidents begin with {name!r}: {', '.join(row.id for row in found[:5])}.",
            remedy="Write more of the id.",
        )
    raise errors.UsageError(
        f"There is no incident whose id is or begins with {name!r}.", remedy="`weft incidents ls --all` lists them."
    )


def show(ledger: ledgers.Ledger, name: str) -> IncidentDetail:
    """One incident with its timeline.

    Raises:
        UsageError: there is none of this id, or several begin so.
    """
    row = find(ledger, name)
    fields = {field: getattr(view(row), field) for field in IncidentView.__struct_fields__}
    return IncidentDetail(
        **fields,
        problems=[
            ProblemView(
                kind=each.kind,
                subject=each.subject,
                partition=each.partition or None,
                since=clocks.moment(each.since),
                detail=each.detail,
                run=each.run or None,
            )
            for each in sorted(ledger.alert_problems(row.id), key=lambda each: (each.since, each.key))
        ],
        timeline=[
            EntryView(
                position=each.position,
                at=clocks.moment(each.at),
                kind=each.kind,
                text=each.text,
                by=each.by or None,
                subject=each.subject or None,
                run=each.run or None,
            )
            for each in ledger.incident_entries(row.id)
        ],
        earlier=[
            each.id
            for each in ledger.incidents(key=row.key, before=(row.opened, row.id), limit=10)
            if each.id != row.id
        ],
    )


def view(row: ports.IncidentRow) -> IncidentView:
    """A row as people and programs see it."""
    return IncidentView(
        id=row.id,
        title=row.title,
        severity=row.severity,
        phase=row.phase,
        rule=row.rule,
        root=row.root,
        subject=row.subject,
        detail=row.detail,
        run=row.run or None,
        partition=row.partition,
        owners=list(row.owners),
        tags=list(row.tags),
        opened=clocks.moment(row.opened),
        last=clocks.moment(row.last),
        occurrences=row.occurrences,
        acknowledged=None if row.acknowledged is None else clocks.moment(row.acknowledged),
        acknowledged_by=row.acknowledged_by or None,
        resolved=None if row.resolved is None else clocks.moment(row.resolved),
        resolved_by=row.resolved_by or None,
    )


# --- what people say about one ---


def acknowledge(ledger: ledgers.Ledger, name: str, *, actor: auditing.Actor, note: str = "") -> IncidentView:
    """Say that somebody takes care of an incident: nobody is reminded of it any more.

    Raises:
        UsageError: there is no such incident, or it is resolved.
    """
    row = _unresolved(ledger, name)
    return _recorded(
        ledger, row, control_events.IncidentAcknowledged(incident=row.id, by=actor.by, note=note), actor,
        "incidents.acknowledge", {"note": note},
    )  # fmt: skip


def annotate(ledger: ledgers.Ledger, name: str, note: str, *, actor: auditing.Actor) -> IncidentView:
    """Write something down about an incident, resolved or not.

    Raises:
        UsageError: there is no such incident, or the note is empty.
    """
    if not note.strip():
        raise errors.UsageError("The note is empty.", remedy="Write what is to be known about the incident.")
    row = find(ledger, name)
    return _recorded(
        ledger, row, control_events.IncidentNoted(incident=row.id, by=actor.by, note=note), actor, "incidents.note",
        {"note": note},
    )  # fmt: skip


def resolve(ledger: ledgers.Ledger, name: str, *, actor: auditing.Actor, reason: str = "") -> IncidentView:
    """Say that an incident is over. What is wrong still is told again only when it happens once more.

    Raises:
        UsageError: there is no such incident, or it is resolved.
    """
    row = _unresolved(ledger, name)
    return _recorded(
        ledger, row, control_events.IncidentResolved(incident=row.id, by=actor.by, reason=reason), actor,
        "incidents.resolve", {"reason": reason},
    )  # fmt: skip


def _unresolved(ledger: ledgers.Ledger, name: str) -> ports.IncidentRow:
    row = find(ledger, name)
    if row.phase == "resolved":
        raise errors.UsageError(
            f"The incident {row.id} is resolved already.",
            remedy=f"`weft incidents show {row.id}` tells since when; `weft incidents note` adds to it.",
        )
    return row


def _recorded(
    ledger: ledgers.Ledger,
    row: ports.IncidentRow,
    event: control_events.IncidentAcknowledged | control_events.IncidentNoted | control_events.IncidentResolved,
    actor: auditing.Actor,
    action: str,
    detail: Mapping[str, str],
) -> IncidentView:
    with ledger.transaction() as transaction:
        transaction.append([event])
        auditing.record(transaction, actor, action, f"incident:{row.id}", detail)
    return view(find(ledger, row.id))


# --- silences ---


def silence(
    ledger: ledgers.Ledger,
    matches: Mapping[str, str],
    *,
    until: datetime,
    now: datetime,
    actor: auditing.Actor,
    reason: str = "",
) -> SilenceView:
    """Let nobody be told of what matches all of `matches`, until a time; incidents are kept all the same.

    Args:
        ledger: where it is kept.
        matches: fields (rule, root, subject, owner, tag, severity) to patterns with `*`.
        until: aware, after `now`.
        now: the time.
        actor: who asks for it.
        reason: why.

    Raises:
        UsageError: with all that is wrong.
    """
    problems = []
    if not matches:
        problems.append("it matches nothing: give at least one field with a pattern")
    for name, pattern in matches.items():
        if name not in alerting.FIELDS:
            near = spelling.did_you_mean(name, alerting.FIELDS) or f"There are: {', '.join(alerting.FIELDS)}."
            problems.append(f"there is no field {name!r}. {near}")
        if not pattern:
            problems.append(f"the pattern of {name} is empty; * matches everything")
    if until <= now:
        problems.append(f"it would end at {until.isoformat(timespec='seconds')}, which is over")
    if problems:
        raise errors.UsageError(
            f"The silence cannot be: {'; '.join(problems)}.",
            remedy="Such as: weft alerts silence --match root=orders* --for 2h",
        )
    event = control_events.SilenceAdded(
        silence=secrets.token_hex(4),
        matches=dict(matches),
        until=clocks.microseconds(until),
        by=actor.by,
        reason=reason,
    )
    with ledger.transaction() as transaction:
        transaction.append([event])
        auditing.record(
            transaction,
            actor,
            "silences.add",
            f"silence:{event.silence}",
            {"matches": dict(matches), "until": str(until)},
        )
    return next(each for each in silences(ledger, now=now) if each.id == event.silence)


def silences(ledger: ledgers.Ledger, *, now: datetime, past: bool = False) -> list[SilenceView]:
    """The silences that are in force, newest first; with `past`, those that are over too."""
    at = clocks.microseconds(now)
    return [
        SilenceView(
            id=row.id,
            matches=dict(row.matches),
            until=clocks.moment(row.until),
            by=row.by,
            reason=row.reason,
            created=clocks.moment(row.created),
            removed=None if row.removed is None else clocks.moment(row.removed),
            active=row.removed is None and row.until > at,
        )
        for row in ledger.silences(now=None if past else at)
    ]


def unsilence(ledger: ledgers.Ledger, name: str, *, now: datetime, actor: auditing.Actor) -> None:
    """End a silence before its time; `name` is its id or how that begins.

    Raises:
        UsageError: none that is in force has this id, or several begin so.
    """
    active = ledger.silences(now=clocks.microseconds(now))
    found = [row for row in active if name and row.id.startswith(name)]
    if len(found) != 1:
        raise errors.UsageError(
            f"{len(found) or 'No'} silences in force begin with {name!r}.",
            remedy=f"There are: {', '.join(row.id for row in active)}." if active else "There is none.",
        )
    with ledger.transaction() as transaction:
        transaction.append([control_events.SilenceRemoved(silence=found[0].id, by=actor.by)])
        auditing.record(transaction, actor, "silences.remove", f"silence:{found[0].id}", {})

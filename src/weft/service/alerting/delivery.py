"""Messages on their way: what an incident reads like, and sending what waits to be sent.

A message is kept in the transaction that decides on it and let go in the one that records that it was sent: whatever
dies in between, it is sent at least once, and under the same id each time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent import futures

import msgspec

from weft.alerts import messages, sending
from weft.connections import places
from weft.model import alerting, control_events, errors
from weft.planner import alerting as deciding
from weft.ports import clock as clocks
from weft.ports import incidents as ports
from weft.ports import ledger as ledgers
from weft.service.alerting import surroundings

MOST_ATTEMPTS = 10
_BACKOFF = 5 * 1_000_000
_LONGEST = 900 * 1_000_000
_AT_ONCE = 8
_MOST_NAMED = 10
MOST_MESSAGES = 20
"""How many incidents of one turn have a message each."""

Send = Callable[[alerting.Channel, messages.Message, int], None]


def sender(place: places.Place) -> Send:
    """What sends a message over a channel at a time (seconds since the epoch), with the connections of a project."""
    return lambda channel, message, timestamp: sending.send(channel, message, timestamp=timestamp, place=place)


def bundled(
    decision: deciding.Decision,
    before: Mapping[alerting.ProblemKey, alerting.Problem],
    definitions: surroundings.Definitions,
    *,
    url: str,
    now: int,
) -> tuple[list[tuple[alerting.Telling, messages.Message]], list[control_events.NotificationSent]]:
    """The messages of a decision; where there are very many at once, the rest in one message for each channel.

    Also the events that say of which incidents people are told in such a message.
    """
    alone, rest = decision.telling[:MOST_MESSAGES], decision.telling[MOST_MESSAGES:]
    found = [(each, composed(each, decision, before, definitions, url=url, now=now)) for each in alone]
    noted: list[control_events.NotificationSent] = []
    by_channel: dict[str, list[alerting.Telling]] = {}
    for telling in rest:
        for channel in telling.channels:
            by_channel.setdefault(channel, []).append(telling)
    for channel, tellings in by_channel.items():
        worst = max(tellings, key=lambda each: alerting.rank(decision.incidents[each.incident].severity))
        first = decision.incidents[worst.incident]
        message = messages.Message(
            id=f"{first.id}-bundle-{now}",
            about=worst.about,
            incident=first.id,
            title=f"{len(tellings):,} more incidents" if len(tellings) > 1 else first.title,
            severity=first.severity,
            detail="So much changed at once that these are told in one message.",
            hits=tuple(decision.incidents[each.incident].root for each in tellings[:_MOST_NAMED]),
            count=len(tellings),
            link=f"{url.rstrip('/')}/incidents" if url else "",
            command="weft incidents ls",
        )
        found.append((alerting.Telling(incident=first.id, about=worst.about, channels=(channel,)), message))
        noted += [
            control_events.NotificationSent(
                incident=each.incident, channel=channel, about=each.about, error="Told with others, in one message."
            )
            for each in tellings
        ]
    return found, noted


def composed(
    telling: alerting.Telling,
    decision: deciding.Decision,
    before: Mapping[alerting.ProblemKey, alerting.Problem],
    definitions: surroundings.Definitions,
    *,
    url: str,
    now: int,
) -> messages.Message:
    """What people are told of an incident; `before` is what was wrong before the decision."""
    incident = decision.incidents[telling.incident]
    problems = decision.problems if telling.about != "resolved" else before
    members = [each for each in problems.values() if each.incident == incident.id]
    hits = list(dict.fromkeys(each.subject for each in sorted(members, key=lambda each: (each.since, each.key))))
    at_root = [each for each in members if each.subject == incident.root] or [
        each for each in problems.values() if each.subject == incident.root
    ]
    first = min(at_root or members, key=lambda each: each.since, default=None)
    return messages.Message(
        id=f"{incident.id}-{telling.about}-{now}",
        about=telling.about,
        incident=incident.id,
        title=incident.title,
        severity=incident.severity,
        rule=incident.rule,
        root=incident.root,
        subject=incident.subject,
        partition=(first.partition or None) if first is not None else None,
        detail=first.detail if first is not None else "",
        run=first.run if first is not None and first.kind != "automation" else "",
        chain=definitions.chain(incident.root, incident.subject),
        hits=tuple(hits[:_MOST_NAMED]),
        count=len(hits),
        owners=incident.owners,
        tags=incident.tags,
        since=clocks.moment(incident.opened).isoformat(timespec="seconds"),
        link=f"{url.rstrip('/')}/incidents/{incident.id}" if url else "",
        command=next_command(incident.root, first.run if first is not None else ""),
    )


def next_command(root: str, run: str) -> str:
    """What to call next about a root."""
    kind, _, name = root.partition(":")
    match kind:
        case "asset":
            return f"weft plan +{name}"
        case "pipeline":
            return f"weft runs {run}" if run else f"weft runs --pipeline {name}"
        case "run":
            return f"weft runs {name}"
        case "execution":
            return f"weft executions show {name}"
        case "location":
            return "weft locations"
        case "automation":
            return "weft automations"
        case "pool":
            return "weft queue"
        case _:
            return "weft doctor"


def deliver(
    rows: Sequence[ports.MessageRow], channels: Mapping[str, alerting.Channel], send: Send, *, now: int
) -> list[tuple[ports.MessageRow, str]]:
    """Send messages, a few at once; returns each with why it could not be sent, "" where it was."""

    def one(row: ports.MessageRow) -> str:
        channel = channels.get(row.channel)
        if channel is None:
            return f"There is no channel {row.channel!r} any more."
        try:
            send(channel, msgspec.json.decode(row.body, type=messages.Message), now // 1_000_000)
        except errors.WeftError as error:
            return error.message
        except Exception as error:  # of a service's library; its text may have the address with its secrets
            return f"The channel failed with {type(error).__name__}."
        return ""

    if not rows:
        return []
    with futures.ThreadPoolExecutor(min(_AT_ONCE, len(rows)), thread_name_prefix="alert") as pool:
        return list(zip(rows, pool.map(one, rows), strict=True))


def record(
    ledger: ledgers.Ledger,
    done: Sequence[tuple[ports.MessageRow, str]],
    channels: Mapping[str, alerting.Channel],
    *,
    now: int,
) -> None:
    """Record what was sent, and when to try what was not again; after `MOST_ATTEMPTS` it is given up.

    The first and the last failure stand in the incident's timeline.
    """
    if not done:
        return
    with ledger.transaction() as transaction:
        for row, problem in done:
            attempt = row.attempts + 1
            last = attempt >= MOST_ATTEMPTS or row.channel not in channels
            if not problem or last or attempt == 1:
                transaction.append(
                    [
                        control_events.NotificationSent(
                            incident=row.incident,
                            channel=row.channel,
                            about=row.about,  # type: ignore[arg-type]
                            error=problem + (" Given up." if problem and last else ""),
                            attempt=attempt,
                        )
                    ]
                )
            if not problem or last:
                transaction.remove_message(row)
            else:
                wait = min(_BACKOFF * 2**row.attempts, _LONGEST)
                transaction.delay_message(row, due=now + wait)

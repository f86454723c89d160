"""What people are told of an incident, and how it reads as text."""

from __future__ import annotations

from typing import Literal

import msgspec

from weft.model import alerting

_VERBS: dict[str, str] = {"resolved": "Resolved: ", "reminder": "Still: ", "grew": "Worse: ", "test": "Test: "}
_MOST = 10


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message about an incident; it is the JSON body that a webhook gets. Times are ISO texts, UTC.

    `id` is the same for each attempt to send it, so that a receiver can leave out what it has had already. `hits` are
    the first subjects that the incident concerns, `count` how many there are. `chain` leads from the root down to what
    the rule is on.
    """

    id: str
    about: alerting.About
    incident: str
    title: str
    severity: alerting.Severity
    rule: str = ""
    root: str = ""
    subject: str = ""
    partition: str | None = None
    detail: str = ""
    run: str = ""
    chain: tuple[str, ...] = ()
    hits: tuple[str, ...] = ()
    count: int = 0
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    since: str = ""
    link: str = ""
    command: str = ""
    version: Literal[1] = 1


def title(message: Message) -> str:
    """The message in one line."""
    return " ".join(f"[{message.severity}] {_VERBS.get(message.about, '')}{message.title}".split())


def text(message: Message) -> str:
    """The message below its title: why, the root, what it hits, who owns it, what to do next."""
    lines = [message.detail] if message.detail else []
    if len(message.chain) > 1:
        lines.append(f"Root cause: {alerting.bare(message.root)} ({' → '.join(map(alerting.bare, message.chain))})")
    if message.count > 1:
        named = ", ".join(map(alerting.bare, message.hits[:_MOST]))
        more = message.count - len(message.hits[:_MOST])
        lines.append(f"It hits {message.count:,}: {named}{f' and {more:,} more' if more > 0 else ''}")
    if message.owners:
        lines.append(f"Owner: {', '.join(message.owners)}")
    if message.since:
        lines.append(f"Since: {message.since}")
    if message.run:
        lines.append(f"Run: {message.run}")
    if message.about != "resolved" and message.command:
        lines.append(f"Next: {message.command}")
    if message.link:
        lines.append(message.link)
    return "\n".join(lines) or message.title

"""Looking over what is configured of alerts, and trying a channel."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from pathlib import Path

from weft.alerts import apprising, messages, sending
from weft.connections import places
from weft.model import alerting, errors, selection, spelling
from weft.service import world as worlds
from weft.service.alerting import made_rules
from weft.service.alerting import settings as reading


def place_of(root: Path, home: Path) -> places.Place:
    """Where the connections of a project are."""
    files = (root / "weft.toml", root / "pyproject.toml")
    return places.Place(next((each for each in files if each.is_file()), None), home)


def checked(world: worlds.World, settings: Mapping[str, object]) -> alerting.Settings:
    """What a project's settings say of alerts, also compared with its definitions and this machine's variables.

    Raises:
        UsageError: with everything that is wrong.
    """
    found = reading.read(settings)
    problems: list[str] = []
    rows = world.ledger.alert_rules()
    problems += [
        f"the rule {row.name!r} is configured, so that the one that {row.by or 'somebody'} made rests"
        for row in rows
        if (taken := found.rule(row.name)) is not None and not taken.fallback
    ]
    with_made = made_rules.with_made(found, rows)
    for rule in with_made.rules:
        problems += [
            f"the rule {rule.name!r} tells over {name!r}, which is no channel any more"
            for name in rule.channels
            if name not in found.channels
        ]
        if rule.select is None:
            continue
        try:
            if not selection.select(rule.select, world.planned):
                problems.append(f"the rule {rule.name!r} selects nothing: {rule.select!r}")
        except errors.WeftError as error:
            problems.append(f"the rule {rule.name!r}: {error.message.rstrip('.')}")
    place = place_of(world.root or Path.cwd(), world.home or Path.cwd())
    for channel in found.channels.values():
        try:
            address = sending.address(channel, place)
            sending.filled(channel.secret)
            if channel.kind != "webhook":
                apprising.check(address)
        except errors.WeftError as error:
            problems.append(f"the channel {channel.name!r}: {error.message.rstrip('.')}")
    if problems:
        raise errors.UsageError(f"[alerts]: {'; '.join(problems)}.", remedy="docs/alerts.md describes each field.")
    return found


def send_test(settings: Mapping[str, object], name: str, *, root: Path, home: Path) -> None:
    """Send a test message over a channel.

    Raises:
        UsageError: there is no such channel, or the settings are wrong.
        WeftError: it could not be sent.
    """
    found = reading.read(settings)
    channel = found.channels.get(name)
    if channel is None:
        raise errors.UsageError(
            f"There is no channel {name!r}.",
            remedy=spelling.did_you_mean(name, found.channels)
            or (f"There are: {', '.join(found.channels)}." if found.channels else "Add [alerts.channels.NAME]."),
        )
    message = messages.Message(
        id=f"test-{secrets.token_hex(6)}",
        about="test",
        incident="",
        title="This is what an alert looks like",
        severity="info",
        detail="Sent by `weft alerts test`; nothing is wrong.",
        link=found.url,
    )
    sending.send(channel, message, timestamp=int(time.time()), place=place_of(root, home))

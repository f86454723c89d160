"""Sending a message over a channel: its address is filled in here, from variables and connections, and forgotten."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from weft.alerts import addresses, apprising, messages, webhooks
from weft.connections import places, registry
from weft.model import alerting, errors

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def send(
    channel: alerting.Channel, message: messages.Message, *, timestamp: int, place: places.Place | None = None
) -> None:
    """Send a message over a channel, at `timestamp` (seconds since the epoch).

    Raises:
        WeftError: it could not be sent; the text names no secret.
    """
    if channel.kind == "webhook":
        webhooks.send(
            filled(channel.address),
            message,
            secret=filled(channel.secret),
            timestamp=timestamp,
            allowed=addresses.Allowed(private=channel.allow_private, loopback=channel.allow_loopback),
        )
    else:
        apprising.send(address(channel, place), message)


def address(channel: alerting.Channel, place: places.Place | None = None) -> str:
    """The address of a channel with its secrets.

    Raises:
        UsageError: a variable is not set, or there is no such connection.
    """
    if channel.kind == "connection":
        return registry.get(channel.address, place=place).uri
    return filled(channel.address)


def filled(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """A text with the values of variables where `${NAME}` stands.

    Raises:
        UsageError: one is not set.
    """
    for name in _VARIABLE.findall(text):
        if not environ.get(name):
            raise errors.UsageError(f"The environment variable {name} is not set.", remedy=f"Set {name}.")
    return _VARIABLE.sub(lambda match: environ[match[1]], text)

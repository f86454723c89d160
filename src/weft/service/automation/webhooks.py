"""Deliveries of other systems: believed by their signature, read by a mapping, each decided once.

Nothing of the body is run, and nothing is read of it but the paths that the definition names. What a delivery starts is
written in one transaction with the decision; one that is delivered again is the same decision.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import msgspec

from weft.model import automations, errors, spelling
from weft.ports import clock as clocks
from weft.service import world as worlds
from weft.service.automation import asking, sensing

_PIECE = re.compile(r"\.([A-Za-z_][\w-]*)|\[(\d+)\]|\[\"([^\"]+)\"\]")
_LONGEST_KEY = 200


class SignatureError(errors.WeftError):
    """A delivery that is not signed as it should be, or too long ago. It never says what was expected."""

    code = "webhook-signature"


class TooLargeError(errors.WeftError):
    """A delivery with more bytes than its webhook takes."""

    code = "webhook-too-large"


class UnknownWebhookError(errors.UsageError):
    """There is no webhook of this name."""

    code = "unknown-webhook"


class PausedError(errors.WeftError):
    """The webhook takes no deliveries until it is resumed."""

    code = "webhook-paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of a delivery. `repeated` says that it had been decided before; then what it started is told too."""

    decision: Literal["started", "skipped", "failed"]
    tick: str
    reason: str = ""
    runs: tuple[str, ...] = ()
    executions: tuple[str, ...] = ()
    repeated: bool = False


def find(world: worlds.World, name: str) -> automations.Webhook:
    """The webhook of a name.

    Raises:
        UnknownWebhookError: there is none.
    """
    found = world.graph.automations.get(f"webhook:{name}")
    if isinstance(found, automations.Webhook):
        return found
    known = [each.name for each in world.graph.automations.values() if isinstance(each, automations.Webhook)]
    raise UnknownWebhookError(f"There is no webhook {name!r}.", remedy=spelling.did_you_mean(name, known))


def limit(world: worlds.World, name: str) -> int:
    """How many bytes a delivery may have.

    Raises:
        UnknownWebhookError: there is no webhook of this name.
    """
    return find(world, name).most_bytes


def receive(
    world: worlds.World, name: str, headers: Mapping[str, str], body: bytes, now: datetime, *, secret: str | None = None
) -> Delivery:
    """Take a delivery: check it, and start what it asks for, once.

    Args:
        world: with the webhook's definition.
        name: the webhook's name.
        headers: of the request, in any case.
        body: the request's body, JSON.
        now: when it came.
        secret: what it is signed with; read from the environment unless given.

    Raises:
        UnknownWebhookError: there is no webhook of this name.
        TooLargeError: the body is too large; it was not looked at.
        SignatureError: it is not signed as it should be, or too long ago.
        PausedError: the webhook is paused.
        UsageError: the body is no JSON, or lacks what the mapping names; all that is wrong at once.
    """
    webhook = find(world, name)
    if len(body) > webhook.most_bytes:
        raise TooLargeError(
            f"The delivery has {len(body)} bytes; {name!r} takes {webhook.most_bytes}.", remedy="Send less."
        )
    given = {header.lower(): value for header, value in headers.items()}
    known_by = check_signature(webhook, given, body, now, secret if secret is not None else _secret(webhook))
    wish = _wish(webhook, given, _content(body))
    if not wish.key:
        wish = replace(wish, key=known_by)
    return asking.until_it_holds(lambda: _decide(world, webhook, wish, now))


# --- who sent it ------------------------------------------------------------------------------------------------------


def _secret(webhook: automations.Webhook) -> str:
    variable = webhook.secret.removeprefix("env:")
    found = os.environ.get(variable, "")
    if not found:
        # the sender is told no more than that it is not believed
        logging.getLogger("weft.webhooks").error(
            "The webhook %r takes nothing: %s is not set where the server runs.", webhook.name, variable
        )
        raise SignatureError("The delivery cannot be checked.", remedy="Ask who runs the server; its log says more.")
    return found


def check_signature(
    webhook: automations.Webhook, headers: Mapping[str, str], body: bytes, now: datetime, secret: str
) -> str:
    """Compare signatures in constant time; `headers` are by their names in lower case.

    Returns what a delivery is known again by when it is sent once more, by whom it may: empty where its time is not
    signed, since the same may then be meant anew.

    Raises:
        SignatureError: none fits, or the delivery was signed too long ago, or in times to come.
    """
    scheme = webhook.signature
    parts = _parts(headers.get(scheme.header.lower(), ""), scheme)
    signed = body
    if scheme.timestamp:
        text = _timestamp(headers, scheme)
        if abs(int(text) - now.timestamp()) > webhook.tolerance:
            raise SignatureError(
                f"The delivery was signed more than {webhook.tolerance:g} s away from now.",
                remedy="Send it again; compare the clocks of both sides.",
            )
        signed = text.encode() + b"." + body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    fits = False
    for part in parts:
        fits |= hmac.compare_digest(_decoded(part, scheme.encoding), expected)
    if not fits:
        raise SignatureError("The delivery is not signed with the secret of this webhook.", remedy="Check the secret.")
    return f"signed-{hashlib.blake2b(expected, digest_size=12).hexdigest()}" if scheme.timestamp else ""


def _parts(header: str, scheme: automations.Signature) -> list[str]:
    """The signatures in a header: one, or those under a name among several."""
    if scheme.field:
        return [
            value for each in _listed(header) for key, _, value in [each.partition("=")]
            if key == scheme.field
        ][:5]  # fmt: skip
    return [header.removeprefix(scheme.prefix)] if header.startswith(scheme.prefix) and header else []


def _listed(header: str) -> list[str]:
    """What a header lists; in time linear to its length, since anybody may send it."""
    return [each.strip() for each in header.split(",")]


def _timestamp(headers: Mapping[str, str], scheme: automations.Signature) -> str:
    if scheme.timestamp.endswith("="):
        listed = _listed(headers.get(scheme.header.lower(), ""))
        text = next((each.removeprefix(scheme.timestamp) for each in listed if each.startswith(scheme.timestamp)), "")
    else:
        text = headers.get(scheme.timestamp.lower(), "")
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise SignatureError(
            "The delivery does not say when it was signed.", remedy="Send the time in seconds since the epoch."
        )
    return text


def _decoded(text: str, encoding: str) -> bytes:
    try:
        return bytes.fromhex(text) if encoding == "hex" else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""


# --- what it says -----------------------------------------------------------------------------------------------------


def _content(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body) if body else None
    except (msgspec.DecodeError, RecursionError) as error:
        raise errors.UsageError(f"The delivery is no JSON: {error}.", remedy="Send JSON.") from error


def _wish(webhook: automations.Webhook, headers: Mapping[str, str], content: Any) -> asking.Wish:
    problems: list[str] = []

    def read(what: str, path: str) -> Any:
        try:
            return value_at(content, path) if path.startswith("$") else path
        except LookupError as error:
            problems.append(f"{what} is {path}: {error.args[0]}")
            return None

    params = {name: read(f"the parameter {name!r}", path) for name, path in webhook.params.items()}
    partition = read("the partition", webhook.partition) if webhook.partition else None
    key = ""
    if webhook.dedupe.startswith("header:"):
        header = webhook.dedupe.removeprefix("header:")
        key = headers.get(header.lower(), "")
        if not key:
            problems.append(f"the header {header} is missing")
    elif webhook.dedupe:
        key = _text(read("the key by which it is known again", webhook.dedupe))
    if problems:
        raise errors.UsageError(
            f"The delivery lacks what the webhook {webhook.name!r} reads: {'; '.join(problems)}.",
            remedy="Send it, or change the mapping of the webhook.",
        )
    if len(key) > _LONGEST_KEY:
        key = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
    return asking.Wish(
        automation=webhook.id,
        target=webhook.target,
        trigger="webhook",
        key=key,
        params=params,
        partition=None if partition is None else _text(partition),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def value_at(content: Any, path: str) -> Any:
    """The value at a path such as `$.order.lines[0]["unit price"]`.

    Raises:
        LookupError: there is none; says how far the path goes.
    """
    place, so_far = 1, "$"
    while match := _PIECE.match(path, place):
        name, index, quoted = match.groups()
        if index is not None:
            if not isinstance(content, list) or int(index) >= len(content):
                raise LookupError(f"{so_far} has no element {index}")
            content = content[int(index)]
        else:
            field = name or quoted
            if not isinstance(content, dict) or field not in content:
                raise LookupError(f"{so_far} has no {field!r}")
            content = content[field]
        so_far, place = path[: match.end()], match.end()
    return content


# --- what becomes of it -----------------------------------------------------------------------------------------------


def _decide(world: worlds.World, webhook: automations.Webhook, wish: asking.Wish, now: datetime) -> Delivery:
    prepared, moment = asking.prepare(world, wish), clocks.microseconds(now)
    with world.ledger.transaction() as transaction:
        seen, state = transaction.seen(webhook.id), transaction.state(webhook.id)
        first = []
        if seen is None or seen.activated is None:
            location = world.locations.get(f"automation:{webhook.id}", "")
            first = sensing.activation(webhook.id, moment, location, paused=webhook.paused and seen is None)
            transaction.append(first)
            seen = transaction.seen(webhook.id)
        is_paused = seen is not None and seen.paused
        decided = asking.Decided()
        if not is_paused:
            decided = asking.decide(world, transaction, [prepared], due=moment, now=moment)
            if decided.events:
                transaction.append(decided.events)
            outcome: Literal["started", "skipped", "failed"] = decided.outcome or "skipped"
            is_same = not decided.events
            transaction.put_state(
                replace(
                    state,
                    looked_at=moment,
                    same=state.same + 1 if is_same else 0,
                    decision=outcome,
                    reason=decided.reason,
                )
            )
    if is_paused:
        raise PausedError(f"The webhook {webhook.name!r} is paused.", remedy=f"`weft automations resume {webhook.id}`")
    if decided.repeated:
        return _before(world, webhook, wish.key)
    return Delivery(
        decision=outcome,
        tick=decided.ticks[0] if decided.ticks else asking.moment_tick(moment),
        reason=decided.reason,
        runs=decided.runs,
        executions=decided.executions,
    )


def _before(world: worlds.World, webhook: automations.Webhook, key: str) -> Delivery:
    """What was decided when the same was delivered for the first time."""
    found = world.ledger.decision(webhook.id, key)
    assert found is not None
    return Delivery(
        decision="started" if found.decision == "missed" else found.decision,
        tick=key,
        reason=found.reason,
        runs=found.runs,
        executions=found.executions,
        repeated=True,
    )


def sign(secret: str, body: bytes, at: datetime, scheme: automations.Signature | None = None) -> dict[str, str]:
    """The headers with which a delivery is signed, for who sends one: a test, or another weft."""
    scheme = scheme or automations.Signature()
    moment = str(int(at.timestamp()))
    signed = moment.encode() + b"." + body if scheme.timestamp else body
    made = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    text = made.hex() if scheme.encoding == "hex" else base64.b64encode(made).decode()
    if scheme.field:
        return {scheme.header: f"{scheme.timestamp}{moment},{scheme.field}={text}"}
    found = {scheme.header: f"{scheme.prefix}{text}"}
    return found | ({scheme.timestamp: moment} if scheme.timestamp else {})

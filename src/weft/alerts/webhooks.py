"""Webhooks: a message as JSON, signed, to an address that the settings name.

A receiver proves that a message is ours and new: `X-Weft-Signature` is `sha256=` and the hexadecimal HMAC-SHA256, under
the channel's secret, of the value of `X-Weft-Timestamp` (seconds since the epoch), a dot and the body.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import socket
import ssl
import threading
from urllib import parse

import msgspec

from weft.alerts import addresses, messages
from weft.model import errors

SIGNATURE, TIMESTAMP = "X-Weft-Signature", "X-Weft-Timestamp"
SECONDS = 10.0
MOST_BYTES = 256 * 1024


class SendingError(errors.WeftError):
    """A message could not be sent; the text never has an address with its secrets."""

    code = "not-sent"


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a body."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"sha256={digest}"


def send(
    url: str, message: messages.Message, *, secret: str, timestamp: int, allowed: addresses.Allowed,
    seconds: float = SECONDS,
) -> None:  # fmt: skip
    """Send a message; done when the receiver answers with a 2xx within `seconds`. Redirects are not followed.

    Raises:
        SendingError: it was not taken.
        RefusedAddressError: the host is at an address that must not be connected to.
    """
    parts = parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SendingError("The address of a webhook must begin with https:// or http://, and name a host.")
    body = msgspec.json.encode(message)
    if len(body) > MOST_BYTES:
        raise SendingError(f"The message has {len(body):,} bytes; webhooks carry {MOST_BYTES:,} at most.")
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "weft",
        "X-Weft-Delivery": message.id,
        TIMESTAMP: str(timestamp),
        "Connection": "close",
    }
    if secret:
        headers[SIGNATURE] = sign(secret, str(timestamp), body)
    target = parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
    connection = _connection(parts, allowed, seconds)
    late = threading.Event()
    over = threading.Timer(seconds, _hang_up, (connection, late))
    over.start()
    try:
        connection.request("POST", target, body, headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        # the text of other errors may have the address with its query, or what was answered
        told = (str(error) if isinstance(error, OSError) else "") or type(error).__name__
        raise SendingError(f"{parts.hostname} did not take it: {told}.") from error
    finally:
        over.cancel()
        connection.close()
    if late.is_set():
        raise SendingError(f"{parts.hostname} took longer than {seconds:g} s.")
    if not 200 <= status < 300:
        where = " (redirects are not followed)" if 300 <= status < 400 else ""
        raise SendingError(f"{parts.hostname} answered {status}{where}.")


def _hang_up(connection: http.client.HTTPConnection, late: threading.Event) -> None:
    """End a connection that takes too long: whoever reads from it sees its end, and `late` why."""
    late.set()
    if connection.sock is not None:
        try:
            connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:  # it has ended by itself
            return


def _connection(parts: parse.SplitResult, allowed: addresses.Allowed, seconds: float) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "https":
        return _Secure(host, parts.port or 443, allowed, seconds)
    return _Plain(host, parts.port or 80, allowed, seconds)


class _Plain(http.client.HTTPConnection):
    def __init__(self, host: str, port: int, allowed: addresses.Allowed, seconds: float) -> None:
        super().__init__(host, port, timeout=seconds)
        self._seconds = seconds
        self._allowed = allowed

    def connect(self) -> None:
        self.sock = addresses.connect(self.host, self.port, timeout=self._seconds, allowed=self._allowed)


class _Secure(_Plain):
    default_port = 443

    def connect(self) -> None:
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)

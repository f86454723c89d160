"""Trying a connection in a process of its own, which is killed when it is late: a driver may wait for ever, or crash.

For a server, which also has no need of the drivers otherwise.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import msgspec

from weft.connections import connection as connections
from weft.connections import places, probing, registry
from weft.model import errors

_SPARE_SECONDS = 10.0
"""What starting the process, and loading a driver, may take longer than the probe itself."""


class _Ask(msgspec.Struct, frozen=True, kw_only=True):
    configuration: str | None
    home: str
    name: str
    timeout: float


def test(name: str, place: places.Place, *, timeout: float = probing.TIMEOUT) -> probing.Probe:  # noqa: PT028
    """Connect, in a process of its own, and say how that went; `timeout` is in seconds.

    Never raises for what the other side does: that is the message, without secrets.

    Raises:
        UsageError: there is no such connection, or what is said of it is wrong.
    """
    connection = registry.get(name, place=place)
    ask = _Ask(
        configuration=str(place.configuration) if place.configuration is not None else None,
        home=str(place.home),
        name=name,
        timeout=timeout,
    )
    begun = time.monotonic()
    try:
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "weft.connections.trying"],
            input=msgspec.json.encode(ask),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=timeout + _SPARE_SECONDS,
            check=False,
        )
        return msgspec.json.decode(ended.stdout, type=probing.Probe)
    except subprocess.TimeoutExpired:
        told = f"It did not answer within {timeout:g} s, and was given up."
    except msgspec.MsgspecError:
        told = f"The process that tried it ended with {ended.returncode}, without an answer."
    return _failed(connection, told, time.monotonic() - begun)


def _failed(connection: connections.Connection, told: str, seconds: float) -> probing.Probe:
    return probing.Probe(name=connection.name, type=connection.type, passed=False, message=told, seconds=seconds)


def main() -> None:
    """Be the process: what to try comes on stdin, how it went goes to stdout."""
    ask = msgspec.json.decode(sys.stdin.buffer.read(), type=_Ask)
    answers = sys.stdout
    sys.stdout = sys.stderr  # whatever a driver prints is no part of the answer
    place = places.Place(Path(ask.configuration) if ask.configuration is not None else None, Path(ask.home))
    try:
        found = probing.test(registry.get(ask.name, place=place), timeout=ask.timeout)
    except errors.WeftError as error:
        found = probing.Probe(name=ask.name, type="", passed=False, message=error.message, seconds=0.0)
    answers.buffer.write(msgspec.json.encode(found))
    answers.flush()


if __name__ == "__main__":
    main()

"""What a worker of a server does beside runs, asked for from here and waited for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from weft.service.server import operations
from weft.surfaces.cli import remote, screen

Answer = TypeVar("Answer")
_LOOK_SECONDS = 0.3
WAIT_SECONDS = 20.0
"""How long one request waits before it is asked again."""


def answers(server: remote.Server, asked: Sequence[operations.OperationView], kind: type[Answer]) -> list[Answer]:
    """What came of operations, once all of them have ended. Ctrl-C cancels them.

    Raises:
        WeftError: what stood in the way of one.
    """
    told = screen.Screen(stderr=True)
    found: list[Answer] = []
    waits_for = ""
    for each in asked:
        current = each
        try:
            while current.state != "finished":
                if current.waits_for != waits_for:
                    waits_for = current.waits_for
                    told.line(f"Waiting: {waits_for}")
                path, begun = "/operations/{}", time.monotonic()
                current = server.get(path, operations.OperationView, current.id, wait=WAIT_SECONDS)
                if current.state != "finished" and time.monotonic() - begun < _LOOK_SECONDS:
                    time.sleep(_LOOK_SECONDS)  # too many wait there already
        except KeyboardInterrupt:
            for one in asked:
                server.send("POST", "/operations/{}/cancel", operations.OperationView, one.id)
            raise
        problem = current.problem
        if current.outcome != "succeeded":
            code, message, remedy = (
                (problem.code, problem.message, problem.remedy)
                if problem is not None
                else ("server", f"The {current.kind} {current.outcome or 'ended'} at the server.", "")
            )
            raise remote.error_of(code, message, remedy or None, is_usage=code != "server") from None
        found.append(msgspec.convert(current.answer, kind, strict=False))
    return found


def asked_for(server: remote.Server, path: str, *names: str, **body: object) -> list[operations.OperationView]:
    """Ask for what makes one operation or several.

    Raises:
        WeftError: what the server says against it.
    """
    answer = server.send("POST", path, msgspec.Raw, *names, **body, wait=WAIT_SECONDS)
    try:
        return msgspec.json.decode(answer, type=remote.Items[operations.OperationView]).items
    except msgspec.ValidationError:
        return [msgspec.json.decode(answer, type=operations.OperationView)]

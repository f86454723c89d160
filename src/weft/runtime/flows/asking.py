"""Questions to people: asked in the ledger, and answered there by `weft resume RUN --input …`."""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from weft.define import pausing
from weft.model import errors, events
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.runtime.flows import running

_SLOWEST = 0.5


def ask(run: running.FlowRun, form: Any, *, key: str, timeout: float | None, message: str, suspended: bool) -> Any:
    """Ask, unless it was asked before, and wait for the answer.

    Raises:
        Suspended: the run is to wait without a process.
        TimeoutError: nobody answered in time.
        UsageError: the form is no type.
    """
    root = run.root
    found = _row(root, key)
    if found is None or (found.answered is None and found.suspended != suspended):
        until = None
        if timeout is not None:
            until = clocks.microseconds(root.place.clock.now()) + int(timeout * 1e6)
        root.write(
            events.InputRequested(
                run=root.facts.run,
                key=key,
                schema=msgspec.Raw(schema_of(form)),
                message=message,
                until=until,
                suspended=suspended,
            )
        )
        found = _row(root, key)
        if root.place.tells_suspended or not suspended:
            _tell(root.facts.run, message, form)
    pause = 0.01
    while found is None or found.answered is None:
        if found is not None and found.until is not None and clocks.microseconds(root.place.clock.now()) > found.until:
            raise TimeoutError(f"Nobody answered {key!r} of the run {root.facts.run} in time.")
        if suspended:
            raise pausing.Suspended(root.facts.run)
        if run.cancelled.wait(pause):
            raise KeyboardInterrupt
        pause = min(pause * 1.5, _SLOWEST)
        found = _row(root, key)
    return filled_in(form, found.value)


def schema_of(form: Any) -> bytes:
    """The JSON schema of a form, `null` where a mere go-ahead will do.

    Raises:
        UsageError: the form is no type.
    """
    if form is None or form is False:
        return b"null"
    import pydantic

    try:
        return msgspec.json.encode(pydantic.TypeAdapter(form).json_schema())
    except (pydantic.PydanticUserError, pydantic.errors.PydanticInvalidForJsonSchema) as error:
        raise errors.UsageError(
            f"{form!r} can't be asked of a person: {error}", remedy="Give a pydantic model, or a type such as bool."
        ) from None


def filled_in(form: Any, value: bytes | None) -> Any:
    """An answer as the form wants it."""
    if form is None or form is False or value is None:
        return None
    import pydantic

    return pydantic.TypeAdapter(form).validate_json(value)


def _row(run: running.FlowRun, key: str) -> ledgers.InputRow | None:
    with run.place.lock:
        rows = run.place.ledger.input_requests(run.facts.run)
    return next((row for row in rows if row.key == key), None)


def _tell(run: str, message: str, form: Any) -> None:
    example = "" if form is None else " --input '…'"
    told = f" ({message})" if message else ""
    print(  # noqa: T201 - for the person who is asked
        f"weft: run {run} waits for input{told}: weft resume {run}{example}",
        file=sys.stderr,
    )

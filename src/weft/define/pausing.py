"""Waiting for people: `pause` within the process, `suspend` without one."""

from __future__ import annotations

from typing import Any

from weft.define import durations
from weft.model import errors
from weft.ports import caller


class Suspended(SystemExit):
    """The run is suspended and this process has nothing more to do for it.

    It leaves a script quietly, with the exit code 0. `run` is the run, which `weft resume` goes on with.
    """

    def __init__(self, run: str) -> None:
        """Keep the id of the run."""
        super().__init__(0)
        self.run = run


def pause(
    wait_for_input: Any = None,
    *,
    key: str | None = None,
    timeout: durations.Duration | None = None,
    message: str = "",
) -> Any:
    """Wait within a flow until a person answers: `weft resume RUN --input '{"approved": true}'`.

    Args:
        wait_for_input: what is asked for: a pydantic model, a type such as `bool`, or None for a mere go-ahead.
        key: the name of the question; its number in the flow unless given.
        timeout: how long to wait; for ever unless given.
        message: what the person is to know.

    Returns:
        An instance of the model, a value of the type, or None.

    Raises:
        TimeoutError: nobody answered in time.
        UsageError: no flow is running.
    """
    return _running("pause").ask(wait_for_input, key=key, timeout=_seconds(timeout), message=message, suspended=False)


def suspend(
    wait_for_input: Any = None,
    *,
    key: str | None = None,
    timeout: durations.Duration | None = None,
    message: str = "",
) -> Any:
    """End the process's part of a flow until a person answers; `weft resume RUN` then goes on from here.

    The arguments are those of `pause`. Once it is answered, the flow is run again from its start: calls that have
    succeeded are not repeated, and this gives the answer.

    Raises:
        Suspended: the flow leaves here; catch nothing of it.
        UsageError: no flow is running.
    """
    return _running("suspend").ask(wait_for_input, key=key, timeout=_seconds(timeout), message=message, suspended=True)


def _running(verb: str) -> caller.Caller:
    running = caller.current.get()
    if running is None:
        raise errors.UsageError(f"{verb}() was called outside of a flow's run.", remedy="Call it inside of a @flow.")
    return running


def _seconds(timeout: durations.Duration | None) -> float | None:
    return None if timeout is None else durations.seconds(timeout, what="timeout", exclusive=True)

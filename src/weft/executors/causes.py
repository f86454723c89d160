"""Why a worker process ended, in words."""

from __future__ import annotations

import os
import signal

_UNKNOWN = "its exit status is not known"


def describe(status: int | None) -> str:
    """Return the cause of a worker's end by its wait status; None where that is not known."""
    if status is None:
        return f"The worker process ended while the body ran; {_UNKNOWN}."
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"The body ended its worker process: left with os._exit({code})."
    number = -code
    if number == signal.SIGKILL:
        return "The worker process was killed by SIGKILL: out of memory, or somebody ended it."
    return f"The worker process was killed by signal {number} ({_name(number)}){_hint(number)}."


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def _hint(number: int) -> str:
    if number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT):
        return ": native code crashed; the log ends with the Python traceback of that moment"
    return ""

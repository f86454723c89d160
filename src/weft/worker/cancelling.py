"""How a body is told to stop: an exception raised into it, so that its `finally` blocks run."""

from __future__ import annotations


class Cancelled(BaseException):
    """The attempt was cancelled. No subclass of Exception, so that a body's `except Exception` does not swallow it."""

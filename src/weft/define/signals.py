"""What a task's body may raise to end otherwise than by a value or a failure."""

from __future__ import annotations


class Skip(Exception):  # noqa: N818 - what it says happens, and is no error
    """The task is skipped: `raise Skip("nothing new today")`. What is below follows its trigger rules."""

    def __init__(self, reason: str = "") -> None:
        """Keep the reason, which is shown with the step run."""
        super().__init__(reason)
        self.reason = reason


class Fail(Exception):  # noqa: N818 - reads as the statement that it is
    """The task fails, and trying again would be no use: its retries are passed over."""

    def __init__(self, message: str = "") -> None:
        """Keep the message."""
        super().__init__(message)
        self.message = message


class Defer(Exception):  # noqa: N818 - what it says happens, and is no error
    """The task waits for something: its worker is given back, and the body runs again after some seconds.

    It stays the same attempt, so that no retry is used. `context.poked` tells how often it has been deferred.
    """

    def __init__(self, seconds: float, reason: str = "", *, condition: tuple[str, ...] = ()) -> None:
        """Keep after how many `seconds` the body is to run again, and what it waits for.

        Args:
            seconds: how long to wait.
            reason: what it waits for, as it is shown.
            condition: what the driver looks up before the body runs again: ("asset", key, partition) or
                ("pipeline", name, partition); the body is told in `context.condition_met`.

        Raises:
            ValueError: the seconds are negative or no number.
        """
        if not seconds >= 0 or seconds == float("inf"):
            raise ValueError(f"Defer(seconds={seconds!r}): give a number of seconds of at least 0.")
        super().__init__(reason)
        self.seconds = float(seconds)
        self.reason = reason
        self.condition = condition

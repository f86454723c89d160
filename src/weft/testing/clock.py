"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FakeClock:
    """A `Clock` for tests: both its times move only by `advance`."""

    def __init__(self, now: datetime | None = None) -> None:
        """Begin at `now` (aware), or at noon of 2024-01-15 in UTC."""
        self._now = (now or datetime(2024, 1, 15, 12, tzinfo=UTC)).astimezone(UTC)
        self._monotonic = 0.0

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Seconds from the start of the test, never going back."""
        return self._monotonic

    def advance(self, amount: float | timedelta) -> None:
        """Let time pass: seconds, or a timedelta.

        Raises:
            ValueError: it would go back.
        """
        passed = amount if isinstance(amount, timedelta) else timedelta(seconds=amount)
        if passed < timedelta():
            raise ValueError(f"time does not go back, but the clock was to be advanced by {passed}")
        self._now += passed
        self._monotonic += passed.total_seconds()

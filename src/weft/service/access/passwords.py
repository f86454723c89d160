"""Passwords: what is asked of one, and its argon2id hash."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING

from weft.model import errors

if TYPE_CHECKING:
    import argon2

SHORTEST, LONGEST = 10, 256
_AT_ONCE = threading.BoundedSemaphore(2)  # each takes 64 MiB: a flood of log-ins must not take all memory


@functools.cache
def _hasher() -> argon2.PasswordHasher:
    import argon2

    return argon2.PasswordHasher()


@functools.cache
def _nobody() -> str:
    """A hash to compare with where there is no account, so that its absence takes as long as a wrong password."""
    return _hasher().hash("there is no such account")


def hashed(name: str, password: str) -> str:
    """The hash of a new password for the account `name`.

    Raises:
        UsageError: it is too short or too long, or is the name.
    """
    if not SHORTEST <= len(password) <= LONGEST or password.casefold() == name.casefold():
        raise errors.UsageError(
            "The password won't do.", remedy=f"It has {SHORTEST} to {LONGEST} letters, and is not the account's name."
        )
    with _AT_ONCE:
        return _hasher().hash(password)


def fits(kept: str | None, password: str) -> bool:
    """Whether a password is the one whose hash is kept; takes as long where there is none (None)."""
    from argon2 import exceptions

    if len(password) > LONGEST:
        password = ""
    with _AT_ONCE:
        absent = _nobody()
        try:
            return _hasher().verify(kept or absent, password) and kept is not None
        except (exceptions.VerificationError, exceptions.InvalidHashError):
            return False

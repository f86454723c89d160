"""The errors that weft raises on purpose, drawn as a tree.

    WeftError                     everything below; has a stable `code`
    ├── UsageError                a wrong argument, selection, partition or option (exit 2)
    │   ├── FieldsError           fields of what was given are wrong; says which
    │   ├── NotFoundError         what is named is not there
    │   └── ConflictError         what is asked for does not go with how things stand
    ├── DefinitionsError          (in model.diagnostics) definitions that do not load, all problems at once (exit 2)
    ├── DriftError                a saved plan that no longer holds (exit 3)
    ├── LedgerError               the store cannot be read or written (exit 1)
    │   └── FencedError           an append under an old epoch: another process owns the run now
    ├── ReservationError          another live run holds an output that this one would write (exit 1)
    ├── StorageError              a value cannot be stored or read
    ├── TypeMismatchError         a value is not of the type that its step declares
    └── MissingExtraError         an optional dependency is not installed

Every message says what is wrong, with the value, and what to do about it.
"""

from __future__ import annotations


class WeftError(Exception):
    """An error that weft raises on purpose, with a message meant for its user."""

    code = "weft"

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        """Keep `message` (what and why) and `remedy` (what to do, one sentence)."""
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}" if self.remedy else self.message


class UsageError(WeftError):
    """A wrong argument, selection, partition or option."""

    code = "usage"


class FieldsError(UsageError):
    """Fields of what was given are wrong: each with its path, the value and the problem."""

    def __init__(
        self, message: str, *, remedy: str | None = None, fields: tuple[tuple[str, object, str], ...] = ()
    ) -> None:
        """Keep the `fields` as (path such as `params.day`, value, problem)."""
        super().__init__(message, remedy=remedy)
        self.fields = fields


class NotFoundError(UsageError):
    """What is named is not there: no such run, pipeline, account."""

    code = "not-found"


class ConflictError(UsageError):
    """What is asked for does not go with how things stand: it exists already, or has ended."""

    code = "conflict"


class DriftError(WeftError):
    """A saved plan no longer holds: planning its request now gives something else."""

    code = "drift"


class LedgerError(WeftError):
    """The ledger cannot be read or written; nothing that was committed is lost."""

    code = "ledger"


class FencedError(LedgerError):
    """An append came under an old epoch: another process owns the run now."""

    code = "fenced"


class ReservationError(WeftError):
    """Another live run holds an output that this one would write."""

    code = "reserved"


class StorageError(WeftError):
    """A value cannot be stored or read back."""

    code = "storage"


class TypeMismatchError(WeftError):
    """A value is not of the type that its step declares."""

    code = "type-mismatch"


class MissingExtraError(WeftError):
    """An optional dependency is not installed."""

    code = "missing-extra"

    def __init__(self, *, package: str, extra: str, purpose: str) -> None:
        """Say which `package` is missing, for what `purpose`, and the `extra` that brings it."""
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed.",
            remedy=f"Install it with: pip install 'weft[{extra}]'",
        )

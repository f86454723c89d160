"""What events hold: why an attempt failed, what it read, made and found, where its output lies."""

from __future__ import annotations

import msgspec

from weft.model import stored


class Error(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why an attempt failed: the exception's type, its message, and its traceback from the user's first frame on."""

    kind: str
    message: str
    traceback: str = ""

    @property
    def told(self) -> str:
        """The kind with the message, where there is one. What weft itself raises is named without its modules."""
        kind = self.kind.rpartition(".")[2] if self.kind.startswith("weft.") else self.kind
        return f"{kind}: {self.message}" if self.message else kind


class LogSegment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The bytes of one attempt in a log file; `file` is relative to the project's log folder."""

    file: str
    start: int
    end: int


class InputRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, array_like=True):
    """What a step run read of one asset: a digest over the data versions, and each partition's version."""

    digest: int
    partitions: tuple[str | None, ...] = ()
    versions: tuple[int, ...] = ()


class CheckResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a check found. A check that raised has not passed and says so in `description`."""

    name: str
    passed: bool
    blocking: bool = False
    severity: str = "error"
    description: str = ""
    metadata: dict[str, msgspec.Raw] = {}


class Materialization(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A new version of an asset's partition. It becomes current unless a blocking check failed (`rejected`)."""

    asset: str
    value: stored.StoredValue
    code: str = ""
    inputs: dict[str, InputRecord] = {}
    metadata: dict[str, msgspec.Raw] = {}
    checks: tuple[CheckResult, ...] = ()
    rejected: bool = False


class TaskResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a task's step run leaves behind.

    `value` is what it returned, None where that cannot be kept (it is then known only to the process that ran it).
    `length` is the number of elements of a list, tuple or mapping, for steps that are mapped over it.
    """

    value: stored.StoredValue | None = None
    length: int | None = None
    named: dict[str, stored.StoredValue] = {}
    """Values that the body pushed under names of their own."""
    rendered: dict[str, str] = {}
    """The templates of the step's arguments with their values filled in."""
    inputs: str = ""
    """Digest of the bound inputs of a flow's call; "" where they can't be digested."""
    code: str = ""
    """The code that ran."""
    cache: str = ""
    """The key under which the result may be reused; "" for none."""
    expires: int | None = None
    """Until when (microseconds)."""
    follow: tuple[str, ...] | None = None
    """Of a branch: the tasks below it that it chose; None for all."""
    proceed: bool = True
    """Of a short circuit: whether what is below it goes on."""

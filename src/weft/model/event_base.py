"""What all events share: the base, and the words for where a thing stands."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

import msgspec

Phase: TypeAlias = Literal[
    "created", "scheduled", "waiting", "queued", "starting", "running", "suspended", "cancelling", "finished", "unknown"
]
Outcome: TypeAlias = Literal[
    "succeeded",
    "reused",
    "skipped",
    "failed",
    "timed_out",
    "crashed",
    "upstream_failed",
    "cancelled",
    "removed",
    "rolled_back",
]

NULL = msgspec.Raw(b"null")
"""JSON's null, for a value that is not there: a field of the type `Raw | None` could not be read back."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """A fact or a decision. Subclasses are named in the past tense; their name is the type in the log."""

    version: ClassVar[int] = 1

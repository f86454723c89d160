"""What asks for runs beside the schedules of pipelines: sensors, webhooks and conditions of assets.

They are plain values, as everything that a snapshot of the definitions holds. An automation's id has its kind in front:
`sensor:new_files`, `webhook:orders`, `condition:daily_metrics`. Durations are in seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias, get_args

import msgspec

from weft.model import diagnostics, keys

ConditionKind: TypeAlias = Literal[
    "all",
    "any",
    "not",
    "missing",
    "latest",
    "code_changed",
    "newly_updated_above",
    "missing_above",
    "in_progress_above",
    "in_progress",
    "failed",
    "late",
    "cron",
]
"""The first three join other conditions; each other one says something of every partition by itself."""

CONDITION_KINDS: tuple[ConditionKind, ...] = get_args(ConditionKind)


class Condition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of which partitions of an asset something is true: a tree of operands.

    missing: there is no data. latest: it is the last partition that exists (or the asset has none). code_changed: other
    code than today's made it. newly_updated_above: what it reads is not what it was made from, or, where it is missing,
    came after the automation was first seen; what is asked for in the same moment counts. missing_above: something that
    it reads has no data. in_progress, in_progress_above: a live run makes it, or what it reads. failed: its last
    attempt failed. late: the freshness policy says so. cron: a tick passed since it was last made; of what is
    divided, only the latest partition.
    """

    kind: ConditionKind
    parts: tuple[Condition, ...] = ()
    cron: str = ""
    timezone: str = "UTC"
    label: str = ""
    """What people see in place of the operands."""

    def walk(self) -> Iterator[Condition]:
        """This condition and all that it is made of."""
        yield self
        for part in self.parts:
            yield from part.walk()


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is asked for: runs of a pipeline, or a plan of a selection of assets; one of the two is given."""

    pipeline: str = ""
    selection: str = ""

    def __str__(self) -> str:
        return self.pipeline or self.selection


class Sensor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="sensor"):
    """A function that looks outside now and then, and says what is to be run."""

    name: str
    target: Target
    every: float = 30.0
    timeout: float = 60.0
    paused: bool = False
    """Whether it waits for somebody to resume it before it looks for the first time."""
    description: str = ""
    location: diagnostics.SourceLocation | None = None

    @property
    def id(self) -> str:
        """`sensor:NAME`."""
        return f"sensor:{self.name}"


class Signature(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a delivery proves that its sender knows the secret: HMAC-SHA256 in a header.

    With `timestamp` (the name of a header, or "t=" for the part of the signature's own header that is so called) what
    is signed is the time, a dot and the body, and the time must be near; else it is the body alone.
    """

    header: str = "X-Weft-Signature"
    prefix: str = "sha256="
    encoding: Literal["hex", "base64"] = "hex"
    timestamp: str = "X-Weft-Timestamp"
    field: str = ""
    """The name of the signature among several parts of one header, such as "v1" in "t=…,v1=…"."""


class Webhook(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="webhook"):
    """A delivery from another system starts something; the server reads what it needs from the body and nothing else.

    `params` and `partition` are paths such as "$.order.id", or plain values. `dedupe` is a path, or "header:NAME".
    """

    name: str
    target: Target
    secret: str = ""
    """The name of the environment variable with the secret, as "env:NAME"."""
    params: dict[str, str] = {}
    partition: str = ""
    dedupe: str = ""
    signature: Signature = Signature()
    tolerance: float = 300.0
    """How far the time of a delivery may lie from now."""
    most_bytes: int = 1_000_000
    paused: bool = False
    description: str = ""
    location: diagnostics.SourceLocation | None = None

    @property
    def id(self) -> str:
        """`webhook:NAME`."""
        return f"webhook:{self.name}"


class AssetAutomation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="condition"):
    """An asset is asked for whenever its condition holds."""

    asset: keys.AssetKey
    condition: Condition
    paused: bool = False
    description: str = ""
    location: diagnostics.SourceLocation | None = None

    @property
    def id(self) -> str:
        """`condition:KEY`."""
        return f"condition:{self.asset}"


Automation: TypeAlias = Sensor | Webhook | AssetAutomation

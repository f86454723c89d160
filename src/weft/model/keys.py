"""Names of assets and steps: how they are spelt and what makes one wrong."""

from __future__ import annotations

import re
from typing import TypeAlias

AssetKey: TypeAlias = str
"""Parts joined by "/", such as `trading/daily_metrics`."""

StepKey: TypeAlias = str
"""The asset's key where a step makes one asset, else the function's own name with its prefix."""

PartitionKey: TypeAlias = str | None
"""The key of a partition, or None for what has no partitions."""

_PART = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*\Z")
_LONGEST = 250


def problem_with(key: str) -> str | None:
    """Tell what is wrong with `key` as the name of an asset or step, or None when it is well formed."""
    if not key:
        return "The key is empty."
    if len(key) > _LONGEST:
        return f"The key {key[:40]!r}… has {len(key)} characters; {_LONGEST} are allowed."
    for part in key.split("/"):
        if not _PART.match(part):
            return (
                f"The part {part!r} of the key {key!r} is not a name: "
                "letters, digits, '_', '-' and '.' after a first letter or '_', parts joined by '/'."
            )
    return None


def join(prefix: str | tuple[str, ...] | list[str] | None, name: str) -> str:
    """Join a prefix ("trading" or ("trading", "eu")) and a name into a key."""
    if not prefix:
        return name
    head = prefix if isinstance(prefix, str) else "/".join(prefix)
    return f"{head}/{name}"

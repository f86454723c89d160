"""Partitions of several assets at once, as text: `processed_trades[2024-01-05|IBM]; monthly_report[2024-01]; total[]`.

One text for partitions serves all assets that have these keys. Where each asset is to have others, as in a repair, they
stand behind its key; an asset without partitions has empty brackets.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

from weft.model import keys
from weft.model.partitions import quoting

_BETWEEN = "]; "


def write(by_asset: Mapping[keys.AssetKey, str]) -> str:
    """The text for partitions (as users write them) by asset."""
    return "; ".join(f"{asset}[{text}]" for asset, text in by_asset.items())


def read(text: str, known: Container[keys.AssetKey]) -> dict[keys.AssetKey, str] | None:
    """The partitions by asset that a text names; None where it is one for all assets.

    Every part begins with the key of an asset that is `known`, so that no key of a partition is taken for it.
    """
    stripped = text.strip()
    if not stripped.endswith("]"):
        return None
    found: dict[keys.AssetKey, str] = {}
    for part in quoting.split(stripped[:-1], _BETWEEN):
        asset, bracket, chosen = part.partition("[")
        if not bracket or asset not in known:
            return None
        found[asset] = chosen
    return found

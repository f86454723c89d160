"""What a parked step run waits for in the ledger itself: an asset's data, or a success of another pipeline."""

from __future__ import annotations

from collections.abc import Sequence

from weft.model import graph as graphs
from weft.ports import ledger as ledgers


def is_met(condition: Sequence[str], graph: graphs.Graph, ledger: ledgers.Reader) -> bool:
    """Whether what a step run waits for is there: ("asset" or "pipeline", name, partition or "" for any)."""
    match tuple(condition):
        case ("asset", name, partition):
            return _has_data(name, partition, graph, ledger)
        case ("pipeline", name, ""):
            latest = ledger.runs(pipeline=name, limit=1)
            return bool(latest) and latest[0].outcome == "succeeded"
        case ("pipeline", name, partition):
            return any(row.outcome == "succeeded" for row in ledger.runs(pipeline=name, partition=partition))
        case _:
            return False


def _has_data(name: str, partition: str, graph: graphs.Graph, ledger: ledgers.Reader) -> bool:
    asset = graph.assets.get(name)
    definition = asset.partitions if asset is not None else None
    external = asset is None or (asset.step is None and asset.made_by is None)
    known = ledger.columns({name: definition}, external=frozenset((name,)) if external else frozenset())[name]
    if definition is None:
        return bool(known.token_of(0))
    if not partition:
        return bool(known.materialized())
    ordinal = definition.find(partition)
    return ordinal is not None and bool(known.token_of(ordinal))

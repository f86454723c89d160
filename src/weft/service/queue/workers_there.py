"""Whether a worker is there that could take a run."""

from __future__ import annotations

import msgspec

from weft.ports import ledger as ledgers
from weft.runtime import owners

_SEEN_SECONDS = 20.0


def is_there(ledger: ledgers.Reader, row: ledgers.RunRow, now: int) -> bool:
    """Whether a living worker of a run's location takes runs of its work pool; `now` is in microseconds."""
    for each in ledger.workers_seen():
        if each.kind != "worker" or now - each.seen > _SEEN_SECONDS * 1e6:
            continue
        if owners.is_dead(owners.decode(each.owner), expires=each.seen + int(_SEEN_SECONDS * 1e6), now=now):
            continue
        said = msgspec.json.decode(each.body) if each.body else {}
        location, pools = said.get("location"), said.get("pools")
        if (location in (None, row.location) or not row.location) and (not pools or row.pool in pools):
            return True
    return False


def alive(ledger: ledgers.Reader, now: int) -> frozenset[str]:
    """The processes that are there, by id: workers, schedulers, hosts; `now` is in microseconds."""
    expires = int(_SEEN_SECONDS * 1e6)
    return frozenset(
        each.id
        for each in ledger.workers_seen()
        if now - each.seen <= expires
        and not owners.is_dead(owners.decode(each.owner), expires=each.seen + expires, now=now)
    )

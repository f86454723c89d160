"""The audit log: who changed what, when and through which surface, in a chain that shows what is taken out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from weft.model import audit_chain
from weft.model import control_events as control
from weft.ports import clock as clocks

if TYPE_CHECKING:
    from weft.ports import accounts as ports
    from weft.ports import ledger as ledgers

MASK = "•••"
_SECRET_WORDS = ("password", "passwd", "secret", "token", "credential", "authorization", "cookie", "private", "apikey",
                 "api_key", "access_key", "dsn", "key_file")  # fmt: skip
_LONGEST_TEXT = 500
_LONGEST_DETAIL = 8_000
_BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who makes a change, and through what."""

    by: str
    via: Literal["cli", "http", "server", "python"]
    token: str = ""
    """Id of the token or session, not the secret."""
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """One entry of the audit log, as people and programs see it."""

    position: int
    at: datetime
    action: str
    by: str
    via: str
    target: str
    detail: Any
    token: str
    address: str
    chain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether the chain holds: how many entries it has, its head, and the position of the first that breaks it."""

    entries: int
    head: str
    broken_at: int | None


def masked(value: Any, *, deep: int = 6) -> Any:
    """A value without what is named like a secret, in a size that can be kept."""
    if isinstance(value, Mapping):
        if deep == 0:
            return "…"
        return {
            str(name)[:100]: MASK if _is_secret(str(name)) and each is not None else masked(each, deep=deep - 1)
            for name, each in list(value.items())[:100]
        }
    if isinstance(value, (list, tuple)):
        return [masked(each, deep=deep - 1) for each in value[:50]] if deep else "…"
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return value[:_LONGEST_TEXT] + "…"
    return value


def _is_secret(name: str) -> bool:
    plain = name.casefold().replace("-", "_")
    return any(word in plain for word in _SECRET_WORDS)


def record(
    transaction: ports.AccountWrites, actor: Actor, action: str, target: str, detail: Mapping[str, Any] | None
) -> None:
    """Add a change to the audit log, in the transaction that makes it; what is named like a secret is masked."""
    encoded = msgspec.json.encode(masked(detail)) if detail else b"null"
    if len(encoded) > _LONGEST_DETAIL:
        encoded = msgspec.json.encode({"cut": encoded[:_LONGEST_TEXT].decode(errors="replace")})
    transaction.record_change(
        control.ChangeMade(
            action=action,
            by=actor.by,
            via=actor.via,
            target=target,
            detail=msgspec.Raw(encoded),
            token=actor.token,
            address=actor.address,
        )
    )


def note(
    ledger: ledgers.Ledger, actor: Actor, action: str, target: str = "", detail: Mapping[str, Any] | None = None
) -> None:
    """Add a change that was made a moment ago."""
    with ledger.transaction() as transaction:
        record(transaction, actor, action, target, detail)


def ls(
    ledger: ledgers.Ledger,
    *,
    before: int | None = None,
    by: str = "",
    action: str = "",
    target: str = "",
    limit: int = 100,
) -> list[ChangeView]:
    """Entries of the audit log, newest first."""
    return [
        ChangeView(
            position=row.position,
            at=clocks.moment(row.at),
            action=row.change.action,
            by=row.change.by,
            via=row.change.via,
            target=row.change.target,
            detail=msgspec.json.decode(row.change.detail),
            token=row.change.token,
            address=row.change.address,
            chain=row.change.chain,
        )
        for row in ledger.changes_made(before=before, by=by, action=action, target=target, limit=limit)
    ]


def verify(ledger: ledgers.Ledger) -> Verdict:
    """Follow the chain from its beginning."""
    previous, entries, after = "", 0, 0
    while rows := ledger.changes_in_order(after, _BATCH):
        for row in rows:
            if audit_chain.link(previous, row.at, row.change) != row.change.chain:
                return Verdict(entries=entries, head=previous, broken_at=row.position)
            previous, entries, after = row.change.chain, entries + 1, row.position
    return Verdict(entries=entries, head=previous, broken_at=None)

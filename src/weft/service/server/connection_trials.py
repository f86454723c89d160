"""How connections were tried last through a server: read from the audit log, which has each trial and each change."""

from __future__ import annotations

from datetime import datetime

from weft.ports import ledger as ledgers
from weft.service import views
from weft.service.access import auditing

TRIED = "connections.test"
CHANGED = "connections.change"
_MOST = 1000


class LastTrial(views.View, frozen=True, kw_only=True):
    """How a connection was tried last; `changed_since` where it was put into the store anew after that."""

    passed: bool
    message: str
    at: datetime
    by: str
    changed_since: bool


def target(name: str) -> str:
    """What the audit log calls a connection."""
    return f"connection:{name}"


def last(ledger: ledgers.Ledger, name: str) -> LastTrial | None:
    """How the connection of a name was tried last; None for never."""
    tried = auditing.ls(ledger, action=TRIED, target=target(name), limit=1)
    changed = auditing.ls(ledger, action=CHANGED, target=target(name), limit=1)
    return _told(tried[0], changed[0].position if changed else 0) if tried else None


def latest(ledger: ledgers.Ledger) -> dict[str, LastTrial]:
    """How each connection was tried last, by name; of the last thousand trials."""
    changed: dict[str, int] = {}
    for each in auditing.ls(ledger, action=CHANGED, limit=_MOST):
        changed.setdefault(each.target, each.position)
    found: dict[str, LastTrial] = {}
    for each in auditing.ls(ledger, action=TRIED, limit=_MOST):
        name = each.target.removeprefix(target(""))
        if name not in found:
            found[name] = _told(each, changed.get(each.target, 0))
    return found


def _told(entry: auditing.ChangeView, changed: int) -> LastTrial:
    detail = entry.detail if isinstance(entry.detail, dict) else {}
    return LastTrial(
        passed=detail.get("passed") is True,
        message=str(detail.get("message", "")),
        at=entry.at,
        by=entry.by,
        changed_since=changed > entry.position,
    )

"""The audit log."""

from __future__ import annotations

from typing import Annotated

import msgspec

from weft.service.access import auditing
from weft.surfaces.http import routing
from weft.surfaces.http.call import Call

routes = routing.Routes(tag="audit")


class AuditQuery(routing.Query, frozen=True, kw_only=True):
    """Which entries."""

    before: (
        Annotated[int, msgspec.Meta(ge=1, description="Only entries with a smaller position: the next page.")] | None
    ) = None
    by: Annotated[str, msgspec.Meta(max_length=100, description="Only what this person or token did.")] = ""
    action: Annotated[str, msgspec.Meta(max_length=100, description="Only this action, such as runs.cancel.")] = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    """Entries, newest first; `next` is the `before` of the next page, null at the end."""

    items: list[auditing.ChangeView]
    next: int | None


@routes.get(
    "/audit", scope="audit.read", role="admin", query=AuditQuery, answer=AuditPage, summary="Show who changed what"
)
def list_changes(call: Call, query: AuditQuery) -> AuditPage:
    """Changes through any surface, and refused log-ins, newest first."""
    with call.ledger() as ledger:
        found = auditing.ls(ledger, before=query.before, by=query.by, action=query.action, limit=query.limit)
    return AuditPage(items=found, next=found[-1].position if len(found) == query.limit else None)


@routes.get("/audit/verify", scope="audit.read", role="admin", answer=auditing.Verdict, summary="Verify the audit log")
def verify_changes(call: Call) -> auditing.Verdict:
    """Follow the chain from its beginning: `broken_at` is the position of the first entry that does not fit."""
    with call.ledger() as ledger:
        return auditing.verify(ledger)

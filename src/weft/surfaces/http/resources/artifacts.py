"""What runs made to be looked at: markdown made safe, tables, links, images and plots that no browser runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from weft.service import views
from weft.service.asset import artifacts
from weft.surfaces.http import markdown, paging, problems, routing
from weft.surfaces.http.call import Call, Raw
from weft.surfaces.http.resources import run_values, runs

if TYPE_CHECKING:
    from weft.ports import ledger as ledgers

routes = routing.Routes(tag="artifacts")

_MOST_BYTES = 32 << 20
_READABLE = frozenset({"json", "text", "bytes"})
"""Formats of stored values that are read here; none that could run anything."""
_SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml", "text/markdown"})
"""What is shown in place, in a sandbox; all else is a download."""


class ArtifactsQuery(paging.Paged, frozen=True, kw_only=True):
    """Which artifacts."""

    run: runs.Name | None = None
    key: runs.Name | None = None
    asset: runs.Name | None = None
    kind: Annotated[str, msgspec.Meta(min_length=1, max_length=100, description="Such as `markdown`.")] | None = None
    q: Annotated[str, msgspec.Meta(max_length=200, description="A part of the key or description.")] = ""
    every: Annotated[bool, msgspec.Meta(description="All versions of each key, not the newest alone.")] = False


class ArtifactPage(views.View, frozen=True, kw_only=True):
    """Some artifacts, newest first."""

    items: list[artifacts.ArtifactView]
    next: str | None


@routes.get("/artifacts", scope="artifacts.read", query=ArtifactsQuery, answer=ArtifactPage, summary="List artifacts")
def list_artifacts(call: Call, query: ArtifactsQuery) -> ArtifactPage:
    """The newest version of each key, or all versions; of a run all that it made."""
    at = paging.place("artifacts", query, int)
    with call.ledger() as ledger:
        run = runs.found(ledger, query.run).id if query.run is not None else None
        rows = ledger.artifact_page(
            run=run,
            key=query.key,
            asset=query.asset,
            kind=query.kind,
            text=query.q,
            latest=not query.every and run is None,
            before=at[0] if at is not None else None,
            limit=query.limit + 1,
        )
    page = [artifacts.view_of(row) for row in rows[: query.limit]]
    following = paging.cursor("artifacts", query, page[-1].id) if len(rows) > len(page) else None
    return ArtifactPage(items=page, next=following)


@routes.get("/artifacts/{id}", scope="artifacts.read", answer=artifacts.ArtifactView, summary="Look at an artifact")
def look(call: Call, id: str) -> artifacts.ArtifactView:  # noqa: A002 - the word of the path
    """One version of an artifact; its content is under `/content`."""
    return artifacts.view_of(_found(call, id))


def _found(call: Call, name: str) -> ledgers.ArtifactRow:
    number = int(name) if name.isdecimal() and len(name) < 16 else 0
    with call.ledger() as ledger:
        rows = ledger.artifact_page(before=number + 1, limit=1) if number else []
    if not rows or rows[0].id != number:
        raise problems.Refused(
            404, "not-found", f"There is no artifact {name[:40]!r}.", remedy="`GET /artifacts` lists them by number."
        )
    return rows[0]


class ContentQuery(routing.Query, frozen=True, kw_only=True):
    """In which form."""

    source: Annotated[bool, msgspec.Meta(description="Markdown as it was written, as plain text.")] = False


@routes.get(
    "/artifacts/{id}/content", scope="artifacts.read", query=ContentQuery,
    raw=("application/json", "text/html", "text/plain", "image/png", "image/jpeg", "image/gif", "image/webp",
         "image/svg+xml", "application/octet-stream"),
    errors=(413,), summary="Read an artifact",
)  # fmt: skip
def content(call: Call, id: str, query: ContentQuery) -> Raw:  # noqa: A002
    """What is in an artifact: a table, link or progress as JSON; markdown as HTML without scripts; images as they are.

    Whatever it is, a browser runs nothing of it: it comes with `nosniff` and the content security policy `sandbox`.
    """
    row = _found(call, id)
    with call.ledger() as ledger:
        made = ledger.artifact(row.id)
    if made is not None and made.value.inline is None and made.value.format not in _READABLE:
        raise problems.Refused(
            422, "usage", f"The content of {row.key} is kept as {made.value.format}, which a server does not read.",
            remedy="`weft artifacts KEY -o FILE` writes it to a file where the project is.",
        )  # fmt: skip
    if made is not None and (made.value.size or 0) > _MOST_BYTES:
        raise _too_large(made.value.size or 0)
    with call.ledger() as ledger:
        one = artifacts.version(ledger, row, lambda: run_values.storage_of(call))
    kind, body = one.media_type, one.content
    if kind == "text/markdown" and isinstance(body, str):
        kind, body = ("text/plain", body) if query.source else ("text/html", markdown.html(body))
        kind += "; charset=utf-8"
    if not isinstance(body, (bytes, str)):
        kind = "application/json"
    data = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else msgspec.json.encode(body)
    if len(data) > _MOST_BYTES:
        raise _too_large(len(data))
    shown = kind.partition(";")[0] in (*_SHOWN, "text/html", "text/plain", "application/json")
    name = "".join(each if each.isalnum() or each in "._-" else "_" for each in one.key)[:100]
    return Raw(data, kind if shown else "application/octet-stream", filename=f"{name}{one.suffix}", inline=shown)


def _too_large(size: int) -> problems.Refused:
    return problems.Refused(
        413, "too-large", f"The artifact has {size:,} bytes; at most {_MOST_BYTES:,} are served.",
        remedy="Write it to a file: `weft artifacts KEY -o FILE`.",
    )  # fmt: skip

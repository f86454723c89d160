"""From what a handler gives back to status, headers and bytes."""

from __future__ import annotations

import gzip
import urllib.parse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from weft.surfaces.http import call as calls
from weft.surfaces.http import problems, routing, security

JSON = "application/json"
_GZIP_FROM = 1400  # bytes; less fits into one packet
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """An answer that can be sent. Names of headers are lower-case."""

    status: int
    headers: dict[str, str]
    content: bytes | Iterable[bytes] | calls.Stream = b""
    target: str = ""
    detail: Mapping[str, Any] | None = None


def ready(route: routing.Route, given: object, call: calls.Call) -> Ready:
    """The answer that a handler's result stands for."""
    if isinstance(given, calls.Stream):
        headers = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store"}
        return Ready(status=200, headers={**headers, "x-accel-buffering": "no", **given.headers}, content=given)
    if isinstance(given, calls.Raw):
        return _raw(given, call)
    answer = given if isinstance(given, calls.Answer) else calls.Answer(given)
    status = answer.status or route.status
    headers = {"cache-control": "no-store" if not route.safe else "no-cache", **_lower(answer.headers)}
    if answer.location:
        headers["location"] = call.base + calls.PREFIX + answer.location
    content = b""
    if status != 204:
        content = _encode(answer.value)
        headers["content-type"] = JSON
        etag = answer.etag or (calls.etag_of(content) if route.etag else "")
        if etag:
            headers["etag"] = calls.quoted(etag)
            if route.safe and calls.quoted(etag) in calls.listed(call.headers.get("if-none-match", "")):
                return not_modified(calls.quoted(etag))
    return Ready(status=status, headers=headers, content=content, target=answer.target, detail=answer.detail)


def not_modified(etag: str) -> Ready:
    """The answer to one who has it already."""
    return Ready(status=304, headers={"etag": etag, "cache-control": "no-cache"})


def of_problem(problem: problems.Problem, headers: Mapping[str, str]) -> Ready:
    """The answer that tells an error."""
    return Ready(
        status=problem.status,
        headers={"content-type": problems.CONTENT_TYPE, "cache-control": "no-store", **headers},
        content=_encode(problem),
    )


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _raw(given: calls.Raw, call: calls.Call) -> Ready:
    headers = {"content-type": given.content_type, "cache-control": "no-cache", **_lower(given.headers)}
    if "content-security-policy" not in headers:
        headers |= {"content-security-policy": security.SANDBOX_CSP, "x-frame-options": "SAMEORIGIN"}
    name = f"; filename*=UTF-8''{urllib.parse.quote(given.filename, safe='')}" if given.filename else ""
    headers["content-disposition"] = ("inline" if given.inline else "attachment") + name
    if given.etag:
        headers["etag"] = calls.quoted(given.etag)
        if calls.quoted(given.etag) in calls.listed(call.headers.get("if-none-match", "")):
            return not_modified(calls.quoted(given.etag))
    return Ready(status=given.status, headers=headers, content=given.content)


def compressed(answer: Ready, accepted: str) -> Ready:
    """The same answer in fewer bytes, if it has many and the client takes gzip."""
    content = answer.content
    if not isinstance(content, bytes) or len(content) < _GZIP_FROM or "content-encoding" in answer.headers:
        return answer
    kind = answer.headers.get("content-type", "")
    if not (kind.startswith("text/") or "json" in kind):
        return answer
    headers = {**answer.headers, "vary": "accept-encoding"}
    if not takes_gzip(accepted):
        return replace(answer, headers=headers)
    headers["content-encoding"] = "gzip"
    if "etag" in headers:
        headers["etag"] = f"W/{headers['etag']}"
    return replace(answer, headers=headers, content=gzip.compress(content, 1, mtime=0))


def takes_gzip(accepted: str) -> bool:
    """Whether a header Accept-Encoding names gzip."""
    return any(_is_gzip(each) for each in accepted.lower().split(","))


def _is_gzip(accepted: str) -> bool:
    name, _, weight = accepted.strip().partition(";")
    return name.strip() == "gzip" and weight.replace(" ", "") not in ("q=0", "q=0.0")

"""Idempotency keys: a request that creates something and is sent again gets the answer that it got.

The same key with another request is refused (422), one that is still under way too (409). Only successes are kept;
what was refused may be corrected and sent again under its key.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from weft.ports import clock as clocks
from weft.surfaces.http import answering, problems

if TYPE_CHECKING:
    from weft.surfaces.http.call import Call

KEEP = timedelta(hours=24)
HEADER = "idempotency-key"
_LONGEST = 255
_PACKED_FROM = 16 * 1024
"""Bytes from which an answer is packed: a plan may have many megabytes."""
_PACKED = "packed"
_KEPT_HEADERS = ("content-type", "location", "etag", "cache-control")


def once(call: Call, request: bytes, made: Callable[[], answering.Ready]) -> answering.Ready:
    """The answer kept under the request's key, or the one that `made` makes, which is kept.

    Args:
        call: the request, with or without a key.
        request: method, path, query and body, as bytes.
        made: carries the request out.

    Raises:
        Refused: the key is none, is of another request, or of one that is under way.
    """
    key = call.headers.get(HEADER)
    if key is None:
        return made()
    if not 0 < len(key) <= _LONGEST or not key.isascii() or not key.isprintable():
        raise problems.Refused(
            400,
            "bad-idempotency-key",
            "Idempotency-Key must be 1 to 255 printable ASCII characters.",
            remedy="Use a UUID for each thing that is to be created.",
        )
    principal = f"{call.principal.kind}:{call.principal.name}:{call.principal.credential}"
    digest = hashlib.sha256(request).hexdigest()
    with call.ledger() as ledger, ledger.transaction() as transaction:
        kept = transaction.claim_key(principal, key, digest, _since(call.now))
    if kept is not None:
        return _again(kept.request == digest, kept.status, kept.headers, kept.body)
    try:
        answer = made()
    except BaseException:
        _give_back(call, principal, key)
        raise
    if answer.status >= 400 or not isinstance(answer.content, bytes):
        _give_back(call, principal, key)
        return answer
    kept_headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
    content = answer.content
    if len(content) > _PACKED_FROM:
        kept_headers[_PACKED], content = "1", zlib.compress(content, 1)
    with call.ledger() as ledger, ledger.transaction() as transaction:
        transaction.keep_answer(principal, key, answer.status, json.dumps(kept_headers), content)
    return answer


def _since(now: datetime) -> int:
    return clocks.microseconds(now - KEEP)


def _give_back(call: Call, principal: str, key: str) -> None:
    with call.ledger() as ledger, ledger.transaction() as transaction:
        transaction.give_key_back(principal, key)


def _again(same: bool, status: int | None, headers: str, content: bytes) -> answering.Ready:
    if not same:
        raise problems.Refused(
            422,
            "idempotency-key-reused",
            "This Idempotency-Key was sent with another request.",
            remedy="Take a new key for each thing that is to be created.",
        )
    if status is None:
        raise problems.Refused(
            409,
            "in-flight",
            "The request with this Idempotency-Key is under way, or the server ended in its midst.",
            remedy="Ask again in a moment; if it stays so, look whether it was done, then take a new key.",
            headers={"retry-after": "1"},
        )
    kept = json.loads(headers)
    if kept.pop(_PACKED, None):
        content = zlib.decompress(content)
    return answering.Ready(status=status, headers={**kept, "idempotency-replayed": "true"}, content=content)

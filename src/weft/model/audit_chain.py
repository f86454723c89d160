"""The chain of the audit log: each change carries a digest over itself and the digest of the one before it.

Whoever takes a change out of the log, puts one in or alters one breaks the chain from there on, unless they write all
that follows anew; a head noted elsewhere shows that as well.
"""

from __future__ import annotations

import hashlib
import json

from weft.model import control_events as control


def link(previous: str, at: int, change: control.ChangeMade) -> str:
    """The digest that `change`, made at `at` (microseconds since the epoch), carries after `previous` ("" at first)."""
    detail = bytes(change.detail).decode()
    told = [previous, at, change.action, change.by, change.via, change.target, detail, change.token, change.address]
    return hashlib.sha256(json.dumps(told, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()

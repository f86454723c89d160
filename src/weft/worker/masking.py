"""Masking: known secret values become `***` before any byte leaves the worker.

Besides the value itself its usual disguises are known: quoted for a URL, in base64, and escaped as in JSON and in
Python's `repr`. Each line of a secret with several lines (a private key) is a secret too. Values shorter than four
characters are left alone: masking them would hide half of every log and no secret.
"""

from __future__ import annotations

import base64
import json
import re
import urllib.parse
from collections.abc import Iterable

MASK = "***"
_SHORTEST = 4
_SHORTEST_LINE = 8


class Masks:
    """Replaces the values of secrets in text and bytes; knows nothing to replace when made of no values."""

    __slots__ = ("_binary", "_forms", "_known", "_text", "longest")

    def __init__(self, values: Iterable[str] = ()) -> None:
        """Learn the secret `values`."""
        self._known: set[str] = set()
        self._forms: list[bytes] = []
        self._text: re.Pattern[str] | None = None
        self._binary: re.Pattern[bytes] | None = None
        self.longest = 0
        """Bytes of the longest form, so that readers of a stream know how much to keep back."""
        self.learn(values)

    def learn(self, values: Iterable[str]) -> None:
        """Learn more secret values."""
        fresh = set(values) - self._known
        if not fresh:
            return
        self._known |= fresh
        forms = sorted({form for value in self._known for form in _forms(value)}, key=len, reverse=True)
        self._forms = [form.encode() for form in forms]
        self.longest = max(map(len, self._forms), default=0)
        self._text = re.compile("|".join(map(re.escape, forms))) if forms else None
        self._binary = re.compile(b"|".join(map(re.escape, self._forms))) if forms else None

    def __bool__(self) -> bool:
        return self._text is not None

    def text(self, text: str) -> str:
        """Return `text` with every secret masked."""
        return text if self._text is None else self._text.sub(MASK, text)

    def binary(self, content: bytes) -> bytes:
        """Return `content` with every secret masked, in UTF-8."""
        return content if self._binary is None else self._binary.sub(MASK.encode(), content)

    def unfinished(self, content: bytes) -> int:
        """Return how many bytes at the end of `content` may be the beginning of a secret that goes on after it."""
        found = 0
        for form in self._forms:
            for length in range(min(len(form) - 1, len(content)), found, -1):
                if content.endswith(form[:length]):
                    found = length
                    break
        return found


def _forms(value: str) -> Iterable[str]:
    if len(value) < _SHORTEST:
        return
    yield value
    yield urllib.parse.quote(value, safe="")
    yield urllib.parse.quote_plus(value)
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    for show in (repr, ascii):
        escaped = show('"' + value)[2:-1]  # the text around it decides whether Python quotes with ' or with "
        yield escaped
        yield escaped.replace("\\'", "'")
    yield repr(b'"' + value.encode())[3:-1]
    yield base64.b64encode(value.encode()).decode()
    yield base64.urlsafe_b64encode(value.encode()).decode()
    if "\n" in value:
        yield from (line for line in value.splitlines() if len(line) >= _SHORTEST_LINE)

"""Keys of partitions within a text for several: one that has a comma, a range's dots or the like stands in quotes.

`"a,b"` is one key; quotes of a key's own are doubled. What has no such characters is written as it is.
"""

from __future__ import annotations

import re

_APART = re.compile(r'[,"\[\];]|\.\.')
_TOKEN = re.compile(r'"(?:[^"]|"")*"')


def quoted(key: str) -> str:
    """A key as it is written among others."""
    return '"' + key.replace('"', '""') + '"' if _APART.search(key) else key


def bare(token: str) -> str:
    """The key that a token names, without the quotes of its parts: `"a,b"|x` is `a,b|x`."""
    return "|".join(_without(part) for part in split(token, "|"))


def _without(part: str) -> str:
    """One part of a token without its quotes."""
    stripped = part.strip()
    return stripped[1:-1].replace('""', '"') if _TOKEN.fullmatch(stripped) else part


def split(text: str, separator: str, most: int = -1) -> list[str]:
    """Split a text at a separator, but not within quotes; `most` is how often at most.

    A quote opens where a key begins: at the start, and after one of `, [ | .`. Elsewhere it is a character as others,
    and so is one that is never closed.
    """
    if '"' not in text:
        return text.split(separator, most)
    parts: list[str] = []
    begun = at = 0
    opens = True
    while at < len(text):
        if text[at] == '"' and opens and (token := _TOKEN.match(text, at)):
            at, opens = token.end(), False
        elif text.startswith(separator, at) and most != len(parts):
            parts.append(text[begun:at])
            begun = at = at + len(separator)
            opens = True
        else:
            opens = text[at] in ",[|." or (opens and text[at].isspace())
            at += 1
    return [*parts, text[begun:]]

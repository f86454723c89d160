"""Comparing code with what was recorded of it by another way of hashing: by its stored source.

A new algorithm changes every hash, and bytecode is another one in each version of Python; neither is a change of the
code. What can be compared by hash is. What cannot is compared by its source, which the ledger keeps: hashed anew by
today's algorithm, so that comments, layout and docstrings don't count. weft's own decorators do count here, because
source alone doesn't tell whose a decorator is.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Mapping

from weft.codehost import trees
from weft.model import code


def is_same_code(
    recorded: code.CodeManifest,
    recorded_sources: Mapping[str, str],
    today: code.CodeManifest,
    today_sources: Mapping[str, str],
) -> bool:
    """Tell whether a recorded manifest is of the same code as one of today; sources are texts by name of entry.

    Entries that neither hash nor source can compare are taken as different.
    """
    if recorded.entries.keys() != today.entries.keys():
        return False
    for name, new in today.entries.items():
        old = recorded.entries[name]
        if old == new:
            continue
        if code.comparable(recorded, today) and code.binding_of(old) == code.binding_of(new):
            return False
        if not _is_same_source(recorded_sources.get(name), today_sources.get(name)):
            return False
    return True


def _is_same_source(old: str | None, new: str | None) -> bool:
    if old is None or new is None:
        return False
    return old == new or _normalised(old) == _normalised(new)


def _normalised(source: str) -> str:
    """Return a hash of what a piece of source does, or the text itself if it is no statement, as lines of a lambda."""
    text = textwrap.dedent(source).strip()
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError):
        return "\n".join(line.rstrip() for line in text.splitlines())
    return trees.statement_facts(statements, lambda _decorator: False).hash

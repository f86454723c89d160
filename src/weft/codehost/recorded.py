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


def recomputed(
    recorded: code.CodeManifest,
    recorded_sources: Mapping[str, str],
    today: code.CodeManifest,
    today_sources: Mapping[str, str],
) -> dict[str, str]:
    """Return the entries of a recorded manifest with the hashes that they have today; sources are texts by name.

    It is the same code exactly when these are the entries of `today`. An entry that is another one, or that neither
    hash nor source can compare, has a hash that no code of today has.
    """
    found = {}
    for name, old in recorded.entries.items():
        new = today.entries.get(name, "")
        by_hash = code.comparable(recorded, today) and code.binding_of(old) == code.binding_of(new)
        if by_hash or old == new:
            found[name] = old
        elif _is_same_source(recorded_sources.get(name), today_sources.get(name)):
            found[name] = new
        else:
            found[name] = f"{recorded.algorithm}:{old}"
    return found


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

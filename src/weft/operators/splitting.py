"""Dividing SQL text into statements: at each `;` that is not in a string, a quoted name, a comment or a `$$` body."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""
      '(?:[^']|'')*'                         # text
    | "(?:[^"]|"")*"                         # a quoted name
    | `[^`]*`
    | --[^\n]*                               # comments
    | /\*.*?\*/
    | (?P<tag>\$[A-Za-z_]*\$).*?(?P=tag)     # a body of PostgreSQL
    | (?P<end>;)
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_COLON = re.compile(r"(?<![:\\]):(?=\w)")
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def statements(text: str) -> list[str]:
    """The statements of a text, without the `;` after them; comments that stand alone are left out.

    A statement that has statements within (`CREATE TRIGGER … BEGIN …; END`) is not seen as one: give such a list.
    """
    found, start = [], 0
    for match in _TOKEN.finditer(text):
        if match["end"] is not None:
            found.append(text[start : match.start()])
            start = match.end()
    found.append(text[start:])
    return [each.strip() for each in found if _COMMENT.sub("", each).strip()]


def literal(text: str) -> str:
    r"""The text with `\:` for each `:` in strings, quoted names, comments and `$$` bodies: none is a parameter."""
    return "".join(match[0] if len(match[0]) == 1 else _COLON.sub(r"\:", match[0]) for match in _TOKEN.finditer(text))

"""Facts about code that has no source: made by `exec`, or typed into a console or a notebook."""

from __future__ import annotations

import inspect
import linecache
import sys
from types import CodeType

from weft.codehost import trees

ALGORITHM = f"bytecode-{sys.version_info.major}.{sys.version_info.minor}"
"""Marks the entries that are taken so; bytecode is another one in each version of Python."""


def facts(code: CodeType) -> trees.Facts:
    """Return the facts of a code object.

    Bytecode keeps names and attributes in one list, so each name is tried with each attribute.
    """
    names: set[str] = set()
    text = _text(code, names)
    ordered = sorted(names)
    chains = [(name,) for name in ordered] + [(name, attribute) for name in ordered for attribute in ordered]
    return trees.Facts(trees.short_hash(text), (), tuple(chains), ())


def source_of(code: CodeType) -> str | None:
    """Return the source of code that was typed into a notebook or console, if that has kept it, else None."""
    entry = linecache.cache.get(code.co_filename)
    # Text that was registered has no time of change; all code given to `exec` shares the name <string>.
    if entry is None or len(entry) == 1 or entry[1] is not None or code.co_filename == "<string>":
        return None
    try:
        return "".join(inspect.getblock(entry[2][code.co_firstlineno - 1 :])).rstrip()
    except (SyntaxError, IndexError):
        return None


def _text(code: CodeType, names: set[str]) -> str:
    names.update(code.co_names)
    constants = list(code.co_consts)
    if constants and isinstance(constants[0], str) and code.co_flags & 0x2:
        # A function's first constant is its docstring, or None.
        constants[0] = None
    parts = [
        code.co_name,
        code.co_code.hex(),
        repr((code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)),
        repr((code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)),
        code.co_exceptiontable.hex(),
    ]
    parts += [_text(each, names) if isinstance(each, CodeType) else _constant(each) for each in constants]
    return "\0".join(parts)


def _constant(value: object) -> str:
    """Return a constant as text; a set of constants in the order of its texts."""
    if isinstance(value, frozenset):
        return f"frozenset({sorted(map(_constant, value))})"
    if isinstance(value, tuple):
        return f"tuple({[_constant(each) for each in value]})"
    return repr(value)

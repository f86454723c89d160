"""The table `[server]` of a project's configuration: what it may have, and what is wrong with one."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

_KINDS: Mapping[str, tuple[type, str]] = {
    "host": (str, "text"),
    "port": (int, "a whole number from 0 to 65535"),
    "hosts": (list, "a list of names"),
    "behind_proxy": (bool, "true or false"),
    "proxies": (list, "a list of addresses"),
    "certificate": (str, "the path of a file"),
    "key": (str, "the path of a file"),
    "url": (str, "the address under which people reach the server, such as https://weft.example.org"),
    "otel_endpoint": (str, "a URL"),
}


def problem(table: object) -> str | None:
    """What is wrong with the table, all of it; None where nothing is."""
    assert isinstance(table, Mapping)
    found = [told for name, value in table.items() if (told := _problem_with(str(name), value))]
    if ("certificate" in table) != ("key" in table):
        found.append("server.certificate and server.key belong together.")
    return "; ".join(found) or None


def _problem_with(name: str, value: object) -> str | None:
    if name not in _KINDS:
        near = difflib.get_close_matches(name, _KINDS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(_KINDS))}."
        return f"unknown setting server.{name}: {hint}"
    kind, told = _KINDS[name]
    fits = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    if fits and isinstance(value, list):
        fits = all(isinstance(each, str) and each for each in value)
    if fits and name == "port":
        fits = isinstance(value, int) and 0 <= value <= 65535
    return None if fits else f"server.{name} is {value!r}, but must be {told}."

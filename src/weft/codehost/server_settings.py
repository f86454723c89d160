"""The table `[server]` of a project's configuration: what it may have, and what is wrong with one."""

from __future__ import annotations

import difflib
import re
import urllib.parse
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
    "base_path": (str, "a path such as /tools/weft, which does not begin with /api or /static"),
    "otel_endpoint": (str, "a URL"),
}


_BASE_PATH = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)+")


def is_base_path(path: object) -> bool:
    """Whether weft can be served under this path: "" or such as "/tools/weft".

    A path that begins with /api or /static cannot be told from weft's own where a proxy takes the prefix off.
    """
    if path == "":
        return True
    if not isinstance(path, str) or not _BASE_PATH.fullmatch(path):
        return False
    return path.split("/")[1] not in ("api", "static")


def base_path(table: Mapping[str, object]) -> str:
    """The path under which people reach the server: the setting, else the path that `url` has; "" for none."""
    if "base_path" in table:
        return str(table["base_path"])
    return urllib.parse.urlsplit(str(table.get("url", ""))).path.rstrip("/")


def public_url(table: Mapping[str, object]) -> str:
    """Where people reach the server, with its path and without a slash at the end; "" where `url` does not say."""
    url = table.get("url", "")
    if not isinstance(url, str) or not url:
        return ""
    parts = urllib.parse.urlsplit(url)
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path or base_path(table)}"


def problem(table: object) -> str | None:
    """What is wrong with the table, all of it; None where nothing is."""
    assert isinstance(table, Mapping)
    found = [told for name, value in table.items() if (told := _problem_with(str(name), value))]
    if ("certificate" in table) != ("key" in table):
        found.append("server.certificate and server.key belong together.")
    path = urllib.parse.urlsplit(url).path.rstrip("/") if isinstance(url := table.get("url", ""), str) else ""
    if not is_base_path(path):
        found.append(f"server.url has the path {path!r}, but weft cannot be served under it; /tools/weft is one.")
    elif path and path != table.get("base_path", path):
        found.append(
            f"server.url has the path {path!r}, and server.base_path is {table['base_path']!r}: leave one out."
        )
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
    if fits and name == "base_path":
        fits = is_base_path(value)
    return None if fits else f"server.{name} is {value!r}, but must be {told}."

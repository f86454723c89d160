"""What is checked of each request before anything is looked at: its path, its Host, and where it comes from.

A page of any other site can make a browser send requests here. So Host must be a name of this server (else a name that
an attacker points at 127.0.0.1 would do), and what changes something, or is sent with the cookie, must come from a
page of this very server. All this holds whatever the credential.
"""

from __future__ import annotations

import ipaddress
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass

from weft.surfaces.http import problems

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSP = (
    "default-src 'none'; {own}connect-src 'self'; img-src 'self' data:; base-uri 'self'; form-action 'none'; "
    "frame-ancestors 'none'"
)
UI_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; frame-src 'self'; manifest-src 'self'; base-uri 'self'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""Of the web UI, whose scripts insert styles with a nonce."""
API_CSP = "default-src 'none'; frame-ancestors 'none'"
SANDBOX_CSP = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""For what users' code made: shown as a document of nowhere, without scripts."""
COMMON: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
HSTS = (b"strict-transport-security", b"max-age=31536000")
_LONGEST_PATH = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """The names by which this server may be called. `names` are lower-case, without a port."""

    names: frozenset[str] = LOOPBACK_NAMES
    addresses: bool = False
    """Whether any literal IP address does: nobody can point one elsewhere."""

    def knows(self, host: str) -> bool:
        """Whether a Host header (with or without a port) names this server."""
        name = name_of(host)
        if name is None:
            return False
        return name in self.names or (self.addresses and is_address(name))


def name_of(host: str) -> str | None:
    """The lower-case name in a Host header, None where it is none."""
    if not host or len(host) > 255 or any(letter in host for letter in "@/\\?# \t,"):
        return None
    name, port = host.lower(), ""
    if name.startswith("["):
        name, bracket, port = name.partition("]")
        name += bracket
        if not bracket or (port and not port.startswith(":")):
            return None
        port = port[1:]
    elif ":" in name:
        name, _, port = name.partition(":")
    if port and not (port.isascii() and port.isdigit() and len(port) <= 5):
        return None
    return name or None


def is_address(name: str) -> bool:
    """Whether a name is a literal IP address; IPv6 in brackets."""
    try:
        ipaddress.ip_address(name[1:-1] if name.startswith("[") else name)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether what is bound is reached from this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_host(hosts: Hosts, headers: Mapping[str, str]) -> str:
    """The Host that a request names.

    Raises:
        Refused: it is none of this server's.
    """
    host = headers.get("host", "")
    if not hosts.knows(host):
        raise problems.Refused(
            403,
            "host",
            f"This server is not called {problems.told(host)!r}.",
            remedy="Call it by its own name, or add the name to `hosts` in the table [server] of weft.toml.",
        )
    return host.lower()


def check_source(method: str, host: str, headers: Mapping[str, str], *, by_cookie: bool) -> None:
    """Refuse what a page of another site made a browser send.

    Checked of what changes something, whatever the credential, and of everything that comes with the cookie.

    Raises:
        Refused: it comes from elsewhere.
    """
    if method in SAFE_METHODS and not by_cookie:
        return
    origin = headers.get("origin")
    site = headers.get("sec-fetch-site")
    if (origin is not None and not _same(origin, host)) or (site is not None and site not in ("same-origin", "none")):
        raise problems.Refused(
            403,
            "origin",
            f"The request comes from a page of another site ({problems.told(origin or site)}).",
            remedy="Send it from a program, or from a page of this server.",
        )


def _same(origin: str, host: str) -> bool:
    """Whether an Origin is this server under the name `host`; a proxy may have changed the scheme."""
    scheme, separator, rest = origin.lower().partition("://")
    if not separator or scheme not in ("http", "https"):
        return False
    default = ":80" if scheme == "http" else ":443"
    return rest.removesuffix(default) == host.removesuffix(default)


def segments(raw_path: bytes) -> tuple[str, ...]:
    """The decoded segments of a path as it was sent.

    Raises:
        Refused: it is not a path that this server could have: too long, not UTF-8, with empty segments, with dots
            that climb, or with control characters, in whatever spelling.
    """
    text = raw_path.decode("latin-1").partition("?")[0]
    if len(text) > _LONGEST_PATH:
        raise problems.Refused(414, "path", "The path is too long.", remedy="Paths have at most 4096 bytes.")
    if not text.startswith("/"):
        raise nothing_there()
    found: list[str] = []
    for raw in text[1:].split("/"):
        try:
            part = urllib.parse.unquote(raw, errors="strict")
        except UnicodeDecodeError:
            raise nothing_there() from None
        if part in (".", "..") or any(ord(letter) < 32 or ord(letter) == 127 for letter in part):
            raise nothing_there()
        if any(each in (".", "..") for each in part.replace("\\", "/").split("/")):
            raise nothing_there()
        found.append(part)
    if found == [""]:
        return ()
    if found[-1] == "" and found[0].lower() != "api":  # a page's path may end in a slash
        found.pop()
    if "" in found:
        raise nothing_there()
    return tuple(found)


def nothing_there() -> problems.Refused:
    """The error for a path under which there is nothing."""
    return problems.Refused(
        404, "no-route", "There is nothing under this path.", remedy="GET /api/v1/openapi.json lists what there is."
    )

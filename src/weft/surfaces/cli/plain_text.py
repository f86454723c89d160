"""Whether what is said to a server can be read on the way there, and saying so."""

from __future__ import annotations

import ipaddress
import urllib.parse


def is_open(url: str) -> bool:
    """Whether requests to an address leave this machine unencrypted."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return False
    try:
        return not ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return True


def warn(url: str, what: str) -> None:
    """Say on stderr that `what` can be read on the way to a server, where it can."""
    if is_open(url):
        from weft.surfaces.cli import screen

        screen.Screen(stderr=True).line(f"Warning: {what} goes to {url} unencrypted. Use https:// where others listen.")

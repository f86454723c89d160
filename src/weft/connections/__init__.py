"""Connections: named, typed credentials to outside systems.

    from weft import connections

    lake = connections.get("lake")          # where bodies run: its secrets are masked from then on
    connections.save(connections.Connection.parse("warehouse", "postgres://weft:secret@db/trading"))

A connection of a name comes from the first of these that has it: the variable `WEFT_CONN_<NAME>` (a URI, or JSON), the
table `[connections.<name>]` of the project's configuration, the encrypted store `.weft/connections.json`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weft.connections.connection import Connection as Connection
    from weft.connections.probing import Probe as Probe
    from weft.connections.probing import test as test
    from weft.connections.registry import all as all  # noqa: A004 - as one says it
    from weft.connections.registry import get as get
    from weft.connections.registry import remove as remove
    from weft.connections.registry import save as save

_NAMES = {
    "Connection": "connection",
    "Probe": "probing",
    "all": "registry",
    "get": "registry",
    "remove": "registry",
    "save": "registry",
    "test": "probing",
}

__all__ = ["Connection", "Probe", "all", "get", "remove", "save", "test"]


def __getattr__(name: str) -> Any:
    """Import what is asked for: most runs need no connection."""
    module = _NAMES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{module}"), name)

"""Resources in a process: set up when the first body asks for one, once, and torn down at the end.

A resource with `setup` or `teardown` methods has them called; what `setup` returns, unless None, is what bodies get.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from weft.model import errors


class Resources:
    """The resources of one process."""

    def __init__(self, defined: Mapping[str, object]) -> None:
        """Take the resources as they were defined, by name; none is touched yet."""
        self._defined = defined
        self._ready: dict[str, object] = {}

    def get(self, name: str) -> object:
        """Return a resource, set up.

        Raises:
            UsageError: no resource has this name.
            Exception: what its `setup` raised; the next call tries again.
        """
        if name not in self._ready:
            if name not in self._defined:
                known = ", ".join(sorted(self._defined)) or "none"
                raise errors.UsageError(
                    f"There is no resource {name!r}.", remedy=f"Add it to Definitions(resources=…); defined are: {known}."
                )
            resource: Any = self._defined[name]
            set_up = None if isinstance(resource, type) else getattr(resource, "setup", None)
            given = set_up() if callable(set_up) else None
            self._ready[name] = resource if given is None else given
        return self._ready[name]

    def close(self) -> None:
        """Tear down what was set up, the last one first; a failing one is logged and does not keep the others."""
        for name in reversed(list(self._ready)):
            resource: Any = self._defined[name]
            tear_down = None if isinstance(resource, type) else getattr(resource, "teardown", None)
            if callable(tear_down):
                try:
                    tear_down()
                except Exception:
                    logging.getLogger(__name__).exception("The resource %r could not be torn down.", name)
        self._ready.clear()

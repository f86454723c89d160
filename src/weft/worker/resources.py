"""Resources in a process: set up when the first body asks for one, once, and torn down at the end.

A resource with `setup` or `teardown` methods has them called; what `setup` returns, unless None, is what bodies get.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from weft.define import config, sources
from weft.model import errors


class Resources:
    """The resources of one process."""

    def __init__(
        self,
        defined: Mapping[str, object],
        *,
        files: Sequence[sources.File] = (),
        learn: Callable[[Iterable[str]], None] | None = None,
    ) -> None:
        """Take the resources as they were defined, by name; none is touched yet.

        Args:
            defined: objects, or recipes whose values come from `files` and the environment.
            files: files of values, the strongest first.
            learn: is told the secrets of what was resolved, so that they are masked.
        """
        self._defined = defined
        self._files = files
        self._learn = learn
        self._resolved: dict[str, object] = {}
        self._ready: dict[str, object] = {}
        self._lock = threading.RLock()
        """So that two threads don't set up one resource twice; a setup may ask for another resource."""

    def learn_secrets(self) -> None:
        """Resolve what can be resolved, so that its secrets are masked from the start; the rest fails when used."""
        for name in self._defined:
            try:
                self._resolve(name)
            except errors.WeftError:
                continue

    def get(self, name: str) -> object:
        """Return a resource, set up.

        Raises:
            UsageError: no resource has this name.
            Exception: what its `setup` raised; the next call tries again.
        """
        if name not in self._defined:
            known = ", ".join(sorted(self._defined)) or "none"
            raise errors.UsageError(
                f"There is no resource {name!r}.",
                remedy=f"Add it to Definitions(resources=…); defined are: {known}.",
            )
        with self._lock:
            if name not in self._ready:
                resource = self._resolve(name)
                set_up = None if isinstance(resource, type) else getattr(resource, "setup", None)
                given = set_up() if callable(set_up) else None
                self._ready[name] = resource if given is None else given
            return self._ready[name]

    def close(self) -> None:
        """Tear down what was set up, the last one first; a failing one is logged and does not keep the others."""
        for name in reversed(list(self._ready)):
            resource = self._resolve(name)
            tear_down = None if isinstance(resource, type) else getattr(resource, "teardown", None)
            if callable(tear_down):
                try:
                    tear_down()
                except Exception:
                    logging.getLogger(__name__).exception("The resource %r could not be torn down.", name)
        self._ready.clear()
        self._resolved.clear()

    def config(self, step: str, model: Any, defaults: Mapping[str, object], given: object) -> object:
        """Return the typed config of a step; what the run gave goes before environment, files and definition.

        Raises:
            ConfigurationError: a value is missing, unknown or wrong.
        """
        if isinstance(given, model):
            made: object = given
        else:
            assert given is None or isinstance(given, Mapping)
            made = config.resolve_config(
                model, step=step, files=self._files, environ=os.environ, overrides=given, defaults=defaults
            )
        self._tell_secrets(made)
        return made

    def _resolve(self, name: str) -> Any:
        if name not in self._resolved:
            resource = self._defined[name]
            if "pydantic" in sys.modules:  # without it there can be no recipe, and importing it takes long
                from weft.define import resources as recipes

                resource = recipes.resolve(resource, name=name, files=self._files, environ=os.environ)
            self._resolved[name] = resource
            self._tell_secrets(resource)
        return self._resolved[name]

    def _tell_secrets(self, made: object) -> None:
        if self._learn is not None and "pydantic" in sys.modules:
            from weft.define import resources as recipes

            self._learn(recipes.secret_values([made]))

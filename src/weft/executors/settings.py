"""What a worker process is told besides its assignments: plain data, so that it reaches a spawned one too."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import msgspec

from weft.define import bodies
from weft.model import errors
from weft.worker import logs, values


class Loader(msgspec.Struct, frozen=True, kw_only=True):
    """How a fresh process gets the definitions: the function at `module:function`, called with `arguments`."""

    reference: str
    arguments: dict[str, Any] = {}

    def load(self) -> bodies.BuiltDefinitions:
        """Import the function and call it.

        Raises:
            UsageError: the reference names no function.
            Exception: what the import or the function raises.
        """
        module, _, name = self.reference.partition(":")
        found: object = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part, None)
        if not callable(found):
            raise errors.UsageError(
                f"The loader {self.reference!r} names no function.", remedy="Write it as 'package.module:function'."
            )
        loaded: bodies.BuiltDefinitions = found(**self.arguments)
        return loaded


class WorkerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What all workers of an executor share. `logs_folder` None lets the output of bodies pass through."""

    logs_folder: str | None = None
    log_limit: int = logs.DEFAULT_LIMIT
    secrets: tuple[str, ...] = ()
    configs: dict[str, Any] = {}
    files: tuple[tuple[str, dict[str, Any]], ...] = ()
    """Files of values for resources and config: each its name and what it says, the strongest first."""
    memory: int = values.MEMORY


class SpawnSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a spawned process needs to be like the driver's: its import path, the loader, and the rest."""

    worker: WorkerSettings
    loader: Loader
    import_path: tuple[str, ...]
    python_path: str | None
    """The value of PYTHONPATH to restore, None where it was not set."""


Load = Callable[[], bodies.BuiltDefinitions]

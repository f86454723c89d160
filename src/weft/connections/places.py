"""Where connections are kept: the configuration and the home of the project, found upwards or told by who knows.

Processes that run bodies are told by `settle` what the project is; elsewhere it is looked for from the working
directory upwards.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

STORE_FILE = "connections.json"
KEY_FILE = "connections.key"
_HOME_NAME = ".weft"


@dataclass(frozen=True, slots=True)
class Place:
    """The configuration file of a project (None: there is none) and its home folder."""

    configuration: Path | None
    home: Path

    @property
    def store(self) -> Path:
        """The encrypted store."""
        return self.home / STORE_FILE

    @property
    def key(self) -> Path:
        """The key of the encrypted store."""
        return self.home / KEY_FILE


_settled: list[Place] = []


def settle(configuration: Path | None, home: Path) -> None:
    """Say where this process's project is."""
    _settled[:] = [Place(configuration, home)]


def find() -> Place:
    """What `settle` was told, if anything, else what is found from the working directory upwards."""
    if _settled:
        return _settled[0]
    start = Path.cwd()
    configuration = next(filter(None, map(_configuration_in, (start, *start.parents))), None)
    home = os.environ.get("WEFT_HOME")
    root = configuration.parent if configuration is not None else start
    return Place(configuration, Path(home).absolute() if home else root / _HOME_NAME)


def _configuration_in(folder: Path) -> Path | None:
    own, shared = folder / "weft.toml", folder / "pyproject.toml"
    if own.is_file():
        return own
    if shared.is_file() and "[tool.weft" in shared.read_text(encoding="utf-8", errors="replace"):
        return shared
    return None

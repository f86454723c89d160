"""Telling the project's own code from the libraries that it uses."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path
from types import ModuleType

OWN_PACKAGE = "weft"
"""weft's own package, which is a library wherever it lies."""

_FOREIGN_FOLDERS = frozenset(
    {"site-packages", "dist-packages", ".weft", ".venv", "venv", "node_modules", "__pypackages__"}
)


class Ownership:
    """Decides what is the project's own: source files under `root`, outside installed packages and environments."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._prefix = str(self.root).rstrip(os.sep) + os.sep
        self._files: dict[str, bool] = {}
        # An interpreter may lie below the root, as a conda environment does.
        self._folders: dict[Path, bool] = {Path(sysconfig.get_path("stdlib")).resolve(): False, self.root: True}

    def owns_file(self, file: str) -> bool:
        """Tell whether a source file is the project's own."""
        known = self._files.get(file)
        if known is None:
            known = self._files[file] = self._judge(file)
        return known

    def owns_module(self, module: ModuleType) -> bool:
        """Tell whether a module is the project's own, by its file, or by its folders if it is a namespace package."""
        if is_own_package(module.__name__):
            return False
        file = getattr(module, "__file__", None)
        if isinstance(file, str):
            return self.owns_file(file)
        return any(self.owns_file(str(Path(folder) / "__init__.py")) for folder in getattr(module, "__path__", ()))

    def relative(self, text: str) -> str | None:
        """Return the part of a path below the root, with forward slashes, or None if it is no path below the root."""
        if text == self._prefix[:-1] or text == self._prefix:
            return ""
        if text.startswith(self._prefix):
            return text[len(self._prefix) :].replace(os.sep, "/")
        return None

    def _judge(self, file: str) -> bool:
        if file.startswith("<"):
            return False
        path = Path(file)
        try:
            path = path.parent.resolve() / path.name
        except OSError:
            return False
        return path.is_relative_to(self.root) and self._owns_folder(path.parent)

    def _owns_folder(self, folder: Path) -> bool:
        known = self._folders.get(folder)
        if known is None:
            known = (
                folder.name not in _FOREIGN_FOLDERS
                and not (folder / "pyvenv.cfg").exists()
                and self._owns_folder(folder.parent)
            )
            self._folders[folder] = known
        return known


def is_own_package(name: object) -> bool:
    """Tell whether a module's name is weft's own package or inside it."""
    return isinstance(name, str) and (name == OWN_PACKAGE or name.startswith(OWN_PACKAGE + "."))

"""A project on disk that is written, loaded and fingerprinted; Python's import state is put back afterwards."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from weft.codehost import fingerprint, loading
from weft.codehost import project as projects
from weft.model import code


class Workspace:
    """A project folder whose definitions are the module or file that the test writes."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, **files: str) -> None:
        """Write files: `etl="…"` is etl.py, `pkg__mod="…"` is pkg/mod.py, `pkg__init` its `__init__.py`."""
        for name, text in files.items():
            parts = name.split("__")
            if parts[-1] == "init":
                parts[-1] = "__init__"
            path = self.root.joinpath(*parts).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")

    def load(self, module: str = "etl") -> loading.LoadedModules:
        """Import the definitions as weft does."""
        return loading.load_namespace(projects.find_project(self.root, module=module))

    def manifest(self, name: str = "target", module: str = "etl", **files: str) -> code.CodeManifest:
        """Write files, load the module afresh and take the manifest of one of its functions."""
        self.write(**files)
        loaded = self.load(module).modules[0]
        return fingerprint.Fingerprinter(self.root).manifest(getattr(loaded, name))

    def changes(self, before: dict[str, str], after: dict[str, str], name: str = "target") -> set[str]:
        """Return what changed, as `kind name`, when the project was edited from `before` to `after`."""
        old = self.manifest(name, **before)
        new = self.manifest(name, **after)
        found = {f"{change.kind} {change.name}" for change in code.difference(old, new)}
        assert (old.digest == new.digest) == (not found)
        return found


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    path, finders, modules = list(sys.path), list(sys.meta_path), dict(sys.modules)
    (tmp_path / ".weft").mkdir()
    yield Workspace(tmp_path)
    sys.path[:], sys.meta_path[:] = path, finders
    for name in set(sys.modules) - set(modules):
        file = getattr(sys.modules[name], "__file__", None)
        if file is None or str(tmp_path) in file:
            del sys.modules[name]

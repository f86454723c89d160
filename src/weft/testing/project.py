"""A project in a temporary folder, for tests that go through the ledger."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import Any

from weft import api
from weft.service import views

_HEAD = "from weft import *\n"


class TemporaryProject:
    """A folder with definitions and a ledger of its own; steps run inline unless said otherwise."""

    def __init__(self, folder: Path) -> None:
        """Make the project in `folder`, which exists."""
        self.folder = folder
        self._path = folder / "definitions.py"

    def define(self, source: str) -> None:
        """Write the definitions: Python text in which the names of `weft` are there already."""
        self._path.write_text(_HEAD + textwrap.dedent(source), encoding="utf-8")
        sys.modules.pop("definitions", None)

    def plan(self, selection: str | None = None, **given: Any) -> views.PlanView:
        """`weft.plan` in this project."""
        return api.plan(selection, file=self._path, start=self.folder, **given)

    def apply(self, selection: str | None = None, **given: Any) -> views.ApplyView:
        """`weft.apply` in this project."""
        return api.apply(selection, file=self._path, start=self.folder, **{"executor": "inline", **given})

    def materialize(self, selection: str, **given: Any) -> views.ApplyView:
        """`weft.materialize` in this project."""
        return api.materialize(selection, file=self._path, start=self.folder, **{"executor": "inline", **given})

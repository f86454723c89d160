"""What the tests of definitions share: an IO manager, a fingerprint that names the function, and `build` on objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from weft.define import bodies
from weft.define.build import build
from weft.model import code
from weft.model.diagnostics import DefinitionsError, Diagnostic
from weft.model.stored import StoredValue
from weft.storage.protocol import IOManager, WriteTarget


class Plain(IOManager):
    """An IO manager that keeps nothing."""

    def write(self, value: object, target: WriteTarget) -> StoredValue:
        return target.stored("nowhere")

    def read(self, stored: StoredValue, as_type: object | None = None) -> object:
        return None


def fingerprint(function: Callable[..., object]) -> code.CodeManifest:
    return code.CodeManifest(algorithm="test", entries={function.__qualname__: "1"}, python="3.11")


@pytest.fixture
def build_of() -> Callable[..., bodies.BuiltDefinitions]:
    """Build objects; keywords give them the names that they have in their module."""

    def built(*objects: object, **named: object) -> bodies.BuiltDefinitions:
        pairs = [(f"object{place}", each) for place, each in enumerate(objects)]
        return build([*pairs, *named.items()], fingerprint=fingerprint, default_io=Plain())

    return built


@pytest.fixture
def problems_of(build_of: Callable[..., bodies.BuiltDefinitions]) -> Callable[..., list[Diagnostic]]:
    """Build objects that have problems, and return these."""

    def found(*objects: object, **named: Any) -> list[Diagnostic]:
        with pytest.raises(DefinitionsError) as caught:
            build_of(*objects, **named)
        return list(caught.value.diagnostics)

    return found


@pytest.fixture
def plain_io() -> type[Plain]:
    """The class of IO managers that keep nothing."""
    return Plain

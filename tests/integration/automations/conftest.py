"""Worlds with automations: real definitions, a real ledger in a file, and a clock that a test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from weft.codehost import runnable
from weft.define.build import build
from weft.executors import inline
from weft.model import code
from weft.service import world as worlds
from weft.storage import typed
from weft.stores import sqlite
from weft.testing.clock import FakeClock


def fingerprint(function: Callable[..., object]) -> code.CodeManifest:
    return code.CodeManifest(algorithm="test", entries={function.__qualname__: "1"}, python="3.11")


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still until a test moves it."""
    return FakeClock()


@pytest.fixture
def world_of(tmp_path: Path, clock: FakeClock) -> Iterator[Callable[..., worlds.World]]:
    """Make a world of definitions; each further one looks at the same ledger, as another process would."""
    ledgers = []

    def made(*objects: object) -> worlds.World:
        built = build(
            [(f"object{place}", each) for place, each in enumerate(objects)],
            fingerprint=fingerprint,
            default_io=typed.TypedStorage(tmp_path / "data"),
        )
        ready = runnable.ready(built)
        ledger = sqlite.SqliteLedger(tmp_path / "weft.db", durability="normal", clock=clock)
        ledgers.append(ledger)
        names = [f"asset:{each}" for each in built.graph.assets] + [
            f"pipeline:{each}" for each in built.graph.pipelines
        ]
        names += [f"automation:{each}" for each in built.graph.automations]
        return worlds.World(
            definitions=ready,
            ledger=ledger,
            clock=clock,
            make_executor=lambda name, jobs, steps: inline.InlineExecutor(ready),
            renew=lambda lease, expires: True,
            sources_of=lambda manifest: {},
            locations=dict.fromkeys(names, "main"),
        )

    yield made
    for each in ledgers:
        each.close()

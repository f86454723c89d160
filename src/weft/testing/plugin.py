"""Fixtures for pytest, loaded by its entry point: `weft_clock`, `weft_materialize`, `weft_project` and `weft_flows`.

Nothing of weft is imported before a test asks for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from weft.testing import clock, flows, project


@pytest.fixture
def weft_clock() -> clock.FakeClock:
    """A clock that stands still until the test moves it."""
    from weft.testing import clock

    return clock.FakeClock()


@pytest.fixture
def weft_materialize(weft_clock: clock.FakeClock) -> Callable[..., Any]:
    """`weft.materialize` in memory, at the time of `weft_clock`."""
    from weft.service import in_memory

    def materialize(wanted: Any, **given: Any) -> in_memory.InMemoryResult:
        return in_memory.materialize(wanted, **{"clock": weft_clock, **given})

    return materialize


@pytest.fixture
def weft_project(tmp_path: Path) -> Iterator[project.TemporaryProject]:
    """A project with a ledger of its own in a temporary folder."""
    from weft.testing import project

    before = list(sys.path)
    try:
        yield project.TemporaryProject(tmp_path)
    finally:
        sys.path[:] = before
        sys.modules.pop("definitions", None)


@pytest.fixture
def weft_flows(tmp_path: Path) -> Iterator[flows.FlowHome]:
    """Flows that are called in the test run in a ledger of its own, in a temporary folder."""
    from weft.testing import flows

    with flows.isolated(tmp_path) as home:
        yield home

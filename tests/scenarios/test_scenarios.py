"""Graph, history and now → plan, as data: each file in this folder is one claim, which its name states."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios import notation

FILES = sorted(Path(__file__).parent.glob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_plan_is_as_the_scenario_says(path: Path) -> None:
    scenario = notation.read(path)
    assert notation.written(scenario) == dict(scenario.expected), scenario.world


def test_there_are_scenarios() -> None:
    assert len(FILES) >= 30

"""What another algorithm recorded is the same code where its stored source is."""

from __future__ import annotations

import pytest

from weft import wiring
from weft.codehost import trees
from weft.model import code
from weft.service.plan import planning

DEFINITIONS = """
    RATE = 2

    def scaled(value):
        return value * RATE

    @asset
    def number() -> int:
        return scaled(1)

    @asset
    def doubled(number: int) -> int:
        return 2 * number
    """


def planned(project):
    """What is planned for the project: for each step its causes."""
    path = project.folder / "definitions.py"
    world = wiring.open_world(wiring.Place(start=project.folder, file=str(path)))
    made = planning.make_plan(world, planning.Ask())
    world.ledger.close()
    return {line.step: [(cause.kind, cause.subject) for cause in line.causes] for line in made.steps}


@pytest.fixture
def another_algorithm(monkeypatch):
    """Let today's algorithm be one under which every hash is another than the recorded one."""

    def use():
        known = trees.short_hash
        monkeypatch.setattr(code, "ALGORITHM", "tree9")
        monkeypatch.setattr(trees, "short_hash", lambda *parts: known("salt", *parts))

    return use


def test_a_new_algorithm_over_the_same_source_plans_nothing(weft_project, another_algorithm):
    weft_project.define(DEFINITIONS)
    weft_project.materialize("*")
    another_algorithm()
    assert planned(weft_project) == {}
    weft_project.define(DEFINITIONS.replace("* RATE", "* RATE  # scaled"))
    assert planned(weft_project) == {}


def test_a_new_algorithm_over_other_source_plans_what_changed(weft_project, another_algorithm):
    weft_project.define(DEFINITIONS)
    weft_project.materialize("*")
    another_algorithm()
    weft_project.define(DEFINITIONS.replace("* RATE", "+ RATE"))
    found = planned(weft_project)
    assert [(kind, subject.rpartition(".")[2]) for kind, subject in found["number"]] == [("code_changed", "scaled")]
    assert [kind for kind, _ in found["doubled"]] == ["upstream"]

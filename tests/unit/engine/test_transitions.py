"""The one table of moves is total: each pair of a state and a move leads somewhere, or is refused with the story."""

from __future__ import annotations

import pytest
from drawn_networks import draw

from weft.engine import run, transitions
from weft.engine import state as run_state
from weft.engine.transitions import FLAT, TABLE, InvalidTransitionError, Move, State

EVERY = [(state, move) for state in State for move in Move]


@pytest.mark.parametrize(("state", "move"), EVERY, ids=lambda each: each.name.lower())
def test_each_state_takes_each_move_or_refuses_it(state: State, move: Move) -> None:
    found = run.begin(draw(1).network, keep_going=True)
    found.states[0] = state
    found.stories[0] = ["attempt 1 failed"]
    if (state, move) in TABLE:
        run_state.move(found, 0, move)
        assert found.states[0] == TABLE[state, move]
    else:
        with pytest.raises(InvalidTransitionError, match=f"is {state.name.lower()} and can't .*attempt 1 failed"):
            run_state.move(found, 0, move)
        assert found.states[0] == state


def test_the_flat_table_is_the_table() -> None:
    assert len(FLAT) == len(EVERY)
    for (state, move), target in zip(EVERY, FLAT, strict=True):
        assert TABLE.get((state, move), -1) == target


def test_what_has_finished_has_no_moves() -> None:
    assert not [move for state, move in TABLE if state is State.FINISHED]


def test_each_state_but_the_last_can_be_left_and_each_but_the_first_reached() -> None:
    assert {state for state, _ in TABLE} == set(State) - {State.FINISHED}
    assert set(TABLE.values()) == set(State) - {State.WAITING}
    assert transitions.Move.CLAIM in {move for _, move in TABLE}

"""The one table of moves of a step run, and the one error for a move that is not in it.

    waiting ──upstream done──▶ ready ──claimed──▶ running ──succeeded──▶ finished
       │                       │  ▲                 │  │
       │                       │  └─────lost────────┘  └─failed─▶ retrying ──due──▶ ready
       └──upstream failed, cancelled, pruned──▶ finished ◀──no retry left──┘

A running one may also be reused, skipped or expanded into its items, which ends it, and parked, which is retrying at
no cost of a retry. A finished step run never moves again.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from weft.model import errors


class State(IntEnum):
    """Where a step run stands within its run.

    The field's words for them: waiting, queued, running, waiting (to retry), finished.
    """

    WAITING = 0
    READY = 1
    RUNNING = 2
    RETRYING = 3
    FINISHED = 4


class Move(IntEnum):
    """What can happen to a step run."""

    UNBLOCK = 0
    CLAIM = 1
    SUCCEED = 2
    FAIL = 3
    RETRY_LATER = 4
    RETRY = 5
    LOSE = 6
    PRUNE = 7
    GIVE_UP = 8
    """End without a body: upstream failed, cancelled, skipped, removed."""
    REUSE = 9
    SKIP = 10
    """The body, or a condition before it, said that there is nothing to do."""
    PARK = 11
    EXPAND = 12
    """Give way to the items that it stands for."""


TABLE: dict[tuple[State, Move], State] = {
    (State.WAITING, Move.UNBLOCK): State.READY,
    (State.WAITING, Move.GIVE_UP): State.FINISHED,
    (State.READY, Move.CLAIM): State.RUNNING,
    (State.READY, Move.PRUNE): State.FINISHED,
    (State.READY, Move.GIVE_UP): State.FINISHED,
    (State.RUNNING, Move.SUCCEED): State.FINISHED,
    (State.RUNNING, Move.FAIL): State.FINISHED,
    (State.RUNNING, Move.RETRY_LATER): State.RETRYING,
    (State.RUNNING, Move.LOSE): State.READY,
    (State.RUNNING, Move.GIVE_UP): State.FINISHED,
    (State.RUNNING, Move.REUSE): State.FINISHED,
    (State.RUNNING, Move.SKIP): State.FINISHED,
    (State.RUNNING, Move.PARK): State.RETRYING,
    (State.RUNNING, Move.EXPAND): State.FINISHED,
    (State.RETRYING, Move.RETRY): State.READY,
    (State.RETRYING, Move.GIVE_UP): State.FINISHED,
}

FLAT: tuple[int, ...] = tuple(TABLE.get((state, move), -1) for state in State for move in Move)
"""The table as `state * len(Move) + move`, -1 where there is no such move: looked up a million times."""


class InvalidTransitionError(errors.WeftError):
    """A step run was told to make a move that it can't make from where it stands.

    A bug, with the story that led to it.
    """

    code = "invalid-transition"

    def __init__(self, node: int, state: State, move: Move, story: Sequence[str]) -> None:
        """Tell which `node` was in which `state`, and the `story` of what happened to it before."""
        told = "; ".join(story) or "nothing unusual"
        super().__init__(
            f"Step run {node} is {state.name.lower()} and can't {move.name.lower().replace('_', ' ')}. Before: {told}.",
            remedy="This is a bug of weft: please report it with the run's events (`weft ledger events RUN`).",
        )

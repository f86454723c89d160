"""The garbage collector, held while much is made that stays.

It would walk a growing mass of objects again and again for nothing.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

_CALM = 20_000  # objects made and not yet freed; Python begins with 700
_STRETCHES, _MOVED, _PART = 8, 200_000, 4
"""The oldest are walked after so many stretches that moved so many objects, and a fourth of those there were (as
Python does it): never in a command that plans once, and in a large server not for each small plan."""
_since: list[int] = [0, 0, 0]
"""Stretches since the oldest were walked, objects moved to them, and how many there were; a race costs a walk."""


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Hold the collector; what was made meanwhile counts as old afterwards, so that the end does not walk it either.

    For stretches that end by themselves and make few cycles. Within another such stretch it does nothing.
    """
    if not gc.isenabled():
        yield
        return
    _walk_when_due()
    gc.disable()
    try:
        yield
    finally:
        if gc.get_freeze_count() == 0:  # else somebody keeps objects frozen, as before a fork, and they must stay so
            _since[0] += 1
            _since[1] += len(gc.get_objects(0)) + len(gc.get_objects(1))
            gc.freeze()
            gc.unfreeze()
        gc.enable()


def _walk_when_due() -> None:
    """Collect the oldest where much was moved to them: Python counts only what it moved itself, and would never."""
    stretches, moved, old = _since
    if stretches >= _STRETCHES and moved >= max(_MOVED, old // _PART):
        gc.collect()
        _since[:] = [0, 0, len(gc.get_objects())]


@contextlib.contextmanager
def calmed() -> Iterator[None]:
    """Let the collector look less often at what is new: for loops whose many small values die by themselves."""
    before = gc.get_threshold()
    if 0 < before[0] < _CALM:
        gc.set_threshold(_CALM, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)

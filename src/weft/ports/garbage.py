"""The garbage collector, held while much is made that stays.

It would walk a growing mass of objects again and again for nothing.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

_CALM = 20_000  # objects made and not yet freed; Python begins with 700


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Hold the collector; what was made meanwhile counts as old afterwards, so that the end does not walk it either.

    For stretches that end by themselves and make few cycles. Within another such stretch it does nothing.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if gc.get_freeze_count() == 0:  # else somebody keeps objects frozen, as before a fork, and they must stay so
            gc.freeze()
            gc.unfreeze()
        gc.enable()


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

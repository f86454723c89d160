"""The collector is held for a while, and what died meanwhile is not kept for ever."""

from __future__ import annotations

import gc

from weft.ports import garbage


def test_cycles_that_died_in_many_stretches_are_collected() -> None:
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(300):
        with garbage.held():
            cycles = [[] for _ in range(5_000)]
            for each in cycles:
                each.append(each)
            del cycles, each

    assert len(gc.get_objects()) - before < 700_000  # of 1,500,000 that were made


def test_a_stretch_within_another_and_one_with_the_collector_off_change_nothing() -> None:
    with garbage.held():
        with garbage.held():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()

    gc.disable()
    try:
        with garbage.held():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()

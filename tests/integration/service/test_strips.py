"""Strips of partitions: however they are cut into segments or cells, every partition is counted once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from weft.model import partition_set, plan
from weft.service.asset import strips

words = st.lists(st.sampled_from(plan.STATUSES), min_size=1, max_size=300)


@given(words=words, start=st.integers(0, 40), cells=st.integers(1, 50))
def test_cells_and_segments_count_every_partition_once(words: list[plan.Status], start: int, cells: int) -> None:
    inside: dict[plan.Status, partition_set.PartitionSet] = {
        word: partition_set.PartitionSet.of([start + place for place, each in enumerate(words) if each == word])
        for word in plan.STATUSES
        if word in words
    }
    segments = strips._segments(inside)
    assert [word for begin, stop, word in segments for _ in range(begin, stop)] == words
    made = strips._cells(inside, start, start + len(words), cells)
    assert len(made) <= cells
    for cell in made:
        part = words[cell.start - start : cell.stop - start]
        assert cell.counts == {word: part.count(word) for word in plan.STATUSES if word in part}
        assert cell.status == next(word for word in plan.STATUSES if word in part)
    assert sum(cell.stop - cell.start for cell in made) == len(words)

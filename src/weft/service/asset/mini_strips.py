"""The partitions of an asset in a few words, for lists and graphs of thousands: states along their order."""

from __future__ import annotations

from weft.model import plan

COLUMNS = 32
_MOST_RANGES = 500
"""A status in more pieces than this is looked up column by column, which costs the same however fragmented it is."""


def mini(status: plan.AssetStatus) -> list[tuple[str, int]]:
    """`[(state, columns), …]` over at most 32 columns of equally many partitions; of several states the most urgent.

    A column without partitions has the state "". Nothing for an asset without partitions.
    """
    sets = [(word, status.by_status[word]) for word in plan.STATUSES if status.by_status.get(word)]
    if not status.partitioned or not sets:
        return []
    if len(sets) == 1:
        return [(sets[0][0], 1)]
    start = min(ordinals.first for _, ordinals in sets)
    stop = max(ordinals.last for _, ordinals in sets) + 1
    columns = min(COLUMNS, stop - start)
    found = [""] * columns
    for word, ordinals in sets:
        ranges = ordinals.ranges()
        if len(ranges) > _MOST_RANGES:
            for column in range(columns):
                begin = start + column * (stop - start) // columns
                end = start + (column + 1) * (stop - start) // columns
                if not found[column] and ordinals & type(ordinals).range(begin, end):
                    found[column] = word
            continue
        for begin, end in ranges:
            first = (begin - start) * columns // (stop - start)
            last = (end - 1 - start) * columns // (stop - start)
            for column in range(first, last + 1):
                found[column] = found[column] or word
    strip: list[tuple[str, int]] = []
    for state in found:
        if strip and strip[-1][0] == state:
            strip[-1] = (state, strip[-1][1] + 1)
        else:
            strip.append((state, 1))
    return strip

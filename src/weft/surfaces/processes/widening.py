"""What a process with the code of one location sees of the others: what their snapshots say.

An asset that is external here may be made there, and then it has versions, partitions and a producer; a sensor here may
ask for runs of what is defined there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.service.server import locations

if TYPE_CHECKING:
    from weft.service import world as worlds


class Widening:
    """Keeps the graph of a world that of all locations, with its own definitions as they are in its code."""

    def __init__(self, world: worlds.World, location: str) -> None:
        """Widen `world`, which has the code of `location`; nothing is read before `refresh`."""
        self._world = world
        self._location = location
        self._known = locations.Snapshots()
        self._mark: tuple[int, int] | None = None
        own = world.definitions.graph
        sees_others = any(each.step is None and each.made_by is None for each in own.assets.values())
        self._is_needed = sees_others or bool(world.definitions.sensors)

    def refresh(self) -> None:
        """Take up what other locations have loaded since, and the keys of dynamic partitions."""
        world = self._world
        mark = world.ledger.locations_mark() if self._is_needed else None
        if mark != self._mark:
            self._mark = mark
            parts = {self._location: world.definitions.graph}
            for row in world.ledger.locations():
                if row.name != self._location and row.snapshot and not row.removed:
                    graph = locations.graph_of(world.ledger, row.snapshot, self._known)
                    if graph is not None:
                        parts[row.name] = graph
            world.wider, world.locations = locations.merge(parts)
        world.resolve_partitions()

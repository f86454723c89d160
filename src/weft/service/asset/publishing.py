"""Stable names of outputs: views and paths of some IO managers, repaired from what the ledger says is current."""

from __future__ import annotations

from collections.abc import Iterable

from weft.model import keys, stored
from weft.ports import clock as clocks
from weft.service import world as worlds
from weft.storage import protocol


def publish(world: worlds.World, assets: Iterable[keys.AssetKey]) -> None:
    """Repair the stable names of these assets, where their IO manager has some.

    A server has no IO managers: there a worker of their code location is asked to do it.
    """
    if not world.definitions.io_managers:
        _hand_over(world, assets)
        return
    for asset in assets:
        manager = manager_of(world, asset)
        if type(manager).publish is protocol.IOManager.publish:
            continue
        manager.publish(asset, current_values(world, asset))


def _hand_over(world: worlds.World, assets: Iterable[keys.AssetKey]) -> None:
    from weft.service.server import operations

    by_location: dict[str, list[keys.AssetKey]] = {}
    for asset in assets:
        by_location.setdefault(world.locations.get(f"asset:{asset}", ""), []).append(asset)
    for location, several in by_location.items():
        now = clocks.microseconds(world.clock.now())
        ask = operations.PublishAsk(assets=tuple(sorted(several)))
        operations.request(world.ledger, "publish", ask, location=location, by=world.user, now=now)


def manager_of(world: worlds.World, asset: keys.AssetKey) -> protocol.IOManager:
    """The IO manager that writes an asset."""
    return world.definitions.io_managers[world.graph.assets[asset].io or "default"]


def current_values(world: worlds.World, asset: keys.AssetKey) -> dict[str | None, stored.StoredValue]:
    """The current value of each partition of an asset."""
    rows = [row for row in world.ledger.versions(asset) if row.current]
    made = world.ledger.materializations(asset, [row.id for row in rows])
    return {row.key or None: made[row.id][1].value for row in reversed(rows) if row.id in made}

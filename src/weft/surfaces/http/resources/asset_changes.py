"""What people decide about assets: roll back, accept as it is, make now, add and remove keys of dynamic partitions."""

from __future__ import annotations

from typing import Annotated

import msgspec

from weft.service import views
from weft.service.asset import asset_views, correcting, partition_keys, rollback_preview
from weft.service.execution import views as execution_views
from weft.surfaces.http import routing
from weft.surfaces.http.call import Answer, Call
from weft.surfaces.http.resources.assets import Chosen
from weft.surfaces.http.resources.plans import Concurrency, Priority

routes = routing.Routes(tag="assets")

Note = Annotated[str, msgspec.Meta(max_length=2000)]


class Corrections(views.View, frozen=True, kw_only=True):
    """What was decided, one line for each partition."""

    items: list[correcting.Correction]


class Rollback(routing.Body, frozen=True, kw_only=True):
    """To which version: `v123`, or `previous`, for each partition the one before the current."""

    to: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] = "previous"
    partitions: Chosen = None
    note: Note = ""


@routes.post(
    "/assets/{key:path}/rollback", scope="assets.rollback", role="editor", body=Rollback, answer=Corrections,
    summary="Point an asset to an earlier version",
)  # fmt: skip
def rollback(call: Call, key: str, body: Rollback) -> Answer:
    """Move the pointer of some partitions; what is made from them becomes stale."""
    with call.world() as world:
        asset = asset_views.found(world, key)
        done = correcting.rollback(world, asset.key, body.partitions, body.to, note=body.note)
    return Answer(Corrections(items=done), target=f"asset:{asset.key}", detail=msgspec.structs.asdict(body))


@routes.post(
    "/assets/{key:path}/rollback/preview", scope="assets.read", role="viewer", body=Rollback,
    answer=rollback_preview.RollbackPreview, audited=False, summary="Look at what a rollback would do",
)  # fmt: skip
def preview_rollback(call: Call, key: str, body: Rollback) -> rollback_preview.RollbackPreview:
    """Which pointers would move, and how many partitions of what is below become stale by that. Nothing changes."""
    with call.world() as world:
        asset = asset_views.found(world, key)
        return rollback_preview.preview(world, asset.key, body.partitions, body.to)


class Accept(routing.Body, frozen=True, kw_only=True):
    """Why some partitions are fine as they are."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    partitions: Chosen = None


@routes.post(
    "/assets/{key:path}/accept", scope="assets.accept", role="editor", body=Accept, answer=Corrections,
    summary="Take an asset as it is",
)  # fmt: skip
def accept(call: Call, key: str, body: Accept) -> Answer:
    """Accept what speaks against some partitions now; only later changes make them stale again."""
    with call.world() as world:
        asset = asset_views.found(world, key)
        done = correcting.accept(
            world, asset_views.selection_of(asset.key), body.partitions, reason=body.reason, by=call.principal.name
        )
    return Answer(Corrections(items=done), target=f"asset:{asset.key}", detail=msgspec.structs.asdict(body))


class Materialize(routing.Body, frozen=True, kw_only=True):
    """Which partitions are made, whatever their state."""

    partitions: Chosen = None
    priority: Priority = 0
    concurrency: Concurrency | None = None


@routes.post(
    "/assets/{key:path}/materialize", scope="plans.apply", body=Materialize, answer=execution_views.ExecutionView,
    status=201, idempotent=True, summary="Make an asset now",
)  # fmt: skip
def materialize(call: Call, key: str, body: Materialize) -> Answer:
    """Make exactly this asset, whatever its state, and nothing above it."""
    from weft.service.execution import executions
    from weft.service.plan import planning

    with call.world() as world:
        asset = asset_views.found(world, key)
        ask = planning.Ask(selection=asset_views.selection_of(asset.key), partitions=body.partitions, exact=True)
        view = executions.create(
            world,
            executions.Wanted(ask=ask, by=call.principal.name, priority=body.priority, concurrency=body.concurrency),
        )
    return Answer(
        view,
        location=f"/executions/{view.id}",
        target=f"execution:{view.id}",
        detail={"asset": asset.key, "partitions": body.partitions},
    )


class Keys(routing.Body, frozen=True, kw_only=True):
    """Keys of dynamic partitions."""

    keys: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=500)]], msgspec.Meta(min_length=1, max_length=1000)
    ]


@routes.post(
    "/partitions/{name}/keys", scope="partitions.change", role="editor", body=Keys, answer=partition_keys.KeysView,
    summary="Add keys to dynamic partitions",
)  # fmt: skip
def add_keys(call: Call, name: str, body: Keys) -> Answer:
    """Add keys; those that are there already stay as they are."""
    with call.world() as world:
        with call.looking_up("name", name):
            partition_keys.check_name(world, name)
        return Answer(
            partition_keys.add(world, name, body.keys), target=f"partitions:{name}", detail={"added": body.keys}
        )


@routes.post(
    "/partitions/{name}/keys/remove", scope="partitions.change", role="editor", body=Keys,
    answer=partition_keys.KeysView, summary="Remove keys of dynamic partitions",
)  # fmt: skip
def remove_keys(call: Call, name: str, body: Keys) -> Answer:
    """Remove keys; what they hold is orphaned, not deleted. Nothing is removed where one of them is unknown."""
    with call.world() as world:
        with call.looking_up("name", name):
            partition_keys.check_name(world, name)
        gone = partition_keys.remove(world, name, body.keys)
    return Answer(gone, target=f"partitions:{name}", detail={"removed": body.keys})

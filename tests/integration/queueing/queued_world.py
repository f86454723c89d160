"""A world without user code, as a server has it: pipelines, a ledger, a clock."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from weft.define import bodies
from weft.model import control_events, events, graph, pipelines, policies
from weft.ports import ledger as ledgers
from weft.runtime import owners
from weft.service import world as worlds
from weft.service.pipeline import pipelines as verbs
from weft.service.queue import queueing
from weft.stores import sqlite

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)


class Ticking:
    """A clock that goes on by a millisecond whenever it is read."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at

    def monotonic(self) -> float:
        return self.now().timestamp()


def pipeline(name: str, **given: Any) -> pipelines.Pipeline:
    pools = given.pop("pools", ())
    step = pipelines.TaskStep(key=f"{name}:work", task="work", policies=policies.Policies(pools=pools))
    return pipelines.Pipeline(name=name, kind=given.pop("kind", "dag"), steps={step.key: step}, **given)


def world_of(
    defined: Iterable[pipelines.Pipeline],
    *,
    queue: Mapping[str, Any] | None = None,
    pools: Mapping[str, int] | None = None,
    ledger: ledgers.Ledger | None = None,
    locations: Mapping[str, str] | None = None,
) -> worlds.World:
    def refused(*_: object) -> NoReturn:
        raise AssertionError("nothing runs here")

    clock = Ticking()
    return worlds.World(
        definitions=bodies.BuiltDefinitions(
            graph=graph.Graph(assets={}, steps={}, checks={}, pipelines={each.name: each for each in defined}),
            bodies={},
            manifests={},
        ),
        ledger=ledger or sqlite.SqliteLedger(clock=clock),
        clock=clock,
        make_executor=refused,
        renew=refused,
        sources_of=refused,
        user="ann",
        settings=worlds.Settings(queue=queue or {}, pools=pools or {}),
        locations=locations or {},
    )


def asked(world: worlds.World, name: str, **given: Any) -> ledgers.RunRow:
    return queueing.request_run(world, verbs.Wanted(pipeline=name, **given))


def began(world: worlds.World, row: ledgers.RunRow, *, alive: bool = True) -> ledgers.RunRow:
    """Let a run be driven by a process that lives, or by one that died."""
    me, parent = owners.myself(), os.getppid()
    started = owners._started(parent) or 0
    owner = owners.Owner(host=me.host, boot=me.boot, pid=parent if alive else 2**22 + 1, started=started)
    with world.ledger.transaction() as transaction:
        expires = int((NOW + timedelta(days=1)).timestamp() * 1e6)
        transaction.set_lease(ledgers.LeaseRow(run=row.id, epoch=1, owner=owner.encode(), expires=expires))
        transaction.append([events.RunStarted(run=row.id, epoch=1, owner=str(owner))])
    return row


def ended(world: worlds.World, row: ledgers.RunRow) -> None:
    with world.ledger.transaction() as transaction:
        transaction.append([events.RunFinished(run=row.id, outcome="succeeded")])
        transaction.release(row.id)


def schema(**properties: Any) -> str:
    required = [name for name, each in properties.items() if "default" not in each]
    return json.dumps({"type": "object", "properties": properties, "required": required, "additionalProperties": False})


def paused(world: worlds.World, execution: str) -> None:
    world.ledger.append(
        [
            control_events.ExecutionCreated(execution=execution, kind="backfill", total=3),
            control_events.ExecutionPaused(execution=execution),
        ]
    )

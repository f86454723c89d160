"""The answer to what is going on: what is wrong by root cause, what runs and waits, what comes, who is needed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from weft.planner import troubles as planner_troubles
from weft.service import views
from weft.service import world as worlds
from weft.service.now import asked, counting, going_on, memory, repairs, troubles, words
from weft.service.server import standings

_BROKEN = frozenset({"failed", "rejected", "run_failed", "location_failed"})


def now(world: worlds.World, known: standings.Standings, remembered: memory.Memory, moment: datetime) -> words.NowView:
    """What is wrong, what runs, what waits, what comes next, and what needs a person."""
    ledger = world.ledger
    overdue = asked.by_schedules(world, known, moment)
    statuses, found = known.troubles(world, moment, overdue)
    health = going_on.health(world, moment)
    ticks = going_on.upcoming(world, remembered, moment)
    telling = troubles.Telling(
        world=world,
        statuses=statuses,
        memory=remembered,
        now=moment,
        seconds=remembered.of("seconds", int(moment.timestamp()) // 30, lambda: repairs.seconds_of(ledger)),
        next_at=going_on.next_at(ticks),
        incidents=troubles.Telling.incidents_of(ledger),
    )
    # what no asset tells of comes first: there are few of these, and one of them may be why the rest is wrong
    elsewhere = troubles.of_locations(telling) + troubles.of_runs(telling, _intervals(world, found))
    told = [troubles.told(telling, each) for each in found.all[: troubles.MOST_SHOWN]]
    shown = sorted(elsewhere + told, key=lambda each: _ORDER.index(each.kind))[: troubles.MOST_SHOWN]
    running = going_on.running(world, moment)
    queue = going_on.waiting(world)
    people = going_on.people(ledger)
    counts = counting.counted(remembered, world, statuses)
    kinds = [each.kind for each in elsewhere] + [each.kind for each in found.all]
    live = ledger.live_counts()
    in_queue = sum(count for (phase, pool), count in live.items() if phase == "created" and pool)
    return words.NowView(
        at=views.time_of(moment),
        position=ledger.position(),
        counts=words.NowCounts(
            broken=sum(kind in _BROKEN for kind in kinds),
            late=kinds.count("late"),
            stale=kinds.count("stale"),
            hit_assets=sum(len(world.planned.steps[step].outputs) for step in found.hit),
            hit_partitions=sum(map(len, found.hit.values())),
            due_soon=counts.due_soon,
            fresh=counts.partitions["fresh"],
            running=counts.partitions["running"],
            never_made=counts.partitions["missing"] - sum(map(len, overdue.values())),
            assets=counts.of_assets,
            pipelines=counts.of_pipelines,
        ),
        troubles=shown,
        running=running,
        waiting=queue,
        next=going_on.next_ones(world, ticks, _troubled(found), health.schedulers),
        people=people,
        health=health,
        totals={
            "troubles": len(kinds),
            "running": max(len(running), sum(count for (phase, _), count in live.items() if phase != "created")),
            "waiting": max(len(queue), in_queue),
            "people": len(people),
        },
    )  # fmt: skip


_ORDER = ("location_failed", "failed", "rejected", "run_failed", "late", "stale")


def _intervals(world: worlds.World, found: planner_troubles.Troubles) -> Mapping[str, frozenset[str]]:
    """The failed intervals of pipelines that are told of already."""
    told: dict[str, frozenset[str]] = {}
    for each in found.all:
        if each.kind == "failed" and each.root in world.graph.pipelines and each.root not in world.graph.assets:
            definition = world.graph.pipelines[each.root].partitions
            keys_of = definition.keys(each.ordinals) if definition is not None else [""]
            told[each.root] = frozenset(keys_of)
    return told


def _troubled(found: planner_troubles.Troubles) -> dict[str, list[str]]:
    """The troubles by the assets and pipelines that they began in, or hit; those that hold something back."""
    troubled: dict[str, list[str]] = {}
    for each in found.all:
        if each.kind in ("failed", "rejected") and each.hits is not None:
            for name in dict.fromkeys((each.root, *(hit.asset for hit in each.hits or ()))):
                troubled.setdefault(name, []).append(each.id)
    return troubled

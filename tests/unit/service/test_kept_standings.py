"""Working out again only what something happened to gives what working out everything gives."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.planner import strategies, test_oracle, world

from weft.define import bodies
from weft.model import events, keys, partition_set, partitions, stored
from weft.model import graph as graphs
from weft.ports import clock as clocks
from weft.service import world as worlds
from weft.service.now import counting, memory
from weft.service.plan import planning
from weft.service.server import kept_columns, standings
from weft.stores import sqlite

NUMBERS = itertools.count()


def of(played: world.World, kept: standings.Standings | None) -> worlds.World:
    played.flush()
    return worlds.World(
        definitions=bodies.BuiltDefinitions(graph=played.graph, bodies={}, manifests={}),
        ledger=played.ledger,
        clock=played.clock,
        make_executor=lambda *given: None,  # type: ignore[arg-type]
        renew=played.ledger.renew_lease,
        sources_of=lambda manifest: {},
        kept=kept,
    )


def reserve(player: strategies.Player) -> None:
    """Let a live run make something, or end."""
    played, dice = player.world, player.dice
    with played.ledger.transaction() as transaction:
        if dice.chance(100):
            for run in {run for run, *_ in played.ledger.all_reservations()}:
                transaction.release(run)
        elif found := player.partition():
            outputs, key = played.desired.makers[found[0]].outputs, found[1]
            run = f"live {next(NUMBERS):06}"
            for asset in outputs:
                divided = played.graph.assets[asset].partitions
                ordinal = divided.ordinal(key) if divided is not None and key is not None else 0
                mark = divided.fingerprint if divided is not None else ""
                transaction.reserve(run, asset, mark, partition_set.PartitionSet.range(ordinal, ordinal + 1))


def check_plan(played: world.World, kept: standings.Standings, ask: planning.Ask) -> None:
    assert planning.make_plan(of(played, kept), ask) == planning.make_plan(of(played, None), ask)


def check(played: world.World, kept: standings.Standings, assets: Sequence[keys.AssetKey], told: Any) -> None:
    now = played.now
    expected = planning.statuses(of(played, None), assets, now=now)
    found = kept.several(of(played, kept), assets, now)
    assert list(found) == list(expected)
    for asset, status in expected.items():
        assert found[asset] == status, f"{told}\nfound    {found[asset]}\nexpected {status}{played}"


def check_what_is_wrong(played: world.World, kept: standings.Standings, remembered: memory.Memory) -> None:
    """What is wrong and the counts, kept up to date without causes, are what a first look gives."""
    now, first = played.now, standings.Standings()
    statuses, wrong = kept.troubles(of(played, kept), now, {})
    expected_statuses, expected = first.troubles(of(played, first), now, {})
    assert statuses == expected_statuses
    assert wrong == expected, str(played)
    counts = counting.counted(remembered, of(played, kept), statuses)
    anew = counting.counted(memory.Memory(), of(played, kept), statuses)
    assert (counts.of_assets, counts.of_pipelines, +counts.partitions, counts.due_soon) == (
        anew.of_assets, anew.of_pipelines, +anew.partitions, anew.due_soon,
    )  # fmt: skip


def check_causes(played: world.World, kept: standings.Standings) -> None:
    every = list(played.graph.assets)
    for asset, status in planning.statuses(of(played, None), every, now=played.now).items():
        assert kept.explained(of(played, kept), asset, played.now) == status, str(played)


@test_oracle.quick(120)
@given(content=st.binary(min_size=100, max_size=600))
def test_what_is_kept_is_what_is_found_from_scratch(content: bytes) -> None:
    dice = strategies.Dice(content)
    desired = strategies.draw_desired(dice, 8)
    player = strategies.Player(dice, world.World(desired, strategies.MOMENTS[dice.below(4)]))
    # little memory at times, so that columns are dropped and read again
    kept = standings.Standings(kept_columns.KeptColumns(dice.one((2**20, 2**20, 4_000))))
    remembered = memory.Memory()
    if not dice.chance(60):
        player.build()
    some = dice.some(list(player.world.graph.assets)) or list(player.world.graph.assets)
    for number in range(25):
        if dice.used_up:
            break
        for _ in range(1 + dice.below(3)):
            reserve(player) if dice.chance(40) else player.step()
        player.world.flush()
        check(player.world, kept, list(player.world.graph.assets), number)
        if dice.chance(100):
            check(player.world, kept, some, number)
        check_what_is_wrong(player.world, kept, remembered)
        if dice.chance(60):
            check_causes(player.world, kept)
        if dice.chance(100):
            check_plan(player.world, kept, planning.Ask(only_failed=dice.chance(60)))


def test_threads_that_ask_while_something_is_made_all_end_up_with_what_is_so(tmp_path: Path) -> None:
    count, moments = 60, 40
    steps = {
        f"a{n}": graphs.Step(
            key=f"a{n}",
            outputs=(f"a{n}",),
            code="c",
            dependencies=(graphs.Dependency(asset=f"a{n // 2}", mapping=partitions.IdentityMapping()),) if n else (),
        )
        for n in range(count)
    }
    defined = graphs.Graph(assets={key: graphs.Asset(key=key, step=key) for key in steps}, steps=steps)
    kept, problems = standings.Standings(), list[BaseException]()
    writer = sqlite.SqliteLedger(tmp_path / "ledger.db")
    ended = threading.Event()

    def world_on(ledger: sqlite.SqliteLedger, keeper: standings.Standings | None) -> worlds.World:
        return worlds.World(
            definitions=bodies.BuiltDefinitions(graph=defined, bodies={}, manifests={}),
            ledger=ledger,
            clock=clocks.SystemClock(),
            make_executor=lambda *given: None,  # type: ignore[arg-type]
            renew=ledger.renew_lease,
            sources_of=lambda manifest: {},
            kept=keeper,
        )

    def ask() -> None:
        ledger = sqlite.SqliteLedger(tmp_path / "ledger.db")
        try:
            asked = world_on(ledger, kept)
            while not ended.is_set():
                assert len(kept.all(asked, asked.clock.now())) == count
                kept.of(asked, f"a{count - 1}", asked.clock.now())
                planning.make_plan(asked, planning.Ask())
        except BaseException as error:
            problems.append(error)
        finally:
            ledger.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for each in threads:
        each.start()
    value = stored.StoredValue(format="none", data_version="t:1")
    for moment in range(moments):
        keys_made = [f"a{(7 * moment + n) % count}" for n in range(5)]
        writer.append(
            [
                events.StepSucceeded(
                    run=f"r{moment}", step=key, outputs=(events.Materialization(asset=key, value=value, code="c"),)
                )
                for key in keys_made
            ]
        )
    ended.set()
    for each in threads:
        each.join(30)
    assert not problems
    now = clocks.SystemClock().now()
    every = list(defined.assets)
    assert kept.several(world_on(writer, kept), every, now) == planning.statuses(world_on(writer, None), every, now=now)
    writer.close()

"""Worlds for the threads of a server, on what hosts recorded."""

from __future__ import annotations

import threading
import time
from concurrent import futures

import pytest

from weft import wiring
from weft.model import control_events, errors
from weft.service.plan import planning
from weft.service.server import locations

TEXT = """
from weft import DailyPartitions, DynamicPartitions, asset, dag, task

@asset
def a():
    return 1

@asset
def b(a):
    return a

@task
def hello():
    return 1

@dag
def greeting():
    hello()
"""


def record(site, location: str = "main") -> None:
    world = wiring.open_world(site.place)
    try:
        locations.record_loaded(world, location, source="here", root=world.root)
    finally:
        world.ledger.close()


@pytest.fixture
def site(make_site):
    made = make_site({"weft.toml": 'definitions = "defs.py"\n', "defs.py": TEXT})
    record(made)
    return made


def test_a_world_has_the_graph_that_was_loaded_and_no_code(site):
    own = wiring.open_world(site.place)
    with site.serving.world("ann") as world:
        assert list(world.graph.assets) == list(own.graph.assets)
        assert dict(world.graph.steps).keys() == own.graph.steps.keys()
        assert world.locations == {"asset:a": "main", "asset:b": "main", "pipeline:greeting": "main"}
        assert world.user == "ann"
        assert set(world.definitions.manifests) == set(own.definitions.manifests)
        for digest, manifest in own.definitions.manifests.items():
            assert world.definitions.manifests[digest] == manifest
            assert world.sources_of(manifest) == own.sources_of(manifest)
        with pytest.raises(errors.UsageError, match="runs no code"):
            world.make_executor("inline", None, None)
    own.ledger.close()


def test_a_server_plans_as_the_command_line_does(site):
    own = wiring.open_world(site.place)
    now = own.clock.now()
    with site.serving.world() as world:
        here, there = (planning.statuses(each, ["a", "b"], now=now) for each in (world, own))
    assert {key: list(each.by_status) for key, each in here.items()} == {
        key: list(each.by_status) for key, each in there.items()
    }
    own.ledger.close()


def test_loading_the_same_again_is_no_event_and_a_move_within_the_file_no_version(site):
    with site.serving.ledger() as ledger:
        before = ledger.position()
        record(site)
        assert ledger.position() == before
        (site.root / "defs.py").write_text("# moved down\n\n" + TEXT)
        record(site)
        loaded = [each for _, _, each in ledger.events(after=before)]
    (event,) = [each for each in loaded if isinstance(each, control_events.LocationLoaded)]
    assert event.changed == {}


def test_what_is_loaded_is_seen_by_the_next_world_and_not_by_one_in_use(site):
    with site.serving.world() as world:
        (site.root / "defs.py").write_text(TEXT.replace("def a()", "def z()").replace("def b(a)", "def b(z)"))
        record(site)
        assert "a" in world.graph.assets
    with site.serving.world() as world:
        assert sorted(world.graph.assets) == ["b", "z"]


def test_keys_of_dynamic_partitions_are_those_of_the_moment(site):
    text = "from weft import DynamicPartitions, asset\n\n"
    text += '@asset(partitions=DynamicPartitions("days"))\ndef c():\n    return 1\n'
    (site.root / "defs.py").write_text(text)
    record(site)
    from weft.model import events

    for known in (["x"], ["x", "y"]):
        with site.serving.ledger() as ledger:
            ledger.append([events.PartitionsAdded(name="days", keys=(known[-1],))])
        with site.serving.world() as world:
            partitions = world.graph.assets["c"].partitions
            assert partitions is not None
            assert [partitions.find(each) is not None for each in ("x", "y")] == ["x" in known, "y" in known]


def test_threads_have_connections_of_their_own_and_no_more_than_the_bound(site):
    serving = wiring.open_serving(site.place)
    opened = []
    own = serving._open

    def counted():
        opened.append(1)
        return own()

    serving._open = counted
    seen: set[int] = set()
    lock = threading.Lock()
    in_use: set[int] = set()

    def use(number: int) -> int:
        with serving.world() as world:
            with lock:
                assert id(world.ledger) not in in_use
                in_use.add(id(world.ledger))
                seen.add(id(world.ledger))
            found = world.ledger.position()
            with lock:
                in_use.discard(id(world.ledger))
            return found

    with futures.ThreadPoolExecutor(20) as pool:
        assert len(set(pool.map(use, range(300)))) == 1
    assert len(opened) <= 8
    serving.close()
    with pytest.raises(errors.LedgerError, match="ending"), serving.world():
        pass


def test_a_world_of_a_large_project_costs_next_to_nothing_until_a_location_changes(site):
    text = "from weft import asset\n\ndef make(n):\n    @asset(name=f'a{n}')\n"
    text += "    def one():\n        return n\n    return one\n"
    text += "for n in range(2000):\n    globals()[f'a{n}'] = make(n)\n"
    (site.root / "defs.py").write_text(text)
    record(site)
    begun = time.perf_counter()
    with site.serving.world() as world:
        assert len(world.graph.assets) == 2000
    first = time.perf_counter() - begun
    later = []
    for _ in range(100):
        begun = time.perf_counter()
        with site.serving.world():
            pass
        later.append(time.perf_counter() - begun)
    assert min(later) < first / 5

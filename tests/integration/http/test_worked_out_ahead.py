"""What is going on is worked out beside a server before anybody asks, and again once definitions change."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from tests.integration.http import servers

from weft import wiring
from weft.service.now import memory, warming
from weft.service.server import locations, serving


def record(place: wiring.Place, folder: Path) -> None:
    world = wiring.open_world(place)
    locations.record_loaded(world, "main", source="shop.py", root=folder)
    world.ledger.close()


def wait_until_worked_out(warm: warming.Warming, serve: serving.Serving) -> int:
    """Wait until it is worked out for the definitions in force; how many assets are known to stand somewhere."""
    with serve.ledger() as ledger:
        mark = ledger.locations_mark()
    until = time.monotonic() + servers.PATIENCE
    while warm.worked_out != mark:
        assert time.monotonic() < until, f"worked out for {warm.worked_out}, in force are {mark}"
        time.sleep(0.02)
    with serve.world() as world:
        return len(serve.standings.all(world, serve.clock.now()))


def test_what_is_going_on_is_worked_out_at_the_start_and_once_definitions_change(tmp_path: Path) -> None:
    place = servers.project(tmp_path)
    record(place, tmp_path)
    serve = wiring.open_serving(place)
    warm = warming.Warming(serve, memory.Memory())
    warm.start()
    try:
        before = wait_until_worked_out(warm, serve)
        servers.project(tmp_path, definitions=f"{servers.DEFINITIONS}\n@asset\ndef more() -> int:\n    return 1\n")
        record(place, tmp_path)
        assert wait_until_worked_out(warm, serve) == before + 1
    finally:
        warm.stop()
        serve.close()


def test_it_ends_when_it_is_told_to(tmp_path: Path) -> None:
    serve = wiring.open_serving(servers.project(tmp_path))
    warm = warming.Warming(serve, memory.Memory())
    before = set(threading.enumerate())
    warm.start()
    assert len(set(threading.enumerate()) - before) == 1
    warm.stop()
    assert set(threading.enumerate()) <= before
    serve.close()

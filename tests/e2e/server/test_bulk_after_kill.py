"""All runs that match are cancelled, though the server is killed in the midst: the next one goes on by itself."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from dev_server import dev, project, until

from weft import wiring
from weft.model import events
from weft.service.server import locations

SOURCE = """
from weft import dag, task

@task
def load() -> int:
    return 1

@dag
def nightly():
    load()
"""
COUNT = 1500


@pytest.mark.slow
def test_a_bulk_action_goes_on_with_the_next_server_and_asks_each_run_once(tmp_path: Path) -> None:
    folder = project(tmp_path, SOURCE)
    world = wiring.open_world(wiring.Place(start=folder))
    locations.record_loaded(world, "main", source="definitions.py", root=folder)
    world.ledger.append(
        [
            events.RunCreated(run=f"r{number:04d}", execution="", pipeline="nightly", pool="default")
            for number in range(COUNT)
        ]
    )
    with dev(folder, command="server") as server:
        asked = {"action": "cancel", "filters": {"pipeline": "nightly"}}
        operation = server.post("/runs/bulk", asked, status=202)["operation"]
        until(lambda: bool((server.get(f"/operations/{operation}")["answer"] or {}).get("done")), "nothing begins")
        server.kill_all()
    with dev(folder, command="server") as server:
        until(lambda: server.get(f"/operations/{operation}")["state"] == "finished", "it does not go on")
        told = server.get(f"/operations/{operation}")
    assert (told["outcome"], told["answer"]["done"], told["answer"]["failed"]) == ("succeeded", COUNT, [])
    requests = Counter(
        event.run for _, _, event in world.ledger.events() if isinstance(event, events.RunCancelRequested)
    )
    assert requests == {f"r{number:04d}": 1 for number in range(COUNT)}
    world.ledger.close()

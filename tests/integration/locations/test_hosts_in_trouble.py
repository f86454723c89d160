"""Hosts on a bad day: an import that never ends, a full disk; what runs goes on, and it is told what is wrong."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from weft import wiring
from weft.service.server import location_views
from weft.surfaces.processes import supervisor as supervisors

GOOD = "from weft import dag, task\n\n@task\ndef work():\n    return 1\n\n@dag\ndef working():\n    work()\n"
HANGING = "import time\n\ntime.sleep(10_000)\n"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MB, mounted where the test has its files."""
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(tmp_path)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("this user may not mount")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def fill(ballast: Path) -> None:
    """Take all the space that there is."""
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def test_an_import_that_hangs_is_told_with_its_line_and_an_edit_ends_it(make_site, capfd):
    site = make_site({"weft.toml": 'definitions = "defs.py"\n', "defs.py": GOOD})
    supervisor = site.start(watch=False, slow_after=0.5)
    site.until(lambda: "main" in supervisor.hosts() and not site.row("main").problems)
    first = supervisor.hosts()["main"]
    (site.root / "defs.py").write_text(HANGING)
    supervisor.reload("main")
    site.until(lambda: bool(site.row("main").problems))
    (problem,) = site.row("main").problems
    assert "has been loading for" in problem.message
    site.until(lambda: "defs.py" in capfd.readouterr().err)
    assert supervisor.hosts()["main"] == first
    assert site.until_finished(site.request("working")).outcome == "succeeded"
    (site.root / "defs.py").write_text(GOOD)
    supervisor.reload("main")
    site.until(lambda: not site.row("main").problems)
    assert supervisor.wait_until_reloaded("main", 2, 60)
    assert supervisor.hosts()["main"] != first


def test_a_first_import_that_hangs_keeps_no_other_location_waiting(make_site):
    settings = '[locations.left]\ndefinitions = "left.py"\n[locations.right]\ndefinitions = "right.py"\n'
    site = make_site({"weft.toml": settings, "left.py": HANGING, "right.py": GOOD})
    site.start(watch=False, slow_after=0.5)
    assert site.row("left").problems
    assert site.until_finished(site.request("working")).outcome == "succeeded"


def test_on_a_full_disk_code_that_cannot_be_loaded_ends_no_host_and_is_recorded_later(small_disk, make_site):
    site = make_site({"weft.toml": 'definitions = "defs.py"\n', "defs.py": GOOD})
    supervisor = site.start(watch=False)
    first = supervisor.hosts()["main"]
    (site.root / "defs.py").write_text("this is no Python\n")
    ballast = small_disk / "ballast"
    fill(ballast)
    supervisor.reload("main")
    site.until(lambda: any("cannot be imported" in line for line in site.lines))
    site.until(lambda: any("is full" in line for line in site.lines))
    assert supervisor.failed is None
    assert supervisor.hosts()["main"] == first
    assert not site.row("main").problems
    ballast.unlink()
    site.until(lambda: bool(site.row("main").problems))
    assert site.until_finished(site.request("working")).outcome == "succeeded"


@pytest.mark.slow
def test_a_run_goes_on_when_there_is_room_again_however_often_the_full_disk_stopped_it(
    small_disk, tmp_path_factory, make_site, capfd
):
    here = tmp_path_factory.mktemp("elsewhere")
    text = f"""
import time
from pathlib import Path
from weft import dag, task

HERE = Path({str(here)!r})

@task
def first():
    (HERE / "began").touch()
    while not (HERE / "go").exists():
        time.sleep(0.01)
    return list(range(200))

@task
def each(n):
    return n

@dag
def working():
    each.expand(n=first())
"""
    site = make_site({"weft.toml": 'definitions = "defs.py"\n', "defs.py": text})
    site.start(watch=False)
    run = site.request("working")
    site.until(lambda: (here / "began").exists())
    ballast = small_disk / "ballast"
    fill(ballast)
    (here / "go").touch()
    told = ""
    until = time.monotonic() + 120
    while told.count(f"run {run}") < 4:  # one that dies so often is given up
        assert time.monotonic() < until, told
        told += capfd.readouterr().err
        time.sleep(0.05)
    assert "is full" in told
    ballast.unlink()
    assert site.until_finished(run, 120).outcome == "succeeded"


def test_a_second_server_of_other_definitions_takes_none_away_from_the_first(make_site):
    site = make_site({"weft.toml": '[locations.left]\ndefinitions = "left.py"\n', "left.py": GOOD})
    site.start(watch=False)
    site.until(lambda: any(each.alive for each in workers(site)))
    (site.root / "other.py").write_text(GOOD.replace("work", "other"))
    place = wiring.Place(start=site.root, file=str(site.root / "other.py"))
    lines: list[str] = []
    serving = wiring.open_serving(place)
    second = supervisors.Supervisor(place, serving, supervisors.Options(watch=False), tell=lines.append)
    second.start()
    try:
        assert second.wait_until_settled(60)
        assert any("left: not configured here" in line for line in lines)
        assert not site.row("left").removed
        assert site.until_finished(site.request("working")).outcome == "succeeded"
    finally:
        second.stop(0.0)
        serving.close()


def workers(site) -> list[location_views.WorkerView]:
    with site.serving.ledger() as ledger:
        return list(location_views.workers(ledger, site.serving.clock))

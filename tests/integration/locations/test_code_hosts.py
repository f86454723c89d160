"""Hosts of code locations: loading, reloading, failing alone, runs driven by runners, and what dies is replaced."""

from __future__ import annotations

import os
import signal
import sysconfig
import time
from pathlib import Path

import pytest
from tests import living

import weft
from weft.model import events

ONE = 'definitions = "defs.py"\n'
TWO = '[locations.left]\ndefinitions = "left.py"\n[locations.right]\ndefinitions = "right.py"\n'


def defs(name: str, body: str = "    return 1") -> str:
    head = "from weft import asset, dag, task\n\n"
    return f"{head}@task\ndef step_{name}():\n{body}\n\n@dag\ndef {name}():\n    step_{name}()\n"


def test_a_run_that_is_requested_is_driven_by_a_runner(make_site):
    site = make_site({"weft.toml": ONE, "defs.py": defs("one")})
    site.start(watch=False)
    row = site.until_finished(site.request("one"))
    assert (row.outcome, row.location, row.pool) == ("succeeded", "main", "default")


def test_an_edit_is_loaded_within_a_second_and_new_runs_have_the_new_code(make_site):
    site = make_site({"weft.toml": ONE, "defs.py": defs("one")})
    supervisor = site.start()
    assert supervisor._watcher is not None
    assert supervisor._watcher.watching.wait(60)
    took: list[float] = []
    while not took or min(took) > 1.0:  # at the first edit, where the machine has nothing else to do
        assert len(took) < 20, took
        before = site.row("main").snapshot
        begun = time.monotonic()
        (site.root / "defs.py").write_text(defs("one", f"    return {len(took)} + 1"))
        site.until(lambda before=before: site.row("main").snapshot != before)
        took.append(time.monotonic() - begun)
        assert supervisor.wait_until_reloaded("main", len(took) + 1, 60)
    assert site.until_finished(site.request("one")).outcome == "succeeded"


def test_two_rapid_saves_end_with_the_last_one_in_force(make_site):
    site = make_site({"weft.toml": ONE, "defs.py": defs("one")})
    supervisor = site.start()
    assert supervisor._watcher is not None
    assert supervisor._watcher.watching.wait(60)
    (site.root / "defs.py").write_text(defs("two"))
    (site.root / "defs.py").write_text(defs("three"))

    def pipelines() -> list[str]:
        with site.serving.world() as world:
            return list(world.graph.pipelines)

    site.until(lambda: pipelines() == ["three"])


def test_a_broken_module_keeps_its_last_good_version_and_leaves_the_others_running(make_site):
    site = make_site({"weft.toml": TWO, "left.py": defs("left"), "right.py": defs("right")})
    supervisor = site.start(watch=False)
    good = site.row("left").snapshot
    (site.root / "left.py").write_text("import nowhere_at_all\n")
    supervisor.reload("left")
    site.until(lambda: bool(site.row("left").problems))
    (problem,) = site.row("left").problems
    assert (problem.file, problem.line) == ("left.py", 1)
    assert "nowhere_at_all" in problem.message
    assert site.row("left").snapshot == good
    assert site.until_finished(site.request("right")).outcome == "succeeded"
    (site.root / "left.py").write_text(defs("left"))
    supervisor.reload("left")
    site.until(lambda: not site.row("left").problems)


def test_a_location_that_never_loaded_does_not_keep_the_others_from_it(make_site):
    site = make_site({"weft.toml": TWO, "left.py": "1 / 0\n", "right.py": defs("right")})
    site.start(watch=False)
    assert site.row("left").snapshot == ""
    assert "ZeroDivisionError" in site.row("left").problems[0].message
    assert site.until_finished(site.request("right")).outcome == "succeeded"


def test_what_two_locations_define_is_a_problem_of_the_later_one_until_it_is_gone(make_site):
    site = make_site({"weft.toml": TWO, "left.py": defs("same"), "right.py": defs("same")})
    supervisor = site.start(watch=False)
    rows = {name: site.row(name) for name in ("left", "right")}
    (later,) = [name for name, each in rows.items() if each.problems]
    (first,) = set(rows) - {later}
    assert rows[later].problems[0].code == "defined-elsewhere"
    assert repr(first) in rows[later].problems[0].message
    (site.root / f"{first}.py").write_text(defs("other"))
    supervisor.reload(first)
    site.until(lambda: not site.row(later).problems and site.row(later).snapshot != "")
    with site.serving.world() as world:
        assert world.locations["pipeline:same"] == later


def test_a_location_that_is_configured_while_it_serves_is_taken_up_and_one_that_is_not_goes(make_site):
    site = make_site({"weft.toml": TWO, "left.py": defs("left"), "right.py": defs("right"), "more.py": defs("more")})
    supervisor = site.start()
    assert supervisor._watcher is not None
    assert supervisor._watcher.watching.wait(60)
    changed = TWO.replace("locations.right", "locations.more").replace("right.py", "more.py")
    (site.root / "weft.toml").write_text(changed)
    site.until(lambda: site.row("more") is not None and site.row("more").snapshot != "" and site.row("right").removed)
    with site.serving.world() as world:
        assert sorted(world.graph.pipelines) == ["left", "more"]


def test_a_location_has_its_own_interpreter(make_site, tmp_path: Path):
    environment = tmp_path / "env"
    import venv

    venv.create(environment, with_pip=False, symlinks=True)
    site_packages = next((environment / "lib").glob("python*")) / "site-packages"
    source = Path(weft.__file__).parent.parent
    (site_packages / "own.pth").write_text(f"{source}\n{sysconfig.get_path('purelib')}\n")
    (site_packages / "only_there.py").write_text("VALUE = 7\n")
    toml = '[locations.own]\ndefinitions = "own.py"\npython = "env"\n'
    site = make_site({"weft.toml": toml, "own.py": "import only_there\n" + defs("own", "    return only_there.VALUE")})
    site.start(watch=False)
    assert not site.row("own").problems
    assert site.until_finished(site.request("own")).outcome == "succeeded"
    with site.serving.ledger() as ledger:
        (worker,) = ledger.workers_seen()
    assert str(environment / "bin" / "python").encode() in worker.body


def test_an_interpreter_without_weft_is_a_problem_that_says_so(make_site, tmp_path: Path):
    import venv

    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    toml = '[locations.bare]\ndefinitions = "own.py"\npython = "bare/bin/python"\n'
    site = make_site({"weft.toml": toml, "own.py": defs("own")})
    site.start(watch=False)
    (problem,) = site.row("bare").problems
    assert problem.code == "host-interpreter"
    assert "No module named 'weft'" in problem.message


def test_a_runner_that_is_killed_costs_nothing_but_time(make_site, tmp_path: Path):
    body = f"    import os, time\n    from pathlib import Path\n    log = Path({str(tmp_path)!r}, 'began')\n"
    body += "    first = not log.exists()\n    log.write_text(str(os.getpid()))\n"
    body += "    time.sleep(60 if first else 0)\n    return 1"
    site = make_site({"weft.toml": ONE, "defs.py": defs("one", body)})
    site.start(watch=False)
    run = site.request("one")
    site.until(lambda: (tmp_path / "began").exists() and bool((tmp_path / "began").read_text()))
    with site.serving.ledger() as ledger:
        lease = ledger.lease(run)
    assert lease is not None
    from weft.runtime import owners

    os.kill(owners.decode(lease.owner).pid, signal.SIGKILL)
    row = site.until_finished(run)
    assert row.outcome == "succeeded"
    assert row.epoch == 2
    with site.serving.ledger() as ledger:
        succeeded = [each for _, _, each in ledger.events(run) if isinstance(each, events.StepSucceeded)]
    assert len(succeeded) == 1


def test_a_run_whose_runner_dies_every_time_ends_as_crashed(make_site):
    body = (
        "    import os, signal\n    os.kill(int(os.environ['DRIVER']), signal.SIGKILL)\n    import time; time.sleep(60)"
    )
    text = "import os\nos.environ.setdefault('DRIVER', '0')\n" + defs("one", body)
    text = text.replace(
        "os.environ['DRIVER']", "(open('/proc/%d/stat' % os.getppid()).read().rpartition(')')[2].split()[1])"
    )
    site = make_site({"weft.toml": ONE, "defs.py": text})
    site.start(watch=False)
    row = site.until_finished(site.request("one"))
    assert row.outcome == "crashed"
    assert row.epoch <= 5


def test_a_host_that_is_killed_is_replaced_and_its_run_goes_on(make_site, tmp_path: Path):
    body = f"    import time\n    from pathlib import Path\n    log = Path({str(tmp_path)!r}, 'began')\n"
    body += "    first = not log.exists()\n    log.write_text('x')\n    time.sleep(60 if first else 0)\n    return 1"
    site = make_site({"weft.toml": ONE, "defs.py": defs("one", body)})
    supervisor = site.start(watch=False)
    run = site.request("one")
    site.until(lambda: (tmp_path / "began").exists())
    before = supervisor.hosts()["main"]
    os.kill(before, signal.SIGKILL)
    row = site.until_finished(run)
    assert row.outcome == "succeeded"
    assert supervisor.hosts()["main"] != before


def test_a_run_under_way_ends_on_the_code_that_it_began_with(make_site, tmp_path: Path):
    body = f"    import time\n    from pathlib import Path\n    Path({str(tmp_path)!r}, 'began').write_text('x')\n"
    body += f"    while not Path({str(tmp_path)!r}, 'go').exists():\n        time.sleep(0.01)\n    return 1"
    site = make_site({"weft.toml": ONE, "defs.py": defs("one", body)})
    supervisor = site.start(watch=False)
    run = site.request("one")
    site.until(lambda: (tmp_path / "began").exists())
    old = supervisor.hosts()["main"]
    (site.root / "defs.py").write_text(defs("one", "    return 2"))
    supervisor.reload()
    assert supervisor.wait_until_reloaded("main", 2, 60)
    assert supervisor.hosts()["main"] != old
    assert site.until_finished(site.request("one")).outcome == "succeeded"
    assert site.run(run).phase == "running"
    (tmp_path / "go").write_text("")
    assert site.until_finished(run).outcome == "succeeded"
    assert site.run(run).epoch == 1
    living.wait_until_ended(old)


def test_stopping_lets_runs_end_within_the_grace(make_site, tmp_path: Path):
    body = f"    import time\n    from pathlib import Path\n    Path({str(tmp_path)!r}, 'began').write_text('x')\n"
    body += "    time.sleep(0.5)\n    return 1"
    site = make_site({"weft.toml": ONE, "defs.py": defs("one", body)})
    supervisor = site.start(watch=False)
    run = site.request("one")
    site.until(lambda: (tmp_path / "began").exists())
    supervisor.stop(20.0)
    assert site.run(run).outcome == "succeeded"
    with site.serving.ledger() as ledger:
        assert ledger.workers_seen() == []


@pytest.mark.slow
def test_a_library_that_starts_threads_at_import_is_no_hindrance(make_site):
    text = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n" + defs("one")
    site = make_site({"weft.toml": ONE, "defs.py": text})
    site.start(watch=False)
    assert site.until_finished(site.request("one")).outcome == "succeeded"


def test_a_run_is_driven_within_milliseconds_of_its_creation(make_site):
    site = make_site({"weft.toml": ONE, "defs.py": defs("one")})
    site.start(watch=False)
    site.until_finished(site.request("one"))
    waits = []
    for _ in range(15):
        run = site.request("one")
        site.until_finished(run)
        with site.serving.ledger() as ledger:
            began = [each.started for _, _, each in ledger.events(run) if isinstance(each, events.StepSucceeded)]
            waits.append((began[0] - ledger.runs_with_prefix(run)[0].created) / 1000)
    waits.sort()
    assert waits[len(waits) // 2] < 60, f"{waits} ms; on an idle machine the median is 4 ms"


def test_a_definitions_file_that_goes_away_is_a_problem_and_the_last_version_stays(make_site):
    site = make_site({"weft.toml": ONE, "defs.py": defs("one")})
    supervisor = site.start(watch=False)
    (site.root / "defs.py").unlink()
    supervisor.reload()
    site.until(lambda: bool(site.row("main").problems))
    assert "there is no file" in site.row("main").problems[0].message
    assert site.until_finished(site.request("one")).outcome is not None

from __future__ import annotations

from weft import wiring
from weft.model import events
from weft.service.asset import cleaning
from weft.service.run import history, run_logs


def world_of(project):
    path = project.folder / "definitions.py"
    return wiring.open_world(wiring.Place(start=project.folder, file=str(path)))


def test_a_log_outside_of_the_folder_is_never_read(tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    (tmp_path / "secret").write_text("hidden")
    (logs / "link").symlink_to(tmp_path / "secret")
    for file in ("../secret", "link", str(tmp_path / "secret")):
        told = run_logs.read_segment(logs, events.LogSegment(file=file, start=0, end=6))
        assert "hidden" not in told
        assert "outside" in told


def test_a_log_that_is_gone_is_told_in_its_place(tmp_path):
    told = run_logs.read_segment(tmp_path, events.LogSegment(file="run/worker.log", start=0, end=6))
    assert "cannot be read" in told


def test_output_that_is_no_text_is_shown_as_far_as_it_is(tmp_path):
    (tmp_path / "log").write_bytes(b"ab\xff\xfecd")
    assert run_logs.read_segment(tmp_path, events.LogSegment(file="log", start=1, end=5)) == "b\ufffd\ufffdc"


CHECKED = """
    from pathlib import Path

    @asset
    def number() -> int:
        return int(Path(__file__).with_name("number").read_text())

    @asset_check(asset="number", blocking=True)
    def positive(number: int) -> bool:
        return number > 0
    """


def test_gc_never_removes_what_waits_after_a_failed_check_and_removes_it_once_replaced(weft_project):
    weft_project.define(CHECKED)
    for text in ("1", "-1"):
        (weft_project.folder / "number").write_text(text)
        weft_project.materialize("number")
    world = world_of(weft_project)
    states = [row.state for row in world.ledger.versions("number")]
    assert states == ["rejected", ""]
    assert cleaning.gc(world, keep=1).removed == []

    (weft_project.folder / "number").write_text("2")
    weft_project.materialize("number")
    removed = cleaning.gc(world, keep=1).removed
    assert [len(each.versions) for each in removed] == [2]
    assert [row.current for row in world.ledger.versions("number")] == [True]
    assert world.ledger.verify().passed
    world.ledger.close()


def test_gc_leaves_what_a_live_run_may_be_reading(weft_project):
    weft_project.define("@asset\ndef one() -> int:\n    return 1\n")
    weft_project.materialize("one")
    world = world_of(weft_project)
    world.ledger.append([events.RunCreated(run="live", execution="live"), events.RunStarted(run="live")])
    weft_project.materialize("one")
    assert cleaning.gc(world, keep=1).removed == []
    world.ledger.append([events.RunFinished(run="live", outcome="succeeded")])
    assert len(cleaning.gc(world, keep=1).removed) == 1
    world.ledger.close()


def test_a_run_is_found_by_the_beginning_of_its_id(weft_project):
    weft_project.define("@asset\ndef one() -> int:\n    return 1\n")
    run = weft_project.materialize("one").run
    world = world_of(weft_project)
    assert history.find_run(world.ledger, run[:5]).id == run
    assert history.find_run(world.ledger, "last").id == run
    world.ledger.close()

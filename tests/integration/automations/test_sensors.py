"""Sensors: one host looks at a time, each request starts once, and what it saw is written down with what it starts."""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from weft import AutomationCondition, RunRequest, SkipReason, asset, dag, sensor, task, wiring
from weft.model import errors
from weft.ports import clock as clocks
from weft.service import world as worlds
from weft.service.automation import sensing, sensor_evaluation
from weft.surfaces.processes import looking, runner
from weft.testing.clock import FakeClock

World = Callable[..., worlds.World]


@task
def noop(n: int = 0) -> int:
    return n


@dag(params={"n": 1})
def loading() -> None:
    noop(n="{{ params.n }}")


def finish(watch: sensing.Sensing) -> None:
    """Turn until nothing is under way; waits for answers by their descriptors."""
    wait = watch.turn()
    while watch.filenos():
        select.select(watch.filenos(), [], [], wait)
        wait = watch.turn()


def look(world: worlds.World, name: str = "watching") -> str:
    """One look in this process, written down."""
    definition = sensing.find(world, name)
    now = world.clock.now()
    turn = sensing.begin(world, definition, "test", now)
    assert turn is not None
    answer = sensor_evaluation.evaluate(world, definition.id, cursor=turn.cursor, last_tick=turn.last_tick, now=now)
    return sensing.record(world, turn, answer, now)


def test_a_request_starts_a_run_and_moves_the_cursor_in_one_transaction(world_of: World) -> None:
    @sensor(target="loading")
    def watching(context):
        assert context.cursor is None
        context.cursor = "7"
        yield RunRequest(key="file-7", params={"n": 7}, tags={"file": "7"})

    world = world_of(noop, loading, watching)
    assert look(world) == "started"
    (run,) = world.ledger.runs()
    assert run.trigger == "sensor"
    assert run.automation == "sensor:watching"
    assert run.location == "main"
    assert run.params is not None
    assert b"7" in run.params
    (tick,) = world.ledger.ticks("sensor:watching", limit=10)
    assert (tick.tick, tick.decision, tick.runs) == ("file-7", "started", (run.id,))
    assert world.ledger.automations_seen()["sensor:watching"].cursor == "7"


def test_a_key_that_was_seen_before_starts_nothing_and_is_counted(world_of: World, clock: FakeClock) -> None:
    @sensor(target="loading", every="30s")
    def watching():
        return [RunRequest(key="a"), RunRequest(key="b"), RunRequest(key="a")]

    world = world_of(noop, loading, watching)
    assert look(world) == "started"
    for _ in range(3):
        clock.advance(31)
        assert look(world) == "skipped"
    assert len(world.ledger.runs()) == 2
    state = world.ledger.automation_states()["sensor:watching"]
    assert sensing.memory_of(state).repeated == 10
    assert (state.reason, state.same) == (sensing.SEEN_BEFORE, 2)
    # one decision says that nothing was new, and not one for each look
    assert [each.decision for each in world.ledger.ticks("sensor:watching", limit=10)] == [
        "skipped",
        "started",
        "started",
    ]


def test_the_same_reason_to_skip_is_counted_and_a_new_one_is_logged(world_of: World, clock: FakeClock) -> None:
    reasons = iter(["no file", "no file", "no file", "no network"])

    @sensor(target="loading")
    def watching():
        return SkipReason(next(reasons))

    world = world_of(noop, loading, watching)
    for _ in range(4):
        assert look(world) == "skipped"
        clock.advance(31)
    told = [each.reason for each in world.ledger.ticks("sensor:watching", limit=10)]
    assert told == ["no network", "no file"]
    assert world.ledger.automation_states()["sensor:watching"].same == 0


def test_a_failing_sensor_tells_its_last_lines_once_and_is_looked_at_less_often(
    world_of: World, clock: FakeClock
) -> None:
    @sensor(target="loading", every="10s")
    def watching(context):
        context.cursor = "moved"
        raise ConnectionError("the bucket is gone")

    world = world_of(noop, loading, watching)
    waits = []
    for _ in range(5):
        assert look(world) == "failed"
        due = world.ledger.automation_states()["sensor:watching"].next_due
        assert due is not None
        waits.append((due - clocks.microseconds(clock.now())) / 1e6)
        clock.advance(waits[-1])
    assert waits == [10, 20, 40, 80, 160]
    (tick,) = world.ledger.ticks("sensor:watching", limit=10)
    assert tick.decision == "failed"
    assert tick.reason.endswith("ConnectionError: the bucket is gone")
    assert 'raise ConnectionError("the bucket is gone")' in tick.reason
    assert world.ledger.automations_seen()["sensor:watching"].cursor is None, "a failing look moves no cursor"


def test_only_one_host_looks_at_a_time(world_of: World, clock: FakeClock) -> None:
    @sensor(target="loading", timeout="20s")
    def watching():
        return RunRequest()

    first, second = world_of(noop, loading, watching), world_of(noop, loading, watching)
    definition = sensing.find(first, "watching")
    turn = sensing.begin(first, definition, "one", clock.now())
    assert turn is not None
    assert sensing.begin(second, definition, "two", clock.now()) is None
    clock.advance(46)  # longer than its timeout: the first is taken for dead
    late = sensing.begin(second, definition, "two", clock.now())
    assert late is not None
    answer = sensor_evaluation.Answer(requests=(sensor_evaluation.Request(),))
    assert sensing.record(first, turn, answer, clock.now()) == "dropped"
    assert sensing.record(second, late, answer, clock.now()) == "started"
    assert len(first.ledger.runs()) == 1


def test_what_a_look_saw_is_dropped_when_it_was_paused_or_its_cursor_set_meanwhile(
    world_of: World, clock: FakeClock
) -> None:
    from weft.service.automation import automations

    @sensor(target="loading")
    def watching():
        return RunRequest()

    world = world_of(noop, loading, watching)
    definition = sensing.find(world, "watching")
    answer = sensor_evaluation.Answer(requests=(sensor_evaluation.Request(),))
    turn = sensing.begin(world, definition, "one", clock.now())
    assert turn is not None
    automations.pause(world, "sensor:watching", by="ada")
    assert sensing.record(world, turn, answer, clock.now()) == "dropped"
    assert sensing.begin(world, definition, "one", clock.now()) is None, "a paused sensor is not looked at"
    automations.resume(world, "sensor:watching", by="ada")
    turn = sensing.begin(world, definition, "one", clock.now())
    assert turn is not None
    sensing.set_cursor(world, "watching", "42", by="ada")
    assert sensing.record(world, turn, answer, clock.now()) == "dropped"
    assert world.ledger.automations_seen()["sensor:watching"].cursor == "42"
    assert not world.ledger.runs()


def test_a_wrong_parameter_is_a_failed_decision_and_the_key_may_be_asked_for_again(
    world_of: World, clock: FakeClock
) -> None:
    params = iter([{"n": 1, "nope": 2}, {"n": 1}])

    @sensor(target="loading")
    def watching():
        return RunRequest(key="k", params=next(params))

    world = world_of(noop, loading, watching)
    assert look(world) == "failed"
    assert "nope" in world.ledger.ticks("sensor:watching", limit=1)[0].reason
    clock.advance(31)
    assert look(world) == "started"


def test_assets_are_planned_and_nothing_to_do_is_a_reason(world_of: World, clock: FakeClock) -> None:
    @asset
    def raw() -> int:
        return 1

    @sensor(target=[raw])
    def watching():
        return RunRequest()

    world = world_of(raw, watching)
    assert look(world) == "started"
    (tick,) = world.ledger.ticks("sensor:watching", limit=1)
    (execution,) = tick.executions
    assert world.ledger.live_automation_executions() == {execution}


def test_a_look_runs_in_a_child_that_is_killed_when_it_is_late(world_of: World, clock: FakeClock) -> None:
    @sensor(target="loading", timeout="0.2s")
    def hanging():
        signal.pause()

    @sensor(target="loading")
    def leaving():
        os._exit(3)

    @sensor(target="loading")
    def watching():
        return RunRequest(key=str(os.getpid()))

    world = world_of(noop, loading, hanging, leaving, watching)
    watch = sensing.Sensing(world, "main", holder="test")
    finish(watch)
    states = world.ledger.automation_states()
    assert "0.2 s" in states["sensor:hanging"].reason
    assert "exit status 3" in states["sensor:leaving"].reason
    assert states["sensor:watching"].decision == "started"
    (tick,) = world.ledger.ticks("sensor:watching", limit=5)
    assert tick.tick != str(os.getpid()), "it ran in another process"
    watch.close()


def test_where_a_host_has_threads_a_fresh_process_loads_the_code_and_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "threaded.py").write_text(
        "import threading, os\nfrom weft import *\n\n@task\ndef noop(): ...\n\n@dag\ndef loading():\n    noop()\n\n"
        "@sensor(target='loading')\ndef watching(context):\n    context.cursor = 'seen'\n"
        "    return RunRequest(key=str(os.getpid()))\n"
    )
    (tmp_path / "weft.toml").write_text('definitions = "threaded.py"\n')
    monkeypatch.delenv("WEFT_HOME", raising=False)
    world = wiring.open_world(wiring.Place(start=tmp_path))
    world.locations = {"automation:sensor:watching": "main", "pipeline:loading": "main"}
    ended = threading.Event()
    other = threading.Thread(target=ended.wait)
    other.start()
    try:
        command = looking.command(runner.Where(start=str(tmp_path)))
        watch = sensing.Sensing(world, "main", holder="test", command=command)
        finish(watch)
    finally:
        ended.set()
        other.join()
    (tick,) = world.ledger.ticks("sensor:watching", limit=5)
    assert (tick.decision, world.ledger.automations_seen()["sensor:watching"].cursor) == ("started", "seen")
    watch.close()
    world.ledger.close()


def test_closing_ends_what_is_under_way_and_lets_another_host_look(world_of: World, clock: FakeClock) -> None:
    @sensor(target="loading")
    def hanging():
        signal.pause()

    world = world_of(noop, loading, hanging)
    watch = sensing.Sensing(world, "main", holder="test")
    watch.turn()
    assert len(watch.filenos()) == 1
    watch.close()
    assert sensing.begin(world, sensing.find(world, "hanging"), "other", clock.now()) is not None


def test_a_sensor_paused_in_its_definition_waits_to_be_resumed(world_of: World, clock: FakeClock) -> None:
    from weft.service.automation import automations

    @sensor(target="loading", paused=True)
    def watching():
        return RunRequest()

    world = world_of(noop, loading, watching)
    assert sensing.begin(world, sensing.find(world, "watching"), "one", clock.now()) is None
    automations.resume(world, "sensor:watching", by="ada")
    assert look(world) == "started"


def test_an_unknown_sensor_suggests_a_near_one(world_of: World) -> None:
    @sensor(target="loading")
    def watching(): ...

    with pytest.raises(errors.UsageError, match="watching"):
        sensing.find(world_of(noop, loading, watching), "watchin")


def test_automation_conditions_are_public() -> None:
    assert AutomationCondition.eager().condition.label == "eager"

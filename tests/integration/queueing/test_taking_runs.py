"""Which runs may begin, in which order, and why the others wait."""

from __future__ import annotations

import time
from dataclasses import replace

import msgspec
import pytest
from queued_world import asked, began, ended, paused, pipeline, schema, world_of

from weft.model import errors, events, pipelines
from weft.model import partitions as partitioning
from weft.ports import ledger as ledgers
from weft.ports import locations
from weft.runtime import owners
from weft.service.pipeline import pipelines as verbs
from weft.service.queue import claiming, queueing, waiting
from weft.service.run import history


def names(rows: list[ledgers.RunRow]) -> list[str]:
    return [row.pipeline or "" for row in rows]


def take(world, room=10, **given):
    return queueing.take(world, room=room, **given)


def daily(name):
    return replace(pipeline(name), partitions=partitioning.DailyPartitions(start_date="2024-01-01"))


def kinds(world, row):
    return [each.kind for each in waiting.why_waiting(world, row)]


def test_the_highest_priority_goes_first_and_of_the_same_the_oldest():
    world = world_of(pipeline(name) for name in ("a", "b", "c", "d"))
    for name, priority in (("a", 0), ("b", 5), ("c", 5), ("d", -1)):
        asked(world, name, priority=priority)
    assert names(take(world)) == ["b", "c", "a", "d"]
    assert names(take(world, room=2)) == ["b", "c"]


def test_a_waiting_run_is_moved_by_its_priority_and_one_that_began_is_not():
    world = world_of([pipeline("a"), pipeline("b")])
    first, second = asked(world, "a"), asked(world, "b")
    assert queueing.set_priority(world, second.id, 3).priority == 3
    assert names(take(world)) == ["b", "a"]
    assert waiting.positions(world, [first]) == {first.id: 2}
    began(world, second)
    with pytest.raises(errors.ConflictError, match="it waits no more"):
        queueing.set_priority(world, second.id, 9)


def test_of_one_moment_the_earliest_interval_goes_first():
    world = world_of([daily("a")])
    wanted = [verbs.Wanted(pipeline="a", partition=f"2024-02-{day:02}") for day in (9, 3, 21, 1)]
    with world.ledger.transaction() as transaction:
        transaction.append([queueing.created(world, transaction, each) for each in wanted])
    rows = take(world)
    assert [row.partition for row in rows] == ["2024-02-01", "2024-02-03", "2024-02-09", "2024-02-21"]
    assert list(waiting.positions(world, rows).values()) == [1, 2, 3, 4]


def test_a_wrong_interval_and_wrong_parameters_are_told_together():
    world = world_of([replace(daily("a"), params=schema(factor={"type": "integer"}))])
    with pytest.raises(errors.UsageError) as caught:
        queueing.request_run(world, verbs.Wanted(pipeline="a", partition="2024-13-05", params={"factr": 3}))
    assert "2024-13-05" in caught.value.message
    assert "factr" in caught.value.message


def test_priorities_come_from_the_configuration_by_name_or_tag_unless_one_is_asked_for():
    world = world_of(
        [pipeline("a"), pipeline("b", tags=("urgent", "nightly")), pipeline("c")],
        queue={"priorities": {"a": 7, "tag:urgent": 9, "tag:nightly": -2}},
    )
    assert [asked(world, name).priority for name in ("a", "b", "c")] == [7, 9, 0]
    assert asked(world, "a", priority=1).priority == 1


def test_a_pipeline_at_its_bound_holds_up_none_behind_it():
    world = world_of([pipeline("slow", max_active_runs=1), pipeline("quick")])
    holder = began(world, asked(world, "slow"))
    waits = [asked(world, "slow", priority=9) for _ in range(300)]
    asked(world, "quick")
    assert names(take(world)) == ["quick"]
    (reason, *_) = waiting.why_waiting(world, waits[0])
    assert (reason.kind, reason.holders, reason.used, reason.limit) == ("max_active_runs", (holder.id,), 1, 1)
    ended(world, holder)
    assert names(take(world)) == ["slow", "quick"]


def test_limits_of_tags_and_of_the_whole_hold_over_all_pipelines():
    defined = [pipeline(name, tags=("warehouse",)) for name in ("a", "b")] + [pipeline("c"), pipeline("d")]
    world = world_of(defined, queue={"tag_limits": {"warehouse": 1}, "max_runs": 2})
    for name in ("a", "b", "c", "d"):
        asked(world, name)
    taken = take(world)
    assert names(taken) == ["a", "c"]
    for row in taken:
        began(world, row)
    assert take(world) == []
    left = {row.pipeline: row for row in world.ledger.runs() if row.phase == "created"}
    assert kinds(world, left["b"])[:2] == ["tag_limit", "queue_limit"]
    assert kinds(world, left["d"])[:1] == ["queue_limit"]


def test_the_slots_of_a_work_pool_and_a_pool_that_is_paused():
    world = world_of([pipeline("a")])
    row = ledgers.WorkPoolRow(name="small", type="process", config="{}", slots=1, paused=False, created=0)
    world.ledger.put_work_pool(row)
    first, second = asked(world, "a", pool="small"), asked(world, "a", pool="small")
    assert [each.id for each in take(world)] == [first.id]
    began(world, first)
    assert take(world) == []
    assert kinds(world, second)[0] == "pool_slots"
    ended(world, first)
    world.ledger.put_work_pool(replace(row, paused=True))
    assert take(world) == []
    assert kinds(world, second)[0] == "pool_paused"


def test_what_another_run_makes_waits_for_it():
    asset_schedule = pipelines.Schedule(kind="assets", text="x", assets='"x"')
    world = world_of([pipeline("made", schedule=asset_schedule)])
    first, second = asked(world, "made"), asked(world, "made")
    assert [each.id for each in take(world)] == [first.id]  # not both: they make the same
    assert claiming.claim(world, world.graph.pipelines["made"], first).epoch == 1
    with owners.driving(first.id):
        assert take(world) == []
        (reason, *_) = waiting.why_waiting(world, second)
        assert (reason.kind, reason.holders) == ("reserved", (first.id,))
        with pytest.raises(errors.ReservationError, match="is making made"):
            claiming.claim(world, world.graph.pipelines["made"], second)
    assert second.id in {row.id for row in world.ledger.runs() if row.phase == "created"}


def test_runs_of_a_paused_execution_wait_and_hold_up_nobody():
    world = world_of([pipeline("a"), pipeline("b")])
    paused(world, "ex1")
    held = asked(world, "a", execution="ex1")
    asked(world, "b")
    assert names(take(world)) == ["b"]
    assert kinds(world, held)[0] == "execution_paused"
    with pytest.raises(errors.ReservationError, match="paused"):
        claiming.claim(world, world.graph.pipelines["a"], held)


def test_runs_whose_owner_died_come_first_and_those_that_are_driven_not_at_all():
    world = world_of([pipeline("a"), pipeline("b"), pipeline("c")])
    asked(world, "a", priority=99)
    began(world, asked(world, "b"), alive=False)
    with owners.driving((row := began(world, asked(world, "c"))).id):
        assert names(take(world)) == ["b", "a"]
        assert row.id not in {each.id for each in take(world)}


def test_a_location_takes_its_own_runs_and_those_of_no_location_whose_pipeline_it_has():
    world = world_of([pipeline("a"), pipeline("b")], locations={"pipeline:a": "left", "pipeline:b": "right"})
    asked(world, "a"), asked(world, "b")
    assert names(take(world, location="left")) == ["a"]
    assert names(take(world, location="right")) == ["b"]
    assert names(take(world)) == ["a", "b"]
    world.locations = {}
    asked(world, "b")
    assert names(take(world, location="left")) == ["a", "b"]


def test_a_run_without_a_worker_says_so_and_how_to_get_one():
    world = world_of([pipeline("a")])
    (reason,) = waiting.why_waiting(world, asked(world, "a"))
    assert reason.kind == "no_worker"
    assert "weft dev" in reason.remedy


def test_a_run_that_a_worker_could_take_points_to_what_it_waits_for_and_not_to_a_worker():
    world = world_of([pipeline("a")])
    row = asked(world, "a")
    assert "for a worker" in history.run_view(world.ledger, row).reason
    now = int(time.time() * 1e6)
    world.ledger.put_worker_seen(
        locations.WorkerRow(
            id="w", kind="worker", owner=owners.myself().encode(), started=now, seen=now, body=b'{"location":null}'
        )
    )
    assert (
        history.run_view(world.ledger, row).reason
        == f"waits in the pool default: `weft queue {row.id[:8]}` says for what"
    )


def test_parameters_are_checked_without_user_code_all_problems_at_once():
    params = schema(day={"type": "string", "format": "date"}, top={"type": "integer", "default": 3, "minimum": 1})
    world = world_of([pipeline("a", params=params), pipeline("f", kind="flow", params=params)])
    for name in ("a", "f"):
        with pytest.raises(errors.UsageError) as caught:
            asked(world, name, params={"top": "many", "tpo": 1})
        told = caught.value.message
        assert "no parameter 'tpo'" in told
        assert "'day' is missing" in told
        assert "'top' is 'many': should be integer" in told
        with pytest.raises(errors.UsageError, match="'day' is 'yesterday': should be written as a date"):
            asked(world, name, params={"day": "yesterday"})
        row = asked(world, name, params={"day": "2024-02-29"})
        assert row.params == b'{"day":"2024-02-29","top":3}'
    assert [row.pipeline for row in world.ledger.runs()] == ["f", "a"]


def test_what_is_refused_writes_nothing():
    world = world_of([pipeline("a")])
    with pytest.raises(errors.UsageError, match="There is no work pool"):
        asked(world, "a", pool="nowhere")
    with pytest.raises(errors.UsageError, match="no pipeline"):
        asked(world, "b")
    assert world.ledger.position() == 0


def test_the_answer_to_a_question_lets_a_suspended_run_go_on():
    world = world_of([pipeline("f", kind="flow")])
    row = began(world, asked(world, "f"))
    question = events.InputRequested(run=row.id, key="ok", suspended=True)
    with world.ledger.transaction() as transaction:
        transaction.append([question])
        transaction.release(row.id)
    assert take(world) == []
    world.ledger.append([events.InputGiven(run=row.id, key="ok", value=msgspec.Raw(b"true"), by="ann")])
    assert [each.id for each in take(world)] == [row.id]


def test_of_a_hundred_thousand_that_wait_the_next_are_found_at_once():
    defined = [pipeline(f"p{n}", max_active_runs=1) for n in range(50)] + [pipeline("free", max_active_runs=1000)]
    world = world_of(defined)
    for n in range(50):
        began(world, asked(world, f"p{n}"))
    batch = [
        events.RunCreated(run=f"r{n:06}", execution="", pipeline=f"p{n % 50}", pool="default", steps=1, priority=n % 7)
        for n in range(100_000)
    ]
    world.ledger.append(batch)
    last = asked(world, "free", priority=-5)
    took = []
    for _ in range(5):
        begun = time.thread_time()
        rows = take(world)
        took.append(time.thread_time() - begun)
        assert [row.id for row in rows] == [last.id]
    assert min(took) < 0.2  # about 5 ms, whatever else the machine does


def test_runs_of_assets_wait_and_are_taken_like_others():
    world = world_of([pipeline("a")])
    asked(world, "a")
    plan = events.RunCreated(run="plan1", execution="", plan="abc", pool="default", priority=1)
    world.ledger.append([plan])
    assert [row.plan for row in take(world, location="main")] == ["abc", ""]
    began(world, world.ledger.runs_with_prefix("plan1")[0], alive=False)
    assert [row.id for row in take(world, room=1)] == ["plan1"]

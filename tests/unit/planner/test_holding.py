"""What of an agreed plan still holds: each partition is kept or left out, and what is kept is made from what holds."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from weft.model import graph as graphs
from weft.model import partition_set, partitions, plan
from weft.planner import holding

PartitionSet = partition_set.PartitionSet
NOW = datetime(2024, 1, 20, tzinfo=UTC)
DAYS = partitions.DailyPartitions(start_date="2024-01-01", end_date="2024-01-11")
TEN = PartitionSet.range(0, 10)


def step(name: str, *above: str, code: str = "a") -> graphs.Step:
    reads = tuple(graphs.Dependency(asset=each, mapping=partitions.IdentityMapping()) for each in above)
    return graphs.Step(key=name, outputs=(name,), partitions=DAYS, code=code, dependencies=reads)


def graph(*steps: graphs.Step) -> graphs.Graph:
    assets = {each.key: graphs.Asset(key=each.key, step=each.key, partitions=DAYS) for each in steps}
    return graphs.Graph(assets=assets, steps={each.key: each for each in steps})


def line(name: str, ordinals: PartitionSet, kind: plan.CauseKind = "missing") -> plan.PlanStep:
    return plan.PlanStep(
        step=name, outputs=(name,), ordinals=ordinals, fingerprint=DAYS.fingerprint, partitioned=True,
        status="missing", run_if="always", causes=(plan.Cause(kind=kind, subject=name),),
        estimate_seconds=float(len(ordinals)), code="a",
    )  # fmt: skip


def agreed(name: str, ordinals: PartitionSet, kind: plan.CauseKind = "missing") -> holding.Agreed:
    return holding.Agreed(
        step=name, outputs=(name,), ordinals=ordinals, fingerprint=DAYS.fingerprint, code="a",
        reason=holding.reason_of("always", "recorded", (name,), [(kind, name)]),
    )  # fmt: skip


def made(*lines: plan.PlanStep) -> plan.Plan:
    request = plan.Request(assets=tuple(each.step for each in lines))
    return plan.Plan(request=request, now=NOW, position=9, steps=tuple(each for each in lines if each.ordinals))


NOTHING = holding.Since(inputs={}, outputs={})
CHAIN = graph(step("raw"), step("clean", "raw"), step("sum", "clean"))
ALL = [agreed("raw", TEN), agreed("clean", TEN), agreed("sum", TEN)]


def test_a_plan_that_has_not_moved_holds_as_a_whole() -> None:
    now = made(line("raw", TEN), line("clean", TEN), line("sum", TEN))
    found = holding.still(CHAIN, ALL, now, NOTHING)
    assert (found.steps, found.left_out) == (now.steps, ())


def test_a_partition_made_meanwhile_takes_what_is_made_from_it_along_and_nothing_else() -> None:
    third = PartitionSet.of([3])
    rest = TEN - third
    now = made(line("raw", rest), line("clean", TEN), line("sum", TEN))
    found = holding.still(CHAIN, ALL, now, holding.Since(inputs={"raw": third}, outputs={"raw": third}))
    assert [(each.step, each.ordinals) for each in found.steps] == [("raw", rest), ("clean", rest), ("sum", rest)]
    assert [(each.step, each.why, each.subject) for each in found.left_out] == [
        ("raw", "done", ""), ("clean", "input", "raw"), ("sum", "above", "clean"),
    ]  # fmt: skip
    assert {each.ordinals for each in found.left_out} == {third}
    assert found.steps[0].estimate_seconds == 9.0


def test_other_code_leaves_a_step_out_with_all_below_it() -> None:
    changed = graph(step("raw"), step("clean", "raw", code="b"), step("sum", "clean"))
    now = made(line("raw", TEN), line("clean", TEN), line("sum", TEN))
    found = holding.still(changed, ALL, now, NOTHING)
    assert [each.step for each in found.steps] == ["raw"]
    assert [(each.step, each.why) for each in found.left_out] == [("clean", "code"), ("sum", "above")]


def test_a_step_that_is_gone_or_partitioned_in_another_way_takes_its_readers_along() -> None:
    now = made(line("sum", TEN))
    without = graph(step("raw"), step("sum", "raw"))
    found = holding.still(without, [agreed("clean", TEN), agreed("sum", TEN)], now, NOTHING)
    assert [(each.step, each.why) for each in found.left_out] == [("clean", "undefined")]
    other = [agreed("raw", TEN), agreed("clean", TEN)]
    other[0] = holding.Agreed(
        step="raw", outputs=("raw",), ordinals=TEN, fingerprint="another", code="a", reason=other[0].reason
    )
    found = holding.still(CHAIN, other, made(line("raw", TEN), line("clean", TEN)), NOTHING)
    assert not found.steps
    assert [(each.step, each.why) for each in found.left_out] == [("raw", "redefined"), ("clean", "above")]


def test_what_would_run_for_another_reason_is_not_what_was_agreed_to() -> None:
    found = holding.still(CHAIN, [agreed("raw", TEN)], made(line("raw", TEN, "failed")), NOTHING)
    assert [each.why for each in found.left_out] == ["reason"]


def test_what_reads_something_that_would_now_be_made_too_is_left_out() -> None:
    now = made(line("raw", PartitionSet.of([1])), line("clean", TEN))
    found = holding.still(CHAIN, [agreed("clean", TEN)], now, NOTHING)
    assert [(each.why, each.subject, each.ordinals) for each in found.left_out] == [
        ("grown", "raw", PartitionSet.of([1]))
    ]


sets = st.sets(st.integers(0, 9)).map(lambda found: PartitionSet.of(sorted(found)))
NAMES = ("a", "b", "c", "d")
DIAMOND = graph(step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c"))


@given(before=st.tuples(*[sets] * 4), after=st.tuples(*[sets] * 4), changed=st.tuples(*[sets] * 4))
def test_every_partition_is_kept_or_left_out_once_and_what_is_kept_stands_on_what_holds(
    before: tuple[PartitionSet, ...], after: tuple[PartitionSet, ...], changed: tuple[PartitionSet, ...]
) -> None:
    was, due, moved = (dict(zip(NAMES, each, strict=True)) for each in (before, after, changed))
    lines = [agreed(name, was[name]) for name in NAMES if was[name]]
    since = holding.Since(inputs=moved, outputs={})
    found = holding.still(DIAMOND, lines, made(*[line(name, due[name]) for name in NAMES]), since)
    kept = {each.step: each.ordinals for each in found.steps}
    for name in NAMES:
        left = [each.ordinals for each in found.left_out if each.step == name]
        own = kept.get(name, holding.EMPTY)
        assert sum(map(len, left)) + len(own) == len(was[name])
        assert own <= due[name]
        for dependency in DIAMOND.steps[name].dependencies:
            above = dependency.asset
            assert own.isdisjoint(moved[above])
            assert own.isdisjoint(due[above] - was[above])
            assert own.isdisjoint(was[above] - kept.get(above, holding.EMPTY))

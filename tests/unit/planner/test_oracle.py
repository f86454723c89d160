"""The planner against a brute-force oracle, on random graphs and histories."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import HealthCheck, given, settings

from tests.unit.planner import oracle, strategies, world
from weft.model import plan
from weft.planner import planning

Verdicts = Mapping[tuple[str, oracle.Key], oracle.Verdict]
CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much, HealthCheck.large_base_example]
IN_CI = bool(os.environ.get("CI"))


def quick(examples: int) -> settings:
    return settings(
        max_examples=examples, deadline=None, derandomize=IN_CI, suppress_health_check=CHECKS, database=None
    )


def expected_lines(
    verdicts: Verdicts, request: plan.Request, wanted: Mapping[str, Iterable[oracle.Key]], desired: oracle.Desired
) -> set[world.Line]:
    """What the plan's lines must be."""
    found = set()
    chosen = {(desired.maker_of(asset), key) for asset, keys in wanted.items() for key in keys}
    for (step, key), verdict in verdicts.items():
        if request.exact:
            due, always = True, True
        else:
            due, always = verdict.due, verdict.always
        if request.only_failed:
            due = due and ("failed" in {kind for kind, _ in verdict.reasons}) and (step, key) in chosen
        if due:
            found.add((step, key, "always" if always else "inputs_changed"))
    return found


def compare(played: world.World, dice: strategies.Dice) -> None:
    request, wanted = strategies.draw_request(dice, played)
    made = played.make_plan(request)
    verdicts = played.oracle.judge(wanted, exact=request.exact, rebuild=request.rebuild_undecided)
    lines = played.lines(made)
    assert len(lines) == len(set(lines)), f"a line twice: {lines}{played}"
    expected = expected_lines(verdicts, request, wanted, played.desired)
    assert set(lines) == expected, (
        f"\nplanned {set(lines) - expected}\nexpected {expected - set(lines)}{request}{played}"
    )
    for name, found in (("blocked", made.blocked), ("rejected", made.rejected), ("undecided", made.undecided)):
        should = {each for each, verdict in verdicts.items() if getattr(verdict, name) and not request.exact}
        assert played.held(found) == should, f"\n{name} {played.held(found)}\nexpected {should}{request}{played}"
    if not request.exact:
        fresh = sum(verdict.fresh for verdict in verdicts.values())
        assert made.fresh == fresh, f"fresh {made.fresh}, expected {fresh}{request}{played}"


@quick(1500)
@given(strategies.CONTENTS)
def test_the_plan_is_what_the_words_say(content: bytes) -> None:
    compare(*strategies.play(content))


@pytest.mark.slow
@quick(30_000)
@given(strategies.CONTENTS)
def test_the_plan_is_what_the_words_say_at_length(content: bytes) -> None:
    compare(*strategies.play(content))


def compare_statuses(played: world.World, dice: strategies.Dice) -> None:
    assets = [asset for maker in played.desired.makers.values() for asset in maker.outputs]
    reserved: set[tuple[str, oracle.Key]] = set()
    if dice.chance(60):
        asset = dice.one(assets)
        keys = dice.some(played.desired.scheme(asset).universe(played.now))
        played.reserve(asset, keys)
        reserved = {(asset, key) for key in keys}
    wanted = {asset: played.desired.scheme(asset).universe(played.now) for asset in assets}
    verdicts = played.oracle.judge(wanted, status=True)
    statuses = planning.status(played.graph, played.observed(), played.now, assets)
    for asset in assets:
        step = played.desired.maker_of(asset)
        assert step is not None
        outputs = played.desired.makers[step].outputs
        words = {key: word for word, each in statuses[asset].by_status.items() for key in played.keys(asset, each)}
        should = {
            key: played.oracle.word(
                verdicts[step, key], asset, key, running=any((each, key) in reserved for each in outputs)
            )
            for key in wanted[asset]
        }
        assert words == should, f"\n{asset} {words}\nexpected {should}{played}"


@quick(500)
@given(strategies.CONTENTS)
def test_statuses_are_what_the_words_say(content: bytes) -> None:
    compare_statuses(*strategies.play(content))


def simulate(
    played: world.World, made: plan.Plan, dice: strategies.Dice, *, same: bool
) -> dict[tuple[str, oracle.Key], bool]:
    """Carry a plan out as a run would, each body making what was there (`same`) or anything; tells which lines ran."""
    ran: dict[tuple[str, oracle.Key], bool] = {}
    lines = [(line, key) for line in made.steps for key in played.keys(line.outputs[0], line.ordinals)]
    standing = {(line.step, key): played.oracle.inputs(line.step, key) for line, key in lines}
    for line, key in lines:
        becomes = "run"
        if line.run_if == "inputs_changed":
            before = standing[line.step, key] if line.baseline == "standing" else None
            becomes = played.oracle.would_run(line.step, key, line.outputs, before)
        ran[line.step, key] = becomes == "run"
        if becomes == "run":
            versions = {
                asset: (same and played.oracle.entry(asset, key).data) or f"d{dice.below(3)}" for asset in line.outputs
            }
            played.succeed(line.step, key, versions)
        elif becomes == "same":
            played.reuse(line.step, [key], line.outputs)
    return ran


def compare_simulated(played: world.World, dice: strategies.Dice) -> None:
    """A plan is sound, and nothing in it could be left out."""
    request, wanted = strategies.draw_request(dice, played)
    if request.exact or request.only_failed:
        return
    made = played.make_plan(request)
    verdicts = played.oracle.judge(wanted, rebuild=request.rebuild_undecided)
    before = {where: entry.data for where, entry in played.oracle.entries.items()}
    same = dice.chance(128)
    ran = simulate(played, made, dice, same=same)
    again = played.oracle.judge(wanted, rebuild=request.rebuild_undecided)
    if not any(verdict.settled for verdict in verdicts.values()):
        # what is settled pulls in nothing above it, and so may follow only with the next plan
        _check_sound(played, request, made, again, ran)
    if same:
        _check_cut_off(played, made, before, ran)


def _check_sound(
    played: world.World,
    request: plan.Request,
    made: plan.Plan,
    again: Verdicts,
    ran: Mapping[tuple[str, oracle.Key], bool],
) -> None:
    if _stays_late(played, again):
        return
    lines = played.lines(played.make_plan(request))
    assert not lines, f"\nstill to do {lines}\nran {ran}\nplanned {played.lines(made)}{request}{played}"
    left = {each for each, verdict in again.items() if verdict.due}
    assert not left, f"\nnot fresh {left}{again}{request}{played}"


def _stays_late(played: world.World, verdicts: Verdicts) -> bool:
    """Whether a late asset was held back or rejected once more: its sources are asked for news each time."""
    late = {subject for verdict in verdicts.values() for subject in verdict.late_for}
    steps = {played.desired.maker_of(subject) for subject in late}
    return any(step in steps and (each.held or each.was_rejected) for (step, _), each in verdicts.items())


def _check_cut_off(
    played: world.World,
    made: plan.Plan,
    before: Mapping[tuple[str, oracle.Key], str | None],
    ran: Mapping[tuple[str, oracle.Key], bool],
) -> None:
    """What is due only because something above is made again does not run when that comes out as it was."""
    changed = {where for where, entry in played.oracle.entries.items() if entry.data != before.get(where)}
    for line in made.steps:
        if line.run_if == "always" or {cause.kind for cause in line.causes} != {"upstream"}:
            continue
        for key in played.keys(line.outputs[0], line.ordinals):
            scheme = played.desired.makers[line.step].scheme
            read = {
                (reading.asset, each)
                for reading in played.desired.makers[line.step].readings
                for each in reading.keys(key, scheme, played.desired.scheme(reading.asset), played.now)
            }
            if not read & changed:
                assert not ran[line.step, key], f"\n{line.step} {key} ran though nothing above changed{played}"


@quick(500)
@given(strategies.CONTENTS)
def test_a_plan_carried_out_leaves_nothing_to_do(content: bytes) -> None:
    compare_simulated(*strategies.play(content))


def check_properties(played: world.World, dice: strategies.Dice) -> None:
    request, wanted = strategies.draw_request(dice, played)
    made = played.make_plan(request)
    assert played.make_plan(request) == made, f"another plan from the same{played}"
    _check_order(played, made)
    for line in made.steps:
        assert line.causes, f"no cause: {line}{played}"
        for cause in line.causes:
            if cause.kind == "upstream":
                assert cause.root is not None, f"an upstream cause without a root: {cause}{played}"
                assert cause.root.kind != "upstream", f"{cause}{played}"
            else:
                assert cause.root is None or cause.root.kind != "upstream", f"{cause}{played}"
        if not request.exact:
            _check_kinds(played, line, request, played.oracle.judge(wanted, rebuild=request.rebuild_undecided))


def _check_order(played: world.World, made: plan.Plan) -> None:
    place = {name: number for number, name in enumerate(line.step for line in made.steps)}
    for number, line in enumerate(made.steps):
        for reading in played.desired.makers[line.step].readings:
            maker = played.desired.maker_of(reading.asset)
            assert maker is None or place.get(maker, -1) < number, f"{line.step} before {maker}{played}"


KINDS = {
    "missing": "missing",
    "failed": "failed",
    "code": "code_changed",
    "added": "dependency_changed",
    "data": "data_changed",
    "upstream": "upstream",
    "overdue": "overdue",
    "undecided": "code_changed",
}


def _check_kinds(played: world.World, line: plan.PlanStep, request: plan.Request, verdicts: Verdicts) -> None:
    """Each line names the kinds of causes that each of its partitions has, no more and no fewer."""
    told = {cause.kind for cause in line.causes}
    for key in played.keys(line.outputs[0], line.ordinals):
        should = {KINDS[kind] for kind, _ in verdicts[line.step, key].reasons}
        if "missing" in should or request.only_failed:
            should.discard("upstream")  # says nothing more, or isn't so
        if verdicts[line.step, key].was_rejected:
            told &= {"upstream"}  # what else stands against it is worth telling, though it is no reason to run
        assert told == should, f"\n{line.step} {key} has {told}, expected {should}{played}"


@quick(500)
@given(strategies.CONTENTS)
def test_plans_are_ordered_explained_and_the_same_again(content: bytes) -> None:
    check_properties(*strategies.play(content))

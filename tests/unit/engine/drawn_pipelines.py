"""Random pipelines, and what Airflow's rules make of them: counted over all step runs above, with nothing of ours."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence

from weft.model import pipelines, policies

GOOD = ("succeeded", "reused")
RULES = tuple(rule for rule in pipelines.TRIGGER_RULES if rule != "all_done_setup_success")
COUNT = 3


def key(name: str) -> str:
    return f"p:{name}"


def step(name: str, *after: str | pipelines.Edge, **more: object) -> pipelines.TaskStep:
    edges = tuple(each if isinstance(each, pipelines.Edge) else pipelines.Edge(step=key(each)) for each in after)
    return pipelines.TaskStep(key=key(name), task=name, after=edges, **more)  # type: ignore[arg-type]


def pipeline(*steps: pipelines.TaskStep, **more: object) -> pipelines.Pipeline:
    return pipelines.Pipeline(name="p", kind="dag", steps={each.key: each for each in steps}, **more)  # type: ignore[arg-type]


def over(*sources: str | int) -> pipelines.Fan:
    return pipelines.Fan(
        sources=tuple((f"x{place}", key(each) if isinstance(each, str) else each) for place, each in enumerate(sources))
    )


def draw(seed: int) -> pipelines.Pipeline:
    """Up to nine steps with all kinds of rules, maps, a mapped group, setups and choices among them."""
    dice = random.Random(seed)
    made: dict[str, pipelines.TaskStep] = {}
    grouped_over: tuple[str | int, ...] | None = None
    for number in range(dice.randint(2, 9)):
        name = f"s{number}"
        outside = [each.task for each in made.values() if not each.group]
        in_group = dice.random() < 0.3
        if in_group and grouped_over is None:
            grouped_over = (dice.choice(outside),) if outside and dice.random() < 0.6 else (COUNT,)
        above = dice.sample(sorted(each.task for each in made.values()), min(len(made), dice.choice((0, 1, 1, 2, 3))))
        edges: dict[str, pipelines.Edge] = {}
        for each in above:
            aligned = in_group and made[key(each)].group == "g" and dice.random() < 0.8
            edges[each] = pipelines.Edge(step=key(each), aligned=aligned)
        fan = None
        if in_group and grouped_over is not None:
            fan = over(*grouped_over)
        elif dice.random() < 0.25:
            fan = over(*(dice.choice(outside) if outside and dice.random() < 0.6 else COUNT for _ in range(1)))
        for _, source in fan.sources if fan else ():
            if isinstance(source, str):
                edges[made[source].task] = pipelines.Edge(step=source, value=True)
        setups = [each.key for each in made.values() if each.role == "setup"]
        teardown = bool(setups) and dice.random() < 0.4 and fan is None
        role = "teardown" if teardown else dice.choices(("", "setup", "branch", "short_circuit"), (6, 1, 1, 1))[0]
        made[key(name)] = step(
            name,
            *edges.values(),
            fan=fan,
            group="g" if in_group else "",
            role=role,
            rule="all_done_setup_success" if teardown else dice.choice(RULES) if dice.random() < 0.5 else "all_success",
            setups=tuple(dice.sample(setups, dice.randint(1, len(setups)))) if teardown else (),
            respect_rules=dice.random() < 0.5,
            policies=policies.Policies(
                retry=policies.Retry(retries=dice.choice((0, 0, 1))),
                pools=("one",) if dice.random() < 0.2 else (),
                slots=dice.choice((1, 2)),
                tags=("t",) if dice.random() < 0.2 else (),
                priority=dice.choice((0, 0, 1)),
            ),
        )
    return pipeline(*made.values(), max_active_steps=dice.choice((None, None, 2)), tag_limits={"t": 1})


# --- the rules by counting ---


def airflows(outcome: str) -> str:
    """The state that Airflow has for an outcome."""
    return {"reused": "succeeded", "crashed": "failed"}.get(outcome, outcome)


def by_rule(rule: str, above: Sequence[str], setups: Sequence[str]) -> set[str]:
    """What may become of a step run whose upstream ended so: "run", or the words that it may end with.

    More than one only where Airflow goes by which of them ended first.
    """
    if not above or rule == "always":
        return {"run"}
    counted = Counter(map(airflows, above))
    succeeded, skipped = counted["succeeded"], counted["skipped"]
    failed, held = counted["failed"], counted["upstream_failed"]
    total = len(above)
    assert succeeded + skipped + failed + held == total
    bad = failed + held
    if rule == "all_success":
        if succeeded == total:
            return {"run"}
        return {"upstream_failed"} if not skipped else {"skipped"} if not bad else {"skipped", "upstream_failed"}
    if rule == "all_done_setup_success" and setups:
        counted = Counter(map(airflows, setups))
        if counted["skipped"] == len(setups):
            return {"skipped"}
        return {"run"} if counted["succeeded"] else {"upstream_failed"}
    holds, otherwise = {
        "all_failed": (bad == total, "skipped"),
        "all_done": (True, ""),
        "all_done_setup_success": (True, ""),
        "all_skipped": (skipped == total, "skipped"),
        "one_success": (succeeded > 0, "skipped" if skipped == total else "upstream_failed"),
        "one_failed": (bad > 0, "skipped"),
        "one_done": (succeeded + failed > 0, "skipped"),
        "none_failed": (bad == 0, "upstream_failed"),
        "none_failed_min_one_success": (bad == 0 and succeeded > 0, "upstream_failed" if bad else "skipped"),
        "none_skipped": (skipped == 0, "skipped"),
    }[rule]
    return {"run"} if holds else {otherwise}


def started_rightly(rule: str, above: Sequence[str | None]) -> bool:
    """Whether a step run may have started when those above it had ended so far, None for those that had not."""
    ended = [each for each in above if each is not None]
    if rule == "always" or not above:
        return True
    if rule == "one_success":
        return any(each in GOOD for each in ended)
    if rule == "one_failed":
        return any(airflows(each) in ("failed", "upstream_failed") for each in ended)
    if rule == "one_done":
        return any(airflows(each) in ("succeeded", "failed") for each in ended)
    return len(ended) == len(above)


class World:
    """The step runs that a finished, or half-finished, run of a pipeline has, by the counts of its mapped steps."""

    def __init__(self, made: pipelines.Pipeline) -> None:
        self.pipeline = made
        self.counts: dict[str, int] = {}

    def runs_of(self, name: str) -> list[tuple[str, str]]:
        if name in self.counts:
            return [(name, str(place)) for place in range(self.counts[name])]
        return [(name, "")]

    def above(self, name: str, item: str) -> list[tuple[str, str]]:
        """All step runs directly above one."""
        found: dict[tuple[str, str], None] = {}
        each = self.pipeline.steps[name]
        edges = {edge.step: edge.aligned for edge in each.after}
        for setup in each.setups:
            edges.setdefault(setup, bool(each.group) and self.pipeline.steps[setup].group == each.group)
        for other, aligned in edges.items():
            found.update(dict.fromkeys([(other, item)] if aligned and item else self.runs_of(other)))
        return list(found)

    def directly_below(self, name: str) -> set[str]:
        return {
            each.key
            for each in self.pipeline.steps.values()
            if name in (*(edge.step for edge in each.after), *each.setups)
        }

    def all_below(self, names: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for name in names:
            below = self.directly_below(name)
            found |= below | self.all_below(below)
        return found

    def indirect_setups(self, name: str) -> set[str]:
        """The setups that hold a step although it is not directly below them."""
        each = self.pipeline.steps[name]
        if each.role == "teardown" or each.rule == "always":
            return set()
        found = set()
        for setup in self.pipeline.steps.values():
            if setup.role != "setup" or name not in self.all_below({setup.key}):
                continue
            below = self.directly_below(setup.key)
            teardowns = {other for other in below if self.pipeline.steps[other].role == "teardown"}
            if name not in below and (not teardowns or teardowns & self.all_below({name})):
                found.add(setup.key)
        return found

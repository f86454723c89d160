"""Whole runs of random pipelines in memory: bodies of which the seed says what they do, and drivers that die.

What a body does follows from the seed, its step run and its attempt alone, whatever happens around it, so that a run
that was picked up has to come to the same end as one that was not disturbed.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from weft.engine import run as engine
from weft.engine import tasks as networks
from weft.model import events, graph, pipelines, policies, stored
from weft.ports import clock as clocks
from weft.ports import executor as executors
from weft.ports import ledger as ledgers
from weft.runtime import driver as drivers
from weft.runtime import task_work
from weft.testing import simulator

NAME = "p"
Kind = Literal["mixed", "failing", "skipping"]
"""What there is besides successes. Of failed and skipped ones above a step the first decides, so only runs that have
but one of the two end the same whatever comes first."""
_RULES: dict[Kind, tuple[pipelines.TriggerRule, ...]] = {
    "mixed": pipelines.TRIGGER_RULES[:-1],
    "failing": ("all_success", "all_done", "none_failed", "none_failed_min_one_success"),
    "skipping": (
        "all_success",
        "all_done",
        "all_skipped",
        "none_failed",
        "none_failed_min_one_success",
        "none_skipped",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """How likely what is for a body; what is left over is success."""

    failed: float = 0.0
    skipped: float = 0.0
    parked: float = 0.0
    unstarted: float = 0.0
    """Drawn anew each time: it may not change how the run ends."""


@dataclass(kw_only=True)
class Journal:
    """What the bodies saw: the oracle of a simulation."""

    bodies: list[tuple[str, str, int]] = field(default_factory=list)
    """Step, item and attempt of each body that began, in order."""
    before: list[int] = field(default_factory=list)
    """The position of the ledger when each was submitted."""
    read: dict[tuple[str, str], tuple[object, ...]] = field(default_factory=dict)
    """The values that each step run was sent."""
    tags: list[str] = field(default_factory=list)


class Bodies:
    """An executor that runs nothing: the seed says how each attempt ends, the dice in which order."""

    name = "simulated"

    def __init__(
        self,
        seed: int,
        dice: random.Random,
        clock: simulator.FakeClock,
        chances: Chances,
        journal: Journal,
        ledger: ledgers.Reader,
        kind: Kind,
    ) -> None:
        """Take up to four assignments at a time."""
        self._kind = kind
        self._seed, self._dice, self._clock = seed, dice, clock
        self._chances, self._journal, self._ledger = chances, journal, ledger
        self._flying: list[executors.Assignment] = []

    def start(self) -> None:
        """Nothing to bring up."""

    def room(self, *, exclusive: bool) -> int:
        """What is left of the room."""
        return 4 - len(self._flying)

    def submit(self, assignments: Sequence[executors.Assignment]) -> None:
        """Take assignments."""
        for each in assignments:
            assert self.room(exclusive=each.exclusive) > 0, "more was submitted than there is room for"
            assert each.id not in {other.id for other in self._flying}, "two attempts of one step run live at once"
            self._flying.append(each)
            if not each.hook:
                self._note(each)

    def _note(self, each: executors.Assignment) -> None:
        assert each.task is not None
        self._journal.bodies.append((each.step, each.task.item, each.attempt))
        self._journal.before.append(self._ledger.position())
        self._journal.tags.append(each.tag)
        read = tuple((one.step, one.item, one.name, one.value) for one in each.task.results)
        known = self._journal.read.setdefault((each.step, each.task.item), read)
        assert self._kind == "mixed" or known == read, (
            f"{each.step}[{each.task.item}] was sent other values than before"
        )

    def poll(self, timeout: float | None) -> list[executors.AttemptReport]:
        """Let some of what was submitted end; without any, let time pass until `timeout`."""
        if not self._flying:
            assert timeout is not None, "the driver waits for nothing"
            self._clock.advance(timeout)
            return []
        self._clock.advance(self._dice.random())
        ending = self._dice.sample(self._flying, self._dice.randint(1, len(self._flying)))
        self._flying = [each for each in self._flying if each not in ending]
        return [self._ended(each) for each in ending]

    def wake(self) -> None:
        """Nobody waits."""

    def cancel(self, ids: Sequence[int], *, kill: bool) -> None:
        """Nothing is cancelled here."""

    def close(self) -> None:
        """Forget everything."""
        self._flying.clear()

    def _drawn(self, *what: object) -> float:
        digest = hashlib.blake2b(repr((self._seed, *what)).encode(), digest_size=6).digest()
        return int.from_bytes(digest, "big") / 2**48

    def _ended(self, each: executors.Assignment) -> executors.AttemptReport:
        def report(outcome: executors.ReportOutcome, **told: object) -> executors.AttemptReport:
            return executors.AttemptReport(
                id=each.id,
                attempt=each.attempt,
                outcome=outcome,
                duration=1000,
                error=events.Error(kind="ValueError", message="no") if outcome in ("failed", "crashed") else None,
                task=executors.TaskReport(**told),  # type: ignore[arg-type]
            )

        if each.hook:
            return report("succeeded")
        if self._dice.random() < self._chances.unstarted:
            return report("unstarted")
        task = each.task
        assert task is not None
        if not task.poked and self._drawn("parked", each.step, task.item, each.attempt) < self._chances.parked:
            return report("parked", again=5.0, reason="not yet")
        drawn = self._drawn(each.step, task.item, each.attempt)
        if drawn < self._chances.failed:
            return report("crashed" if drawn < self._chances.failed / 4 else "failed")
        if drawn < self._chances.failed + self._chances.skipped:
            return report("skipped", reason="nothing to do")
        return report("succeeded", result=self._result(each.step, task.item))

    def _result(self, step: str, item: str) -> events.TaskResult:
        """A list of up to three elements; for those that choose, a choice."""
        count = int(self._drawn("count", step, item) * 4) or int(self._kind == "failing")
        text = b"[" + b",".join(b"%d" % each for each in range(count)) + b"]"
        value = stored.StoredValue(format="json", data_version=f"sim:{step}:{item}", inline=text, type="list")
        chosen = int(self._drawn("choice", step, item) * 6)
        return events.TaskResult(
            value=value,
            length=count,
            follow=(f"t{chosen}",) if step.endswith("branch") else None,
            proceed=not step.endswith("circuit") or chosen > 2,
        )


def draw(dice: random.Random, kind: Kind = "mixed", *, most: int = 7) -> pipelines.Pipeline:
    """A random pipeline of up to `most` steps: rules, mapped steps and groups, choices, retries, pools."""
    rules = _RULES[kind]
    steps: dict[str, pipelines.TaskStep] = {}
    for number in range(dice.randint(2, most)):
        plain = [key for key, step in steps.items() if step.fan is None]
        above = dice.sample(sorted(steps), min(len(steps), dice.choice((0, 1, 1, 2, 3))))
        role = "" if kind == "failing" else dice.choice(("", "", "", "", "branch", "short_circuit"))
        fan = _draw_fan(dice, plain, least=int(kind == "failing")) if dice.random() < 0.35 else None
        made = _step(
            dice,
            f"t{number}" + {"": "", "branch": "branch", "short_circuit": "circuit"}[role],
            above,
            rule=dice.choice(rules) if dice.random() < 0.4 and (fan is None or kind == "mixed") else "all_success",
            role="" if fan else role,
            fan=fan,
        )
        steps[made.key] = made
        if fan is not None and dice.random() < 0.4:
            group = f"g{number}"
            steps[made.key] = first = _in_group(made, group, ())
            other = _in_group(_step(dice, f"t{number}b", above[:1], fan=fan), group, (first.key,))
            steps[other.key] = other
    return pipelines.Pipeline(
        name=NAME, kind="dag", steps=steps, max_active_steps=dice.choice((None, None, 2)), code="c"
    )


def _draw_fan(dice: random.Random, plain: Sequence[str], *, least: int) -> pipelines.Fan:
    sources: list[tuple[str, str | int]] = [("x", dice.choice(plain) if plain else 2)]
    if dice.random() < 0.3:
        sources.append(("y", dice.randint(least, 2)))
    return pipelines.Fan(sources=tuple(sources), zipped=dice.random() < 0.3, longest=dice.random() < 0.5)


def _step(
    dice: random.Random,
    task: str,
    above: Sequence[str],
    *,
    rule: pipelines.TriggerRule = "all_success",
    role: str = "",
    fan: pipelines.Fan | None = None,
) -> pipelines.TaskStep:
    read = {key: pipelines.Edge(step=key, value=dice.random() < 0.7) for key in above}
    for _, source in fan.sources if fan is not None else ():
        if isinstance(source, str):
            read.setdefault(source, pipelines.Edge(step=source))
    return pipelines.TaskStep(
        key=f"{NAME}:{task}",
        task=task,
        after=tuple(read.values()),
        rule=rule,
        role=role,  # type: ignore[arg-type]
        fan=fan,
        policies=policies.Policies(
            retry=policies.Retry(retries=dice.choice((0, 0, 1, 2)), delay=dice.choice((0.0, 2.0))),
            timeout=dice.choice((None, None, 5.0)),
            pools=dice.choice(((), (), ("one",))),
            priority=dice.choice((0, 0, 1)),
        ),
    )


def _in_group(step: pipelines.TaskStep, group: str, aligned: Sequence[str]) -> pipelines.TaskStep:
    edges = tuple(pipelines.Edge(step=key, value=True, aligned=True) for key in aligned)
    return pipelines.TaskStep(
        key=step.key, task=step.task, after=(*step.after, *edges), fan=step.fan, group=group, policies=step.policies
    )


class Simulation:
    """One run of a pipeline, from its creation until somebody has brought it to its end."""

    def __init__(self, made: pipelines.Pipeline, seed: int, chances: Chances, kind: Kind = "mixed") -> None:
        """Create the run, whose every draw follows from `seed`."""
        self.pipeline, self.seed, self.chances, self.kind = made, seed, chances, kind
        self.clock, self.journal = simulator.FakeClock(), Journal()
        self.ledger = simulator.MortalLedger(self.clock)
        self._dice = random.Random(seed)  # noqa: S311 - a simulation must repeat
        self._epoch = 0
        self._created = clocks.microseconds(self.clock.now())
        self.ledger.append([events.RunCreated(run="r", execution="r", pipeline=NAME)])
        self.ledger.commits = 0

    def drive(self, watched: Callable[[drivers.Driver], None] | None = None) -> events.Outcome:
        """Take the run over and drive it to its end, from wherever it is."""
        self._epoch += 1
        lease = ledgers.Lease(run="r", epoch=self._epoch)
        dies_at, self.ledger.dies_at = self.ledger.dies_at, None
        with self.ledger.transaction() as transaction:
            row = ledgers.LeaseRow(run="r", epoch=self._epoch, owner="{}", expires=0)
            transaction.set_lease(row)
            transaction.append([events.RunStarted(run="r", epoch=self._epoch)])
        self.ledger.commits -= 1
        self.ledger.dies_at = dies_at
        run = engine.begin(networks.build(self.pipeline), keep_going=True)
        work = task_work.TaskWork(
            pipeline=self.pipeline,
            facts=task_work.RunFacts(run="r", created=self._created),
            graph=graph.Graph(assets={}, steps={}, pipelines={NAME: self.pipeline}),
            run=run,
            ledger=self.ledger,
            lease=lease,
            clock=self.clock,
        )
        bodies = Bodies(self.seed, self._dice, self.clock, self.chances, self.journal, self.ledger, self.kind)
        driver = drivers.Driver(ledger=self.ledger, executor=bodies, run=run, work=work, lease=lease, clock=self.clock)
        driver.lost(work.replay([event for _, event in self.log()]))
        if watched is not None:
            watched(driver)
        return driver.drive()

    def log(self) -> list[tuple[int, events.Event]]:
        """All events, by position."""
        return [(position, event) for position, _, event in self.ledger.events()]

    def endings(self) -> dict[tuple[str, str], list[tuple[int, str]]]:
        """Every ending of each step run that the log records, with its position; one each, if all is well."""
        found: dict[tuple[str, str], list[tuple[int, str]]] = {}
        for position, event in self.log():
            match event:
                case events.StepSucceeded():
                    found.setdefault((event.step, event.item), []).append((position, "succeeded"))
                case events.StepReused():
                    found.setdefault((event.step, event.item), []).append((position, "reused"))
                case events.AttemptFailed(retry_at=None):
                    found.setdefault((event.step, event.item), []).append((position, event.outcome))
                case events.StepsFinished():
                    for item in event.items:
                        found.setdefault((event.step, item), []).append((position, event.outcome))
                case _:
                    pass
        return found

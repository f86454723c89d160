"""Whole runs in memory: a clock that moves when told, an executor that draws what becomes of a body, drivers that die.

Everything follows from one seed, so that a failure is replayed by its number. The ledger is the real one, in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from weft.define import bodies
from weft.model import events, graph, partitions, policies, stored
from weft.ports import executor as executors
from weft.ports import ledger as ledgers
from weft.service import world as worlds
from weft.storage import protocol
from weft.stores import sqlite

START = datetime(2024, 3, 1, tzinfo=UTC)
STATIC = partitions.StaticPartitions(["a", "b", "c", "d"])
DAILY = partitions.DailyPartitions(start_date="2024-01-30", end_date="2024-02-05")
MONTHLY = partitions.MonthlyPartitions(start_date="2024-01-01", end_date="2024-03-01")
_MOST_POLLS = 20_000


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = START) -> None:
        """Begin at `now`."""
        self._now = now
        self._elapsed = 0.0

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since the beginning."""
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self._now += timedelta(seconds=seconds)
        self._elapsed += seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """How likely each ending of an attempt is; what is left over is success.

    `noise` is how likely a success has content like none before.
    """

    failed: float = 0.0
    final: float = 0.0
    crashed: float = 0.0
    unstarted: float = 0.0
    lost: float = 0.0
    rejected: float = 0.0
    noise: float = 0.0


class Killed(BaseException):
    """The driver's process died here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One body that began."""

    run: str
    step: str
    partition: str | None
    attempt: int
    tag: str


@dataclass(kw_only=True)
class Journal:
    """What the bodies themselves saw, outside of the ledger: the oracle of a simulation."""

    bodies: list[Body] = field(default_factory=list)
    before: list[int] = field(default_factory=list)
    """The position of the ledger when each body was submitted: from then on it may run."""


class SimulatedExecutor:
    """Runs nothing: it draws in which order assignments end, and how.

    Breaking the port's contract is an AssertionError.
    """

    name = "simulated"

    def __init__(
        self,
        dice: random.Random,
        clock: FakeClock,
        chances: Chances,
        journal: Journal,
        ledger: ledgers.Reader,
        *,
        room: int = 4,
    ) -> None:
        """Take up to `room` assignments at a time."""
        self._dice, self._clock, self._chances, self._journal = dice, clock, chances, journal
        self._ledger = ledger
        self._room = room
        self._flying: list[executors.Assignment] = []
        self._submitted: dict[int, int] = {}
        self._cancelling: set[int] = set()
        self._woken = False
        self._polls = 0

    def start(self) -> None:
        """Nothing to bring up."""

    def room(self, *, exclusive: bool) -> int:
        """What is left of the room; for exclusive ones when nothing else is there."""
        if any(each.exclusive for each in self._flying):
            return 0
        if exclusive:
            return 0 if self._flying else 1
        return self._room - len(self._flying)

    def submit(self, assignments: Sequence[executors.Assignment]) -> None:
        """Take assignments."""
        for each in assignments:
            assert self.room(exclusive=each.exclusive) > 0, "more was submitted than there is room for"
            assert each.id not in {other.id for other in self._flying}, "two attempts of one step run live at once"
            self._flying.append(each)
            self._submitted[each.id] = self._ledger.position()

    def poll(self, timeout: float | None) -> list[executors.AttemptReport]:
        """Let some of what was submitted end, in any order; without any, let time pass until `timeout`."""
        self._polls += 1
        assert self._polls < _MOST_POLLS, "the run does not come to an end"
        woken, self._woken = self._woken, False
        if not self._flying:
            assert woken or timeout is not None, "the driver waits for nothing"
            self._clock.advance(timeout or 0.0)
            return []
        self._clock.advance(self._dice.random())
        if self._dice.random() < 0.1:
            return []
        ending = self._dice.sample(self._flying, self._dice.randint(1, len(self._flying)))
        self._flying = [each for each in self._flying if each not in ending]
        return [self._ended(each) for each in ending]

    def wake(self) -> None:
        """Make the next poll return."""
        self._woken = True

    def cancel(self, ids: Sequence[int], *, kill: bool) -> None:
        """End these as cancelled."""
        self._cancelling.update(ids)
        self._woken = True

    def close(self) -> None:
        """Forget everything."""
        self._flying.clear()

    def _ended(self, each: executors.Assignment) -> executors.AttemptReport:
        drawn = self._dice.random()

        def report(outcome: executors.ReportOutcome, **more: Any) -> executors.AttemptReport:
            return executors.AttemptReport(id=each.id, attempt=each.attempt, outcome=outcome, duration=1000, **more)

        chances = self._chances
        if drawn < chances.unstarted:
            return report("unstarted")
        if each.id in self._cancelling:
            return report("cancelled")
        body = Body(run=each.run, step=each.step, partition=each.partition, attempt=each.attempt, tag=each.tag)
        self._journal.bodies.append(body)
        self._journal.before.append(self._submitted[each.id])
        drawn -= chances.unstarted
        error = events.Error(kind="ValueError", message=f"no {each.step} today")
        endings = (
            ("lost", chances.lost),
            ("crashed", chances.crashed),
            ("failed", chances.failed),
            ("failed", chances.final),
        )
        for outcome, chance in endings:
            if drawn < chance:
                retryable = chance != chances.final or outcome != "failed"
                return report(cast("executors.ReportOutcome", outcome), error=error, retryable=retryable)
            drawn -= chance
        return report("succeeded", outputs=self._outputs(each, rejected=drawn < chances.rejected))

    def _outputs(self, each: executors.Assignment, *, rejected: bool) -> tuple[executors.OutputReport, ...]:
        """Content that follows from what was read, coarsely, so that other inputs often give the same output."""
        read = [value.data_version for binding in each.inputs for value in binding.values]
        content = int.from_bytes(hashlib.blake2b(repr(read).encode(), digest_size=2).digest(), "big") % 3
        noise = f"-{self._dice.random()}" if self._dice.random() < self._chances.noise else ""
        check = events.CheckResult(name="sound", passed=False, blocking=True)
        return tuple(
            executors.OutputReport(
                asset=asset,
                value=stored.StoredValue(format="none", data_version=f"sim:{asset}:{each.partition}:{content}{noise}"),
                checks=(check,) if rejected else (),
            )
            for asset in each.outputs
        )


class MortalLedger(sqlite.SqliteLedger):
    """A ledger in memory at whose commits the process may die: just before or after the one with number `dies_at`."""

    def __init__(self, clock: FakeClock) -> None:
        """Begin with nothing, and immortal."""
        super().__init__(None, clock=clock)
        self.commits = 0
        self.dies_at: int | None = None
        self.dies_after = False

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite.SqliteTransaction]:
        """Write, and die where it was asked for."""
        self.commits += 1
        dies = self.commits == self.dies_at
        with super().transaction() as transaction:
            yield transaction
            if dies and not self.dies_after:
                raise Killed
        if dies:
            raise Killed


class _Nowhere(protocol.IOManager):
    """The IO manager of a world where nothing is stored."""

    def write(self, value: object, target: protocol.WriteTarget) -> stored.StoredValue:
        raise AssertionError("the simulation stores nothing")

    def read(self, stored: stored.StoredValue, as_type: object | None = None) -> object:
        raise AssertionError("the simulation reads nothing")


@dataclass(kw_only=True)
class Simulation:
    """A world over a graph, with what happened in it."""

    world: worlds.World
    ledger: MortalLedger
    clock: FakeClock
    journal: Journal
    dice: random.Random
    chances: Chances

    def log(self) -> list[tuple[int, events.Event]]:
        """All events, by position."""
        return [(position, event) for position, _, event in self.ledger.events()]


def simulate(made: graph.Graph, seed: int, chances: Chances, *, room: int = 4) -> Simulation:
    """Make a world over `made`, whose every draw follows from `seed`."""
    clock, journal, dice = FakeClock(), Journal(), random.Random(seed)  # noqa: S311 - a simulation must repeat
    ledger = MortalLedger(clock)
    found: Simulation

    def make_executor(name: str, jobs: int | None, steps: frozenset[str] | None) -> executors.Executor:
        return SimulatedExecutor(dice, clock, found.chances, journal, ledger, room=room)

    world = worlds.World(
        definitions=bodies.BuiltDefinitions(graph=made, bodies={}, io_managers={"default": _Nowhere()}),
        ledger=ledger,
        clock=clock,
        make_executor=make_executor,
        renew=lambda lease, expires: True,
        sources_of=lambda manifest: {},
        user="simulation",
    )
    found = Simulation(world=world, ledger=ledger, clock=clock, journal=journal, dice=dice, chances=chances)
    return found


def draw_graph(dice: random.Random, *, plain: bool = False, most: int = 6) -> graph.Graph:
    """A random graph of up to `most` steps over mixed partitions, with policies unless it is `plain`."""
    assets: dict[str, graph.Asset] = {}
    steps: dict[str, graph.Step] = {}
    kinds = (None, STATIC, DAILY, MONTHLY)
    common = dice.choice(kinds)
    for number in range(dice.randint(1, most)):
        key = f"s{number}"
        outputs = (key,) if dice.random() < 0.8 else (key, f"{key}b")
        definition = common if dice.random() < 0.5 else dice.choice(kinds)
        above = dice.sample(sorted(assets), min(len(assets), dice.choice((0, 1, 1, 2, 3))))
        steps[key] = graph.Step(
            key=key,
            outputs=outputs,
            partitions=definition,
            code="c",
            policies=policies.Policies() if plain else _policies(dice),
            dependencies=tuple(
                graph.Dependency(
                    asset=each, parameter=each, mapping=_mapping(dice, definition, assets[each].partitions)
                )
                for each in above
            ),
        )
        for output in outputs:
            assets[output] = graph.Asset(key=output, step=key, partitions=definition)
    return graph.Graph(assets=assets, steps=steps)


def _policies(dice: random.Random) -> policies.Policies:
    return policies.Policies(
        retry=policies.Retry(retries=dice.choice((0, 0, 1, 2)), delay=dice.choice((0.0, 2.0))),
        timeout=dice.choice((None, None, 5.0)),
        pools=dice.choice(((), (), ("one",), ("two",), ("one", "two"))),
        priority=dice.choice((0, 0, 1)),
        at_most_once=dice.random() < 0.15,
    )


def _mapping(
    dice: random.Random, down: partitions.Partitions | None, up: partitions.Partitions | None
) -> partitions.PartitionMapping:
    found: list[partitions.PartitionMapping] = [partitions.AllMapping()]
    if down == up:
        found += [partitions.IdentityMapping()] * 2
    if down in (DAILY, MONTHLY) and up in (DAILY, MONTHLY):
        found += [partitions.TimeWindowMapping(start_offset=-1, end_offset=dice.choice((-1, 0)))] * 2
    if up is not None:
        found.append(partitions.LastMapping())
    if up is STATIC:
        found.append(partitions.SpecificMapping(["b", "c"]))
        if down is STATIC:
            found.append(partitions.StaticMapping({"a": ["b", "c"], "b": ["a"], "c": ["a", "b"]}))
    return dice.choice(found)


def outcomes(log: Sequence[tuple[int, events.Event]]) -> Mapping[tuple[str, str, str | None], list[tuple[int, str]]]:
    """Every ending of each step run that the log records, with its position; one each, if all is well."""
    found: dict[tuple[str, str, str | None], list[tuple[int, str]]] = {}
    for position, event in log:
        match event:
            case events.StepSucceeded():
                found.setdefault((event.run, event.step, event.partition), []).append((position, "succeeded"))
            case events.AttemptFailed(retry_at=None):
                found.setdefault((event.run, event.step, event.partition), []).append((position, event.outcome))
            case events.StepsFinished():
                for partition in event.partitions:
                    found.setdefault((event.run, event.step, partition), []).append((position, event.outcome))
            case _:
                pass
    return found

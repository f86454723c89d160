"""Sensors: when each is due, who looks, and what is written down of what it saw.

Theory of operation. Several hosts may hold the same location; one of them looks, under a short lease in the control
state of the automation. What a look comes to is one transaction: the decisions, the runs that they start, and the
cursor. It is written only if the lease is still one's own, nobody paused the sensor meanwhile, and the cursor is the
one that the look began with. A request with a key that was decided before starts nothing. What is decided the same
again (skipped or failed, with the same reason) is counted and not logged.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import msgspec

from weft.model import automations, control_events, errors, event_base
from weft.ports import clock as clocks
from weft.ports import deciding as ports
from weft.service import world as worlds
from weft.service.automation import asking, sensor_evaluation

LOOK_SECONDS = 1.0
"""How often a host looks for sensors that somebody resumed, or that another host gave up."""
MOST_AT_ONCE = 4
_SPARE_SECONDS = (
    sensor_evaluation.LOADING_SECONDS + 5.0
)  # that a lease outlives the timeout, so that it is not taken while the answer is written down
_LONGEST_BACKOFF = 3600.0
_IDLE_SECONDS = 3600.0
SEEN_BEFORE = "all that it asks for was asked for before"
NOTHING = "it asks for nothing"


class Memory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept of a sensor between two looks beside its cursor."""

    failures: int = 0
    """How often it failed, one after the other."""
    repeated: int = 0
    """How many requests had a key that was decided before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The right to look: the lease's word, when it was due, and what the sensor starts from."""

    sensor: automations.Sensor
    holder: str
    due: int
    cursor: str | None
    last_tick: datetime | None


def sensors_of(world: worlds.World, location: str = "") -> list[automations.Sensor]:
    """The sensors of a location; "" for all."""
    return [
        each
        for each in world.graph.automations.values()
        if isinstance(each, automations.Sensor)
        and (not location or world.locations.get(f"automation:{each.id}", location) == location)
    ]


def begin(world: worlds.World, sensor: automations.Sensor, holder: str, now: datetime) -> Turn | None:
    """Take the right to look, where the sensor is due and nobody else has it; a sensor that is new is noted as seen."""
    moment, word = clocks.microseconds(now), f"{holder}#{secrets.token_hex(4)}"
    with world.ledger.transaction() as transaction:
        seen, state = transaction.seen(sensor.id), transaction.state(sensor.id)
        if seen is None or seen.activated is None:
            location = world.locations.get(f"automation:{sensor.id}", "")
            transaction.append(activation(sensor.id, moment, location, paused=sensor.paused and seen is None))
            seen = transaction.seen(sensor.id)
            assert seen is not None
        if seen.paused or state.until > moment or (state.next_due is not None and state.next_due > moment):
            return None
        until = moment + int((sensor.timeout + _SPARE_SECONDS) * 1e6)
        transaction.put_state(replace(state, holder=word, until=until))
    last = None if seen.last_at is None else clocks.moment(seen.last_at)
    return Turn(sensor=sensor, holder=word, due=state.next_due or moment, cursor=seen.cursor, last_tick=last)


def activation(automation: str, at: int, location: str, *, paused: bool) -> list[event_base.Event]:
    """The events by which an automation is seen for the first time, paused where its definition says so."""
    found: list[event_base.Event] = [
        control_events.AutomationActivated(automation=automation, at=at, location=location)
    ]
    if paused:
        found.append(control_events.AutomationPaused(automation=automation, reason="paused in its definition"))
    return found


def give_back(world: worlds.World, turn: Turn) -> None:
    """Let another look."""
    with world.ledger.transaction() as transaction:
        state = transaction.state(turn.sensor.id)
        if state.holder == turn.holder:
            transaction.put_state(replace(state, holder="", until=0))


Recorded = Literal["started", "skipped", "failed", "dropped"]


def record(world: worlds.World, turn: Turn, answer: sensor_evaluation.Answer, now: datetime) -> Recorded:
    """Write down what came of a look, in one transaction; "dropped" where that is not ours to say any more."""
    return asking.until_it_holds(lambda: _record(world, turn, answer, now))


def _record(world: worlds.World, turn: Turn, answer: sensor_evaluation.Answer, now: datetime) -> Recorded:
    sensor, moment = turn.sensor, clocks.microseconds(now)
    wishes = [
        asking.prepare(
            world,
            asking.Wish(
                automation=sensor.id,
                target=sensor.target,
                trigger="sensor",
                key=each.key,
                params=each.params,
                partition=each.partition,
                words=tuple(f"{tag}={value}" for tag, value in each.tags.items()),
                priority=each.priority,
            ),
        )
        for each in answer.requests
    ]
    with world.ledger.transaction() as transaction:
        seen, state = transaction.seen(sensor.id), transaction.state(sensor.id)
        if state.holder != turn.holder:
            return "dropped"
        given_back = replace(state, holder="", until=0, looked_at=moment)
        if seen is None or seen.paused or seen.cursor != turn.cursor:
            transaction.put_state(given_back)
            return "dropped"
        memory = memory_of(state)
        decided = asking.decide(world, transaction, wishes, due=turn.due, now=moment)
        memory = Memory(
            failures=memory.failures + 1 if answer.error else 0, repeated=memory.repeated + decided.repeated
        )
        events, outcome = list(decided.events), decided.outcome
        if outcome == "failed" and (state.decision, state.reason) == ("failed", decided.reason):
            events, outcome = [], None
        # where nothing could be started it is to be asked for again, when that is mended
        cursor = None if answer.error or decided.outcome == "failed" else answer.cursor
        if outcome is None:
            outcome, reason = _without_start(answer, decided)
            is_news = cursor is not None or (state.decision, state.reason) != (outcome, reason)
            if is_news:
                events.append(
                    control_events.TickDecided(
                        automation=sensor.id,
                        tick=asking.moment_tick(moment),
                        due=turn.due,
                        decision=outcome,
                        reason=reason,
                    )
                )
        else:
            reason, is_news = decided.reason, True
        if cursor is not None:
            last = events[-1]
            assert isinstance(last, control_events.TickDecided)
            events[-1] = msgspec.structs.replace(last, cursor=cursor)
        if events:
            transaction.append(events)
        transaction.put_state(
            replace(
                given_back,
                next_due=moment + int(_pause(sensor, memory.failures) * 1e6),
                same=0 if is_news else state.same + 1,
                decision=outcome,
                reason=reason,
                body=msgspec.json.encode(memory),
            )
        )
    return outcome


def _without_start(
    answer: sensor_evaluation.Answer, decided: asking.Decided
) -> tuple[Literal["skipped", "failed"], str]:
    if answer.error:
        return "failed", answer.error
    if decided.outcome == "failed":
        return "failed", decided.reason
    return "skipped", answer.skip or decided.reason or (SEEN_BEFORE if decided.repeated else NOTHING)


def memory_of(state: ports.AutomationState) -> Memory:
    """What is kept of a sensor between two looks."""
    return msgspec.json.decode(state.body, type=Memory) if state.body else Memory()


def _pause(sensor: automations.Sensor, failures: int) -> float:
    """Seconds until the next look: longer and longer while it fails."""
    if failures <= 1:
        return sensor.every
    return min(sensor.every * 2.0 ** min(failures - 1, 20), max(sensor.every, _LONGEST_BACKOFF))


def set_cursor(world: worlds.World, name: str, cursor: str, *, by: str = "") -> None:
    """Have a sensor go on from another place; "" for from the start. A look that is under way comes to nothing.

    Raises:
        UsageError: there is no such sensor.
    """
    sensor = find(world, name)
    moment = clocks.microseconds(world.clock.now())
    with world.ledger.transaction() as transaction:
        transaction.append(
            [
                control_events.TickDecided(
                    automation=sensor.id,
                    tick=asking.moment_tick(moment),
                    due=moment,
                    decision="skipped",
                    reason=f"the cursor was set by {by or world.user or 'somebody'}",
                    cursor=cursor,
                )
            ]
        )
        state = transaction.state(sensor.id)
        transaction.put_state(replace(state, next_due=moment, holder="", until=0, decision="", reason="", same=0))


def find(world: worlds.World, name: str) -> automations.Sensor:
    """The sensor of a name, or of an automation's id.

    Raises:
        UsageError: there is none.
    """
    from weft.model import spelling

    found = world.graph.automations.get(name if name.startswith("sensor:") else f"sensor:{name}")
    if isinstance(found, automations.Sensor):
        return found
    known = [each.name for each in sensors_of(world)]
    raise errors.UsageError(
        f"There is no sensor {name!r}.",
        remedy=spelling.did_you_mean(name, known)
        or (f"There are: {', '.join(known[:10])}." if known else "Decorate a function with @sensor(target=…)."),
    )


class Sensing:
    """The looks of one host. It is used by the loop of the host, which has one thread."""

    def __init__(
        self, world: worlds.World, location: str, *, holder: str, command: Sequence[str] | None = None
    ) -> None:
        """Look for the sensors of a location; `holder` names the host in leases.

        `command` starts a process that loads the code and looks, for a host that has threads and so cannot fork.
        """
        self._command = command
        self._world = world
        self._holder = holder
        self._sensors = [each for each in sensors_of(world, location) if each.id in world.definitions.sensors]
        self._running: list[tuple[Turn, sensor_evaluation.Evaluation]] = []
        self._next_look = 0.0

    def filenos(self) -> list[int]:
        """Descriptors that are readable when `turn` has something to do."""
        return [evaluation.fileno() for _, evaluation in self._running]

    def turn(self) -> float:
        """Collect what has ended and begin what is due; returns the seconds until it wants to be called again."""
        if not self._sensors:
            return _IDLE_SECONDS
        collected = self._collect()
        if collected or time.monotonic() >= self._next_look:
            self._begin_due()
        moments = [self._next_look, *(evaluation.deadline for _, evaluation in self._running)]
        return max(min(moments) - time.monotonic(), 0.0)

    def close(self) -> None:
        """End the looks that are under way; nothing of them is kept."""
        for turn, evaluation in self._running:
            evaluation.kill()
            give_back(self._world, turn)
        self._running.clear()

    def _collect(self) -> bool:
        still, ended = [], []
        for turn, evaluation in self._running:
            answer = evaluation.collect()
            if answer is None:
                still.append((turn, evaluation))
            else:
                ended.append((turn, answer))
        self._running = still
        for turn, answer in ended:
            now = self._world.clock.now()
            try:
                record(self._world, turn, answer, now)
            except errors.LedgerError:
                raise  # nothing of it is kept: it is looked at again when the lease has lapsed
            except Exception as error:  # what one sensor asks for is not to end the process of all
                told = f"What it asks for can't be written down: {type(error).__name__}: {error}"
                record(self._world, turn, sensor_evaluation.Answer(error=told[: asking.MOST_TOLD]), now)
        return bool(ended)

    def _begin_due(self) -> None:
        now = self._world.clock.now()
        moment = clocks.microseconds(now)
        states = self._world.ledger.automation_states("sensor:")
        seen = self._world.ledger.automations_seen("sensor:")
        running = {turn.sensor.id for turn, _ in self._running}
        soonest = LOOK_SECONDS
        for sensor in self._sensors:
            known, state = seen.get(sensor.id), states.get(sensor.id)
            if sensor.id in running or (known is not None and known.paused):
                continue
            waits = max(state.next_due or 0, state.until) - moment if state is not None else 0
            if waits > 0:
                soonest = min(soonest, waits / 1e6)
            elif len(self._running) < MOST_AT_ONCE:
                self._begin(sensor, now)
        self._next_look = time.monotonic() + soonest

    def _begin(self, sensor: automations.Sensor, now: datetime) -> None:
        turn = begin(self._world, sensor, self._holder, now)
        if turn is not None:
            look = sensor_evaluation.Look(sensor=sensor.id, cursor=turn.cursor, last_tick=turn.last_tick, now=now)
            evaluation = sensor_evaluation.Evaluation(self._world, sensor, look, self._command)
            self._running.append((turn, evaluation))


def next_due(world: worlds.World, location: str = "") -> datetime | None:
    """When the next look is due, None where there is no sensor that is not paused."""
    states, seen = world.ledger.automation_states("sensor:"), world.ledger.automations_seen("sensor:")
    moments = [
        clocks.moment(state.next_due) if state is not None and state.next_due else world.clock.now()
        for each in sensors_of(world, location)
        if not ((known := seen.get(each.id)) is not None and known.paused)
        for state in (states.get(each.id),)
    ]
    return min(moments, default=None)

"""Alerting at work: follows the log, decides what is an incident, and tells people.

A turn reads the log from where the last one ended, looks at what no event says, and decides (`planner.alerting`). What
it decided, and how far it has come, is one transaction: after any stop it goes on from there, and nothing is lost or
decided twice. Messages are sent after it. Any number of processes may be at it; one of them works, under a lease, and
another takes over when that runs out.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

import msgspec

from weft.model import alerting, errors
from weft.planner import alerting as deciding
from weft.ports import clock as clocks
from weft.ports import incidents as ports
from weft.ports import ledger as ledgers
from weft.service import world as worlds
from weft.service.alerting import checking, delivery, event_rules, looking, made_rules, signals, surroundings
from weft.service.alerting import settings as reading
from weft.service.server import serving as servings

LEASE = 60 * 1_000_000
_BATCH = 100_000
"""So many events are one turn: after a long stop, what failed and was mended meanwhile is told to nobody."""
_MESSAGES = 16
_LOOK_EVERY = 5 * 1_000_000
_LATE_EVERY = 60 * 1_000_000
_STALE_EVERY = 30 * 1_000_000
_RECORD_AFTER = 500
_PAUSE = 0.5
_AFTER_ERROR = 5.0
_DEFINED: frozenset[alerting.Kind] = frozenset(
    {"failure", "held", "check", "late", "due_soon", "stale", "duration", "automation"}
)
"""Problems that are gone with the definition of their subject."""

log = logging.getLogger("weft.alerts")


class Alerting:
    """Follows the log of a project and tells people what is wrong; used by one thread."""

    def __init__(
        self,
        serving: servings.Serving,
        settings: alerting.Settings | None = None,
        clock: clocks.Clock | None = None,
        *,
        send: delivery.Send | None = None,
    ) -> None:
        """Alert for the project that `serving` serves.

        Args:
            serving: gives worlds.
            settings: rules, routes and channels; those of the project's configuration unless given.
            clock: tells the time; that of `serving` unless given.
            send: sends a message over a channel; for real unless given.

        Raises:
            UsageError: what the configuration says of alerts is wrong.
        """
        self._serving = serving
        self._configured = settings if settings is not None else reading.read(serving.settings)
        self.settings = self._configured
        """What is configured, with the rules that people have made meanwhile."""
        self._made: list[ports.AlertRuleRow] = []
        self._events = event_rules.Matching(())
        self._clock = clock or serving.clock
        self._send = send or delivery.sender(checking.place_of(serving.root, serving.home))
        self._holder = secrets.token_hex(6)
        self._wanted = self.settings.wanted()
        self._definitions: surroundings.Definitions | None = None
        self._attempts: dict[tuple[str, str, str], signals.Attempt] | None = None
        self._position: int | None = None
        self._due: dict[str, int] = {}
        self._looked: dict[str, int] = {}
        self._began: int | None = None
        self._trouble = ""
        self._troubles: dict[str, str] = {}
        self._stopping = threading.Event()
        self._news: ledgers.News | None = None

    # --- a thread ---

    def run(self) -> None:
        """Take turns until `stop` is called; a turn that fails is told, and tried again a little later."""
        ledger = self._serving.open_ledger()
        self._news = news = ledger.listen()
        try:
            while not self._stopping.is_set():
                wait, begun = _AFTER_ERROR, self._clock.monotonic()
                try:
                    wake = self.turn()
                    wait = max((wake - self._clock.now()).total_seconds(), 0.0)
                    self._trouble = ""
                except Exception as error:
                    self._tell(error)
                # a busy run writes hundreds of times a second; and alerting never takes more than a tenth of a core
                pause = max(_PAUSE, 9 * (self._clock.monotonic() - begun))
                if wait > pause and not self._stopping.is_set():
                    news.wait(wait)
                self._stopping.wait(pause)
                news.clear()
        finally:
            self._news = None
            news.close()
            self._hand_over(ledger)
            ledger.close()

    def _tell(self, error: Exception) -> None:
        """Log what went wrong in a turn, once as long as it is the same."""
        told = f"{type(error).__name__}: {error}"
        if told != self._trouble:
            self._trouble = told
            log.error("Alerting cannot go on, and is tried again and again: %s", told, exc_info=error)

    def stop(self) -> None:
        """Let `run` come to its end; any thread may."""
        self._stopping.set()
        if (news := self._news) is not None:
            news.wake()

    def _hand_over(self, ledger: ledgers.Ledger) -> None:
        """Give up the lease, so that another need not wait for its end."""
        with ledger.transaction() as transaction:
            state = transaction.alert_state()
            if state is not None and state.holder == self._holder:
                transaction.set_alert_state(replace(state, holder="", until=0))

    # --- a turn ---

    def turn(self, now: datetime | None = None) -> datetime:
        """Decide on all that is new and send what waits; returns when to come again, news or not."""
        moment = now or self._clock.now()
        at = clocks.microseconds(moment)
        self._began = at if self._began is None else self._began
        with self._serving.world() as world:
            state = self._lead(world.ledger, at)
            if state.holder != self._holder:
                self._position = None
                return clocks.moment(min(state.until, at + LEASE))
            wake, more = self._decide(world, state, moment)
            rows = world.ledger.alert_messages(due=at, limit=_MESSAGES)
        if rows:
            done = delivery.deliver(rows, self.settings.channels, self._send, now=at)
            with self._serving.world() as world:
                delivery.record(world.ledger, done, self.settings.channels, now=at)
        with self._serving.ledger() as ledger:
            waiting = ledger.next_alert_message()
        return clocks.moment(at if more else max(min(wake, wake if waiting is None else waiting), at))

    def _lead(self, ledger: ledgers.Ledger, now: int) -> ports.AlertState:
        """Take or keep the lease where nobody else has it; returns how far alerting is and who does it."""
        state = ledger.alert_state()
        if state is not None and state.holder == self._holder and state.until - now > LEASE // 2:
            return state
        if state is not None and state.holder not in ("", self._holder) and state.until > now:
            return state
        with ledger.transaction() as transaction:
            state = transaction.alert_state()
            if state is not None and state.holder not in ("", self._holder) and state.until > now:
                return state
            last = transaction.position()
            position = min(state.position, last) if state is not None else last  # a ledger may be an older copy
            if self._position is not None and state is not None and state.holder == self._holder:
                position = max(position, self._position)
            taken = ports.AlertState(position=position, holder=self._holder, until=now + LEASE)
            transaction.set_alert_state(taken)
        return taken

    def _decide(self, world: worlds.World, state: ports.AlertState, moment: datetime) -> tuple[int, bool]:
        """One decision; returns when to look again, and whether the log has more."""
        now = clocks.microseconds(moment)
        ledger = world.ledger
        self._take_in_rules(ledger)
        if self._definitions is None or not self._definitions.is_of(world):
            self._definitions = surroundings.Definitions(world)
        definitions = self._definitions
        after = state.position if self._position is None else max(self._position, state.position)
        attempts = self._attempts_under_way(world, after)
        problems = {each.key: each for each in ledger.alert_problems()}
        news: list[signals.News] = [
            alerting.Cleared(subject=each.subject, kinds=_DEFINED)
            for each in problems.values()
            if definitions.is_gone(each)
        ]
        also = partial(self._events.news, ledger) if self._events else None
        gathering = signals.Gathering(world, self._wanted, attempts, also, position=after)
        news += gathering.gather(ledger.events(after=after, limit=_BATCH))
        if "duration" in self._wanted and self._is_time("running", now, False, _LOOK_EVERY):
            self._guarded(
                "what runs",
                lambda: news.extend(looking.running(world, list(attempts.values()), list(problems.values()), moment)),
            )
        standing = self._look(world, gathering.count > 0, moment)
        incidents = ledger.unresolved(gathering.settled)
        settled = [each for each in incidents if each.id in gathering.settled]
        seen = deciding.Seen(news=news, standing=standing, settled=settled)
        known = deciding.Known(
            problems=problems,
            incidents=[each for each in incidents if each not in settled],
            silences=[
                alerting.Silence(id=each.id, matches=each.matches, until=each.until)
                for each in ledger.silences(now=now)
            ],
            recent=ledger.opened_since(now - deciding.WINDOW),
        )
        decision = deciding.decide(self.settings, known, seen, definitions.surroundings(), now=now)
        position = gathering.position
        decided = decision.events or decision.kept or decision.dropped or decision.telling
        if (decided or position - state.position > _RECORD_AFTER) and not self._commit(
            ledger, state, decision, problems, definitions, position, now, [each.id for each in known.incidents]
        ):
            self._position = None
            return now, True
        self._position = position
        wakes = [now + _LOOK_EVERY, *self._due.values()]
        if decision.wake is not None:
            wakes.append(decision.wake)
        return max(min(wakes), now + 1), gathering.count == _BATCH

    def _take_in_rules(self, ledger: ledgers.Ledger) -> None:
        """Let rules be in force that were made since the last turn, and those no more that were taken away."""
        rows = ledger.alert_rules()
        if rows == self._made:
            return
        self._made = rows
        self.settings = made_rules.with_made(self._configured, rows)
        self._events = event_rules.Matching(self.settings.rules)
        wanted = self.settings.wanted()
        if "duration" in wanted and "duration" not in self._wanted:
            self._attempts = None
        self._wanted = wanted

    def _commit(
        self,
        ledger: ledgers.Ledger,
        state: ports.AlertState,
        decision: deciding.Decision,
        before: dict[alerting.ProblemKey, alerting.Problem],
        definitions: surroundings.Definitions,
        position: int,
        now: int,
        open_before: list[str],
    ) -> bool:
        """Keep a decision whole; False where another process has the lease now, and nothing was kept."""
        url = self.settings.url
        told, noted = delivery.bundled(decision, before, definitions, url=url, now=now)
        with ledger.transaction() as transaction:
            current = transaction.alert_state()
            if current is None or current.holder != self._holder or current.position != state.position:
                return False
            if not transaction.are_unresolved(open_before):
                return False  # somebody has resolved one meanwhile: decide again
            if decision.events or noted:
                transaction.append([*decision.events, *noted])
            transaction.put_problems(decision.kept)
            transaction.drop_problems(decision.dropped)
            for telling, message in told:
                body = msgspec.json.encode(message)
                for channel in telling.channels:
                    transaction.add_message(
                        incident=telling.incident, channel=channel, about=telling.about, due=now, body=body
                    )
            transaction.set_alert_state(ports.AlertState(position=position, holder=self._holder, until=now + LEASE))
        return True

    # --- what no event says ---

    def _look(self, world: worlds.World, news: bool, moment: datetime) -> looking.Standing:
        now = clocks.microseconds(moment)
        began, definitions = self._began or now, self._definitions
        assert definitions is not None
        found: looking.Standing = {}

        def lateness() -> looking.Standing:
            standing, change = looking.lateness(world, moment)
            if change is not None:
                self._due["late"] = min(self._due["late"], max(change, now + 1))
            return standing

        if self._wanted & {"late", "due_soon"} and self._is_time("late", now, news, _LATE_EVERY):
            self._into(found, "lateness", lateness)
        if "stale" in self._wanted and self._is_time("stale", now, False, _STALE_EVERY):
            rules = self.settings.rules
            self._into(found, "staleness", lambda: looking.staleness(world, rules, definitions.chosen, moment))
        rest = self._wanted & {"location", "worker", "scheduler"}
        if rest and self._is_time("rest", now, news, _LOOK_EVERY):
            if "location" in rest:
                self._into(found, "locations", lambda: looking.locations(world, moment))
            if "worker" in rest:
                self._into(found, "workers", lambda: looking.work(world, moment, began=began))
            if "scheduler" in rest:
                self._into(found, "schedulers", lambda: looking.scheduler(world, moment, began=began))
        return found

    def _into(self, found: looking.Standing, what: str, look: Callable[[], looking.Standing]) -> None:
        """Take in what a look finds; one that fails leaves all as it was."""
        self._guarded(what, lambda: found.update(look()))

    def _guarded(self, what: str, look: Callable[[], None]) -> None:
        """Look at something; what goes wrong there is told once, and all else goes on."""
        try:
            look()
        except errors.LedgerError:
            raise
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
            if self._troubles.get(what) != told:
                self._troubles[what] = told
                log.error("Alerting cannot look at %s: %s", what, told, exc_info=error)
        else:
            self._troubles.pop(what, None)

    def _is_time(self, what: str, now: int, news: bool, every: int) -> bool:
        """Whether to look at something now: when it is due, and soon after there was news; when next is noted."""
        looked, due = self._looked.get(what, 0), self._due.get(what, 0)
        soon = looked + min(_LOOK_EVERY, every) // 5
        if due > now and not (news and soon <= now):
            if news:
                self._due[what] = min(due, soon)
            return False
        self._looked[what] = now
        self._due[what] = now + every
        return True

    def _attempts_under_way(self, world: worlds.World, position: int) -> dict[tuple[str, str, str], signals.Attempt]:
        """The attempts of assets that were under way at a position; read from the live runs' events the first time."""
        if self._attempts is not None:
            return self._attempts
        found = self._attempts = {}
        if "duration" in self._wanted:
            for row in world.ledger.runs(live=True):
                for place, at, event in world.ledger.events(row.id) if row.pipeline is None else ():
                    if place <= position:
                        signals.follow(world.graph, found, at, event)
        return found

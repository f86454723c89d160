"""Automation conditions at work: each turn of a scheduler asks for what they hold of.

Theory of operation. A `Conditions` keeps the columns of the assets that conditions look at, and what each condition
came to. A turn reads what happened since the last one, takes the partitions that changed over into the columns, and
evaluates what they concern (`planner.automation`); where nothing happened it costs one query. Assets that are asked for
and read each other are one execution, whose plan is the planner's. With the execution come, in one transaction, a
decision for each condition and the memory of what was asked for. Another scheduler that saw the same finds it asked for
already, and drops it. All that is in memory is a copy: a new scheduler reads it anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from weft.model import automations, control_events, errors, event_base, keys, partition_set
from weft.model import columns as columns_model
from weft.model import graph as graphs
from weft.planner.automation import operands, ticking
from weft.ports import clock as clocks
from weft.ports import deciding as ports
from weft.ports import ledger as ledgers
from weft.service import world as worlds
from weft.service.asset import observing
from weft.service.automation import asking, condition_groups, condition_memory, sensing
from weft.service.automation import condition_words as words
from weft.service.plan import applying, planning

PartitionSet = partition_set.PartitionSet
EMPTY = PartitionSet.empty()
MOST_EVENTS = 20_000
"""More events than this since the last turn, and all is read anew."""
_SOON = timedelta(milliseconds=200)
Reserved = Mapping[keys.AssetKey, PartitionSet]


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What was read of the ledger, up to `position`."""

    graph: graphs.Graph
    defined: graphs.Graph
    """The graph as it was defined, before the keys of dynamic partitions were filled in."""
    ticking: ticking.Ticking
    position: int
    columns: dict[keys.AssetKey, columns_model.Columns]
    external: frozenset[keys.AssetKey]
    reserved: Reserved = field(default_factory=dict)
    live: frozenset[str] = frozenset()
    automations: Mapping[str, ports.AutomationSeen] = field(default_factory=dict)
    memories: dict[keys.AssetKey, condition_memory.Memory] = field(default_factory=dict)
    asked: dict[keys.AssetKey, operands.Asked] = field(default_factory=dict)
    again: set[keys.AssetKey] = field(default_factory=set)
    """What is to be evaluated in the next turn, whatever happens."""


class Conditions:
    """The conditions of one scheduler; used by one thread."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._seen: _Seen | None = None

    def evaluate(self, world: worlds.World, now: datetime) -> datetime | None:
        """Ask for what conditions hold of at `now`; returns when to look again without news (None: only with news)."""
        seen = self.look(world, now)
        if seen is None:
            return None
        moved = False
        for group in self._groups(seen):
            moved = not self._ask(world, seen, group, now) or moved
        return now + _SOON if moved or seen.again else seen.ticking.next_wake()

    def look(self, world: worlds.World, now: datetime) -> _Seen | None:
        """Read what happened, and evaluate what it concerns; asks for nothing. None where there are no conditions."""
        if not any(isinstance(each, automations.AssetAutomation) for each in world.graph.automations.values()):
            self._seen = None
            return None
        seen, changed = self._read(world, now)
        waking = seen.ticking.next_wake()
        if changed is None or changed or (waking is not None and waking <= now):
            known = operands.Known(
                graph=seen.graph,
                columns=seen.columns,
                reserved=seen.reserved,
                asked=seen.asked,
                activated={each: self._activated(seen, each) for each in seen.ticking.conditions},
            )
            seen.ticking.turn(known, changed, now)
            self._settle(world, seen)
        return seen

    # --- what is known ---

    def _read(self, world: worlds.World, now: datetime) -> tuple[_Seen, set[keys.AssetKey] | None]:
        """Read what happened since; the assets that it concerns, None for all."""
        seen = self._seen
        if seen is None or not _is_of(seen, world):
            self._seen = self._anew(world, now)
            return self._seen, None
        news = world.ledger.changed_assets(seen.position, most=MOST_EVENTS)
        if news.assets is None:
            self._seen = self._anew(world, now)
            return self._seen, None
        changed, seen.again = set(seen.again), set()
        if news.position == seen.position:
            return seen, changed
        relevant = news.assets & seen.columns.keys()
        if relevant:
            self._take_over(world, seen, world.ledger.changed_rows(relevant, seen.position))
            changed |= relevant
        seen.position = news.position
        changed |= self._read_progress(world, seen)
        if news.automations:
            seen.automations = world.ledger.automations_seen("condition:")
        return seen, changed

    def _anew(self, world: worlds.World, now: datetime) -> _Seen:
        graph = world.graph
        made = ticking.Ticking(graph)
        self._note_new(world, made.conditions.values(), now)
        position = world.ledger.position()
        relevant = made.relevant
        external = frozenset(asset for asset in relevant if graph.assets[asset].step is None)
        columns = world.ledger.columns({asset: graph.assets[asset].partitions for asset in relevant}, external=external)
        observing.with_todays_code(world, columns)
        defined = world.definitions.graph
        seen = _Seen(graph=graph, defined=defined, ticking=made, position=position, columns=columns, external=external)
        seen.automations = world.ledger.automations_seen("condition:")
        states = world.ledger.automation_states("condition:")
        for asset, each in made.conditions.items():
            state = states.get(each.id)
            seen.memories[asset] = condition_memory.decode(
                state.body if state else None, condition_groups.mark(graph, asset)
            )
        self._read_progress(world, seen)
        for asset in made.conditions:
            self._note_asked(seen, asset)
        return seen

    def _note_new(self, world: worlds.World, conditions: Iterable[automations.AssetAutomation], now: datetime) -> None:
        known = world.ledger.automations_seen("condition:")
        new = [each for each in conditions if each.id not in known or known[each.id].activated is None]
        if not new:
            return
        with world.ledger.transaction() as transaction:
            found: list[event_base.Event] = []
            for each in new:
                seen = transaction.seen(each.id)
                if seen is None or seen.activated is None:
                    location = world.locations.get(f"automation:{each.id}", "")
                    at = clocks.microseconds(now)
                    found += sensing.activation(each.id, at, location, paused=each.paused and seen is None)
            if found:
                transaction.append(found)

    def _read_progress(self, world: worlds.World, seen: _Seen) -> set[keys.AssetKey]:
        """Read what live runs make, and which executions live; returns the assets of which that is news."""
        reserved: dict[keys.AssetKey, PartitionSet] = {}
        for _, asset, mark, ordinals in world.ledger.all_reservations():
            if asset in seen.columns and mark == condition_groups.mark(seen.graph, asset):
                reserved[asset] = reserved.get(asset, EMPTY) | ordinals
        changed = {asset for asset in {*reserved, *seen.reserved} if reserved.get(asset) != seen.reserved.get(asset)}
        seen.reserved = reserved
        live = world.ledger.live_automation_executions()
        if live != seen.live:
            ended, seen.live = seen.live ^ live, live
            for asset, memory in seen.memories.items():
                if memory.under_way.keys() & ended:
                    self._note_asked(seen, asset)
                    changed.add(asset)
        return changed

    def _note_asked(self, seen: _Seen, asset: keys.AssetKey) -> None:
        memory = seen.memories[asset]
        if memory.ordinals or memory.under_way:
            seen.asked[asset] = condition_memory.asked(memory, seen.live)
        else:
            seen.asked.pop(asset, None)

    def _take_over(
        self, world: worlds.World, seen: _Seen, rows: Sequence[tuple[str, columns_model.PartitionRow]]
    ) -> None:
        touched: dict[keys.AssetKey, columns_model.Columns] = {}
        for asset, row in rows:
            divided = seen.graph.assets[asset].partitions
            ordinal = 0 if divided is None else divided.find(row.key)
            if ordinal is not None and (divided is not None or not row.key):
                seen.columns[asset].put(ordinal, row, external=asset in seen.external)
                touched[asset] = seen.columns[asset]
        observing.with_todays_code(world, touched)

    @staticmethod
    def _activated(seen: _Seen, asset: keys.AssetKey) -> int:
        known = seen.automations.get(seen.ticking.conditions[asset].id)
        return known.activated or 0 if known is not None else 0

    def _settle(self, world: worlds.World, seen: _Seen) -> None:
        """Forget what was asked for and does not hold any more."""
        settled: dict[keys.AssetKey, condition_memory.Memory] = {}
        for asset in list(seen.asked):
            found = condition_memory.settled(seen.memories[asset], seen.ticking.results[asset], seen.live)
            if found is not None:
                settled[asset] = found
        if not settled:
            return
        with world.ledger.transaction() as transaction:
            for asset, memory in settled.items():
                state = transaction.state(seen.ticking.conditions[asset].id)
                kept = condition_memory.decode(state.body, condition_groups.mark(seen.graph, asset))
                if kept != seen.memories[asset]:  # another scheduler asked meanwhile
                    memory = kept
                    seen.again.add(asset)
                else:
                    transaction.put_state(replace(state, body=condition_memory.encode(memory)))
                seen.memories[asset] = memory
                self._note_asked(seen, asset)

    # --- asking ---

    def _groups(self, seen: _Seen) -> list[condition_groups.Group]:
        """What is asked for of conditions that are not paused, in groups."""
        results = []
        for asset in seen.ticking.asking:
            known = seen.automations.get(seen.ticking.conditions[asset].id)
            if known is None or not known.paused:
                results.append(seen.ticking.results[asset])
        return condition_groups.grouped(seen.graph, results)

    def _ask(self, world: worlds.World, seen: _Seen, group: condition_groups.Group, now: datetime) -> bool:
        """Ask for a group; False where it moved, so that it is to be looked at again."""
        from weft.service.execution import executions

        assets = list(group.asks)
        first = seen.ticking.conditions[assets[0]]
        wanted = executions.Wanted(
            ask=planning.Ask(selection=" or ".join(f"key:{each}" for each in assets), exact=group.forced),
            only=group.asks if group.forced else condition_groups.with_above(seen.graph, group.asks, now),
            kind="automation",
            automation=first.id,
            trigger="condition",
            by=first.id,
        )
        problem, prepared = "", None
        try:
            prepared = executions.prepare(world, wanted)
        except errors.WeftError as error:
            problem = error.message
        try:
            with world.ledger.transaction() as transaction:
                states = {asset: transaction.state(seen.ticking.conditions[asset].id) for asset in assets}
                if not self._is_still_to_ask(transaction, seen, states):
                    return False
                execution, events, reason = None, [], asking.NOTHING_TO_DO
                outcome: Literal["started", "skipped", "failed"] = "skipped"
                if problem:
                    outcome, reason = "failed", problem
                elif prepared is not None and prepared.total:
                    created = executions.created(world, transaction, prepared)
                    execution, outcome, reason = created.execution, "started", ""
                    events = list(created.events)
                decided = self._decisions(seen, group, states, now, outcome, reason, execution)
                transaction.append([*events, *(event for event, _, _ in decided if event is not None)])
                for _, state, _ in decided:
                    transaction.put_state(state)
        except applying.PlanMovedError:
            seen.again.update(assets)
            return False
        if execution is not None:
            seen.live = seen.live | {execution}
        for asset, (_, _, memory) in zip(assets, decided, strict=True):
            seen.memories[asset] = memory
            self._note_asked(seen, asset)
            seen.again.add(asset)
        return True

    def _is_still_to_ask(
        self,
        transaction: ledgers.Transaction,
        seen: _Seen,
        states: Mapping[keys.AssetKey, ports.AutomationState],
    ) -> bool:
        """Whether no other scheduler has asked, and nobody paused a condition, since we looked."""
        still = True
        for asset, state in states.items():
            kept = condition_memory.decode(state.body, condition_groups.mark(seen.graph, asset))
            if kept != seen.memories[asset]:
                seen.memories[asset] = kept
                self._note_asked(seen, asset)
                seen.again.add(asset)
                still = False
            known = transaction.seen(state.automation)
            still = still and (known is None or not known.paused)
        return still

    def _decisions(
        self,
        seen: _Seen,
        group: condition_groups.Group,
        states: Mapping[keys.AssetKey, ports.AutomationState],
        now: datetime,
        outcome: Literal["started", "skipped", "failed"],
        reason: str,
        execution: str | None,
    ) -> list[tuple[control_events.TickDecided | None, ports.AutomationState, condition_memory.Memory]]:
        """The decision of each condition (None: the same as before, which is counted), and what is kept of it."""
        moment = clocks.microseconds(now)
        found: list[tuple[control_events.TickDecided | None, ports.AutomationState, condition_memory.Memory]] = []
        for asset, state in states.items():
            result, automation = seen.ticking.results[asset], seen.ticking.conditions[asset]
            ordinals = group.asks[asset]
            taken = condition_groups.only(result, ordinals)
            told = reason or words.why(seen.graph, result, ordinals)
            is_news = outcome == "started" or (state.decision, state.reason) != (outcome, told)
            event = control_events.TickDecided(
                automation=automation.id,
                tick=condition_groups.tick(taken, moment),
                due=moment,
                decision=outcome,
                reason=told,
                executions=() if execution is None else (execution,),
            )
            under_way = {} if execution is None else {execution: ordinals}
            memory = condition_memory.after_asking(seen.memories[asset], taken, {*seen.live, *under_way}, under_way)
            kept = replace(
                state,
                looked_at=moment,
                same=0 if is_news else state.same + 1,
                decision=outcome,
                reason=told,
                body=condition_memory.encode(memory),
            )
            found.append((event if is_news else None, kept, memory))
        return found


def _is_of(seen: _Seen, world: worlds.World) -> bool:
    """Whether what was read is of the definitions of a world, dynamic partitions with the same keys among them.

    Worlds of one server share what is defined, but each fills in the keys for itself.
    """
    if seen.graph is world.graph:
        return True
    if seen.defined is not world.definitions.graph:
        return False
    return all(
        seen.graph.assets[asset].partitions == world.graph.assets[asset].partitions
        for asset in seen.columns
        if (divided := seen.defined.assets[asset].partitions) is not None and divided.dynamic_names()
    )

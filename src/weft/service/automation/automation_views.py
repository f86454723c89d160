"""What is shown of automations: what each asks for, what it decided last and why, and how a condition stands."""

from __future__ import annotations

from typing import Literal

from weft.model import automations as model
from weft.model import errors, partition_set
from weft.planner.automation import operands
from weft.ports import clock as clocks
from weft.ports import deciding as ports
from weft.service import views
from weft.service import world as worlds
from weft.service.asset import observing
from weft.service.automation import automations, condition_memory, condition_words, sensing, sensor_evaluation


class AutomationView(views.View, frozen=True, kw_only=True):
    """An automation. `same` counts how often it decided the same since it decided so first."""

    id: str
    kind: str
    name: str
    location: str
    asks_for: str
    """The pipeline, the selection of assets, or the asset."""
    when: str
    """Its schedule, interval or condition, as people write it."""
    paused: bool
    paused_by: str
    paused_why: str
    decision: str
    reason: str
    decided_at: str | None
    looked_at: str | None
    next_look: str | None
    same: int
    cursor: str | None
    description: str


class ConditionView(views.View, frozen=True, kw_only=True):
    """A condition of the tree, and of which partitions it holds; `partitions` counts them, `told` names them."""

    told: str
    kind: str
    holds: bool
    partitions: int
    which: str
    parts: tuple[ConditionView, ...] = ()


class ExplainView(views.View, frozen=True, kw_only=True):
    """An automation with what it came to, and, of a condition, why; `asks` names what would be asked for now."""

    automation: AutomationView
    condition: ConditionView | None = None
    asks: str = ""
    held_back: str = ""
    """What it holds of and is not asked for: it is under way, or was asked for of the same causes."""


class LookView(views.View, frozen=True, kw_only=True):
    """What a sensor asked for when it was tried: nothing was started, and its cursor is as it was."""

    sensor: str
    seconds: float
    requests: tuple[RequestView, ...]
    skip: str
    cursor: str | None
    error: str


class RequestView(views.View, frozen=True, kw_only=True):
    """A run that a sensor asks for; `decided` says that its key was seen before, so that nothing would start."""

    key: str
    params: dict[str, object]
    partition: str | None
    decided: bool


def ls(world: worlds.World, kind: str | None = None) -> list[AutomationView]:
    """All automations, schedules among them; those of a kind."""
    seen, states = world.ledger.automations_seen(), world.ledger.automation_states()
    return [
        _view(world, each, seen.get(each), states.get(each))
        for each in automations.ids(world)
        if kind in (None, each.partition(":")[0])
    ]


def _view(
    world: worlds.World, automation: str, seen: ports.AutomationSeen | None, state: ports.AutomationState | None
) -> AutomationView:
    kind, _, name = automation.partition(":")
    defined = world.graph.automations.get(automation)
    asks_for, when, paused, description = name, "", False, ""
    match defined:
        case model.Sensor():
            asks_for, when, paused = str(defined.target), f"every {defined.every:g} s", defined.paused
        case model.Webhook():
            asks_for, when, paused = str(defined.target), "on delivery", defined.paused
        case model.AssetAutomation():
            when, paused = condition_words.told(defined.condition), defined.paused
        case None:
            holder = world.graph.pipelines.get(name) or world.graph.jobs.get(name)
            when = holder.schedule.text if holder is not None and holder.schedule is not None else ""
    if defined is not None:
        description = defined.description
    is_known = seen is not None and seen.activated is not None
    decided = state is not None and bool(state.decision)
    last = seen.last_at if seen is not None else None
    place = world.locations.get(f"automation:{automation}") or world.locations.get(f"pipeline:{name}", "")
    return AutomationView(
        id=automation,
        kind=kind,
        name=name,
        location=place or (seen.location if seen is not None else ""),
        asks_for=asks_for,
        when=when,
        paused=(seen is not None and seen.paused) or (not is_known and paused),
        paused_by=seen.paused_by if seen is not None and seen.paused else "",
        paused_why=seen.paused_reason if seen is not None and seen.paused else "",
        decision=(state.decision if state is not None and decided else "") or (seen.last_decision if seen else ""),
        reason=state.reason if state is not None else "",
        decided_at=None if last is None else views.time_of_us(last),
        looked_at=None if state is None or state.looked_at is None else views.time_of_us(state.looked_at),
        next_look=None if state is None or state.next_due is None else views.time_of_us(state.next_due),
        same=state.same if state is not None else 0,
        cursor=seen.cursor if seen is not None else None,
        description=description,
    )


class DecisionView(views.View, frozen=True, kw_only=True):
    """One decision of an automation."""

    automation: str
    tick: str
    decision: str
    reason: str
    at: str | None
    runs: tuple[str, ...]
    executions: tuple[str, ...]
    count: int


def history(world: worlds.World, name: str, *, limit: int = 20) -> list[DecisionView]:
    """What an automation decided, newest first.

    Raises:
        UsageError: there is none of this name.
    """
    return [
        DecisionView(
            automation=row.automation,
            tick=row.tick,
            decision=row.decision,
            reason=row.reason,
            at=views.time_of_us(row.at),
            runs=row.runs,
            executions=row.executions,
            count=row.count,
        )
        for row in world.ledger.ticks(automations.find(world, name), limit=limit)
    ]


def explain(world: worlds.World, name: str) -> ExplainView:
    """Tell how an automation stands; a condition as a tree with what holds at this moment.

    Raises:
        UsageError: there is none of this name.
    """
    automation = automations.find(world, name)
    seen = world.ledger.automations_seen(automation).get(automation)
    state = world.ledger.automation_states(automation).get(automation)
    view = _view(world, automation, seen, state)
    defined = world.graph.automations.get(automation)
    if not isinstance(defined, model.AssetAutomation):
        return ExplainView(automation=view)
    result = _evaluated(world, defined, seen, state)
    words = condition_words.partitions
    held = result.holds - result.asks
    return ExplainView(
        automation=view,
        condition=_tree(world, defined.asset, result.tree),
        asks=_named(words(world.graph, defined.asset, result.asks), result.asks),
        held_back=_named(words(world.graph, defined.asset, held), held),
    )


def _evaluated(
    world: worlds.World,
    defined: model.AssetAutomation,
    seen: ports.AutomationSeen | None,
    state: ports.AutomationState | None,
) -> operands.Result:
    graph, now = world.graph, world.clock.now()
    scope = {defined.asset, *graph.upstream(defined.asset)}
    columns = world.ledger.columns(
        {asset: graph.assets[asset].partitions for asset in scope},
        external=frozenset(asset for asset in scope if graph.assets[asset].step is None),
    )
    observing.with_todays_code(world, columns)
    marks = {asset: each.fingerprint if (each := graph.assets[asset].partitions) else "" for asset in scope}
    reserved: dict[str, partition_set.PartitionSet] = {}
    for _, asset, mark, ordinals in world.ledger.all_reservations():
        if marks.get(asset) == mark:
            reserved[asset] = reserved.get(asset, operands.EMPTY) | ordinals
    memory = condition_memory.decode(state.body if state is not None else None, marks[defined.asset])
    at = seen.activated if seen is not None else None
    known = operands.Known(
        graph=graph,
        columns=columns,
        reserved=reserved,
        asked={defined.asset: condition_memory.asked(memory, world.ledger.live_automation_executions())},
        activated={defined.asset: at if at is not None else clocks.microseconds(now)},
    )
    return operands.evaluate(known, defined, now, {})


def _tree(world: worlds.World, asset: str, node: operands.Node) -> ConditionView:
    condition = node.condition
    return ConditionView(
        told=condition.label or condition_words.operand(condition),
        kind=condition.kind,
        holds=bool(node.holds),
        partitions=len(node.holds),
        which=condition_words.partitions(world.graph, asset, node.holds),
        parts=tuple(_tree(world, asset, part) for part in node.parts),
    )


def _named(words: str, ordinals: partition_set.PartitionSet) -> str:
    return words or ("it" if ordinals else "")


def try_sensor(world: worlds.World, name: str, *, cursor: str | None = None) -> LookView:
    """Run a sensor's function in this process, and tell what it asks for; nothing is started or kept.

    Raises:
        UsageError: there is no such sensor, or its code is not here.
    """
    sensor = sensing.find(world, name)
    if sensor.id not in world.definitions.sensors:
        raise errors.UsageError(
            f"The code of the sensor {sensor.name!r} is not here.", remedy="Try it where its project is."
        )
    seen = world.ledger.automations_seen(sensor.id).get(sensor.id)
    begun = world.clock.monotonic()
    answer = sensor_evaluation.evaluate(
        world,
        sensor.id,
        cursor=cursor if cursor is not None else seen.cursor if seen is not None else None,
        last_tick=None if seen is None or seen.last_at is None else clocks.moment(seen.last_at),
        now=world.clock.now(),
    )
    return LookView(
        sensor=sensor.name,
        seconds=world.clock.monotonic() - begun,
        requests=tuple(
            RequestView(
                key=each.key,
                params=each.params,
                partition=each.partition,
                decided=bool(each.key) and world.ledger.decision(sensor.id, each.key) is not None,
            )
            for each in answer.requests
        ),
        skip=answer.skip,
        cursor=answer.cursor,
        error=answer.error,
    )


Kind = Literal["schedule", "sensor", "webhook", "condition"]
KINDS: tuple[Kind, ...] = ("schedule", "sensor", "webhook", "condition")

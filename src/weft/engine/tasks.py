"""The network of a pipeline's run: built from its steps, grown when a mapped step knows its items, cut by choices.

A mapped step begins as one *fan node*, which waits as the step does. Once its number of items is known they take its
place, and its *join*, which stood behind it from the start, waits for all of them. The steps of a mapped group share
one fan node, which waits for what the group fans out over; what else they wait for, each item does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import overload

import msgspec

from weft.engine import network as networks
from weft.engine import rules, words
from weft.model import keys, pipelines

RUN_POOL = "run"
"""The pool of all slots of a run, where the pipeline limits how many of its steps run at once."""


class Items(Sequence[str]):
    """The names of a mapped step's items, made when they are asked for."""

    __slots__ = ("_count",)

    def __init__(self, count: int) -> None:
        """Name `count` items."""
        self._count = count

    def __len__(self) -> int:
        """How many there are."""
        return self._count

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        """The name at a place."""
        found = range(self._count)[place]
        return str(found) if isinstance(found, int) else tuple(map(str, found))


def build(pipeline: pipelines.Pipeline) -> networks.Network:
    """The network of a run of the whole pipeline."""
    steps = pipeline.steps
    network = networks.Network(pipeline=pipeline, below=_below(pipeline), indirect_setups=_indirect_setups(pipeline))
    if pipeline.max_active_steps is not None:
        network.capacities[RUN_POOL] = pipeline.max_active_steps
    network.capacities.update({_tag_pool(tag): limit for tag, limit in pipeline.tag_limits.items()})
    groups: dict[str, int] = {}
    for step in steps.values():
        if step.fan is None:
            network.first[step.key] = network.append(_line(network, step, ("",)))
            continue
        node = groups.get(step.group) if step.group else None
        if node is None:
            node = network.append(_fan_line(step))
        if step.group:
            groups[step.group] = node
        network.first[step.key] = node
        network.kinds.add(networks.is_exclusive(step.policies))
        network.joins[step.key] = network.append_bodiless(rules.JOIN, _setup_mark(step))
        network.edge(node, network.joins[step.key])
    for step in steps.values():
        node = network.first[step.key]
        if step.fan is None:
            wire(network, step, node, None, network.edge)
        elif groups.get(step.group) is None:
            _wire_fan(network, step, node)
        elif network.line_of(node).step == step.key:
            for key in _fan_sources(step):
                network.edge(_exit(network, key), node)
    return network


def steps_of(network: networks.Network, node: int) -> tuple[keys.StepKey, ...]:
    """The steps that a node stands for: all steps of the group for its fan node, else one."""
    line = network.line_of(node)
    if line.kind == "step" or not line.group or network.pipeline is None:
        return (line.step,)
    return tuple(step.key for step in network.pipeline.steps.values() if step.group == line.group)


def wire(
    network: networks.Network,
    step: pipelines.TaskStep,
    node: int,
    place: int | None,
    edge: Callable[[int, int], None],
) -> None:
    """Tell by `edge` all that a step run waits for; `place` is that of its item, None for a plain step."""
    above = 0
    for key, aligned in _above(network, step):
        edge(_exit(network, key, place if aligned else None), node)
        above += 1
    if not above:
        network.rules[node] = rules.ALL_SUCCESS
    setups = network.indirect_setups.get(step.key, ())
    if setups:
        gate = network.gate(rules.ALL_SUCCESS, node)
        for key in setups:
            edge(_exit(network, key, place if _share_group(network, step, key) else None), gate)


def expand(network: networks.Network, node: int, count: int) -> Iterator[tuple[pipelines.TaskStep, int]]:
    """Add the items of a fan node's steps, `count` of each, with their joins behind them; yields each first item.

    That the joins wait for them, and what the items of a group wait for (see `wire`), is told by who runs them.
    """
    for key in steps_of(network, node):
        step = _steps(network)[key]
        base = network.append(_line(network, step, Items(count)))
        network.spans[key] = (base, count)
        if not step.group:
            network.rules[base : base + count] = bytes(count)  # the fan node has waited for them
        for item in range(base, base + count):
            network.downstream[item] = [network.joins[key]]
        yield step, base


def settled(
    network: networks.Network,
    node: int,
    *,
    follow: Iterable[str] | None = None,
    proceed: bool = True,
    reused: bool = False,
) -> words.Succeeded | words.Reused | words.Chosen:
    """The move of a step run that succeeded or is reused, with what its choice leaves out.

    `follow` are the ids of the tasks (or groups) that a branch chose: as in Airflow what is directly below and neither
    chosen nor below something chosen is skipped. A short circuit that does not `proceed` skips all that is below, or
    only what is directly so where it respects the rules of the rest. Teardowns are never left out.
    """
    line = network.line_of(node)
    step = network.pipeline.steps.get(line.step) if network.pipeline is not None else None
    if step is None or (follow is None and proceed):
        return words.Reused(node) if reused else words.Succeeded(node)
    below = dict(network.below[step.key])
    if follow is not None:
        kept = _kept(network, follow)
        left_out = {key: aligned for key, aligned in below.items() if key not in kept}
    elif step.respect_rules:
        left_out = below
    else:
        left_out = _all_below(network, step.key)
    skip: list[int] = []
    whole: list[keys.StepKey] = []
    for key, aligned in left_out.items():
        if _steps(network)[key].role == "teardown":
            continue
        other = network.node_at(key, network.item_of(node)) if aligned and step.fan is not None else None
        if other is not None:
            skip.append(other)
        else:
            whole.append(key)
    return words.Chosen(node, tuple(skip), tuple(whole), reused)


def nodes_of(network: networks.Network, key: keys.StepKey) -> Sequence[int]:
    """The step runs of a step as far as they are known: none of one in a mapped group without items yet."""
    if key in network.spans:
        base, count = network.spans[key]
        return range(base, base + count)
    return () if _steps(network)[key].group else (network.first[key],)


# --- what waits for what ---


def _above(network: networks.Network, step: pipelines.TaskStep) -> list[tuple[keys.StepKey, bool]]:
    """The steps that a step waits for, and whether item by item."""
    if step.rule == "always":
        return []
    found = {edge.step: edge.aligned for edge in step.after}
    for key in step.setups:
        found.setdefault(key, _share_group(network, step, key))
    return list(found.items())


def _wire_fan(network: networks.Network, step: pipelines.TaskStep, node: int) -> None:
    """Let a fan node wait as its step does, and at any rate for what it fans out over."""
    sources = _fan_sources(step)
    if step.rule == "always":
        for key in sources:
            network.edge(_exit(network, key), node)
        network.rules[node] = rules.CODES["all_done"] if sources else rules.ALL_SUCCESS
        return
    wire(network, step, node, None, network.edge)
    direct = {edge.step for edge in step.after}
    for key in sources:
        if key not in direct:
            network.edge(_exit(network, key), node)
            network.rules[node] = rules.CODES[step.rule]
    if step.rule in rules.EARLY and sources:
        gate = network.gate(rules.CODES["all_done"], node)
        for key in sources:
            network.edge(_exit(network, key), gate)


def _fan_sources(step: pipelines.TaskStep) -> tuple[keys.StepKey, ...]:
    found = [source for _, source in step.fan.sources if isinstance(source, str)] if step.fan else []
    return tuple(dict.fromkeys(found))


def _exit(network: networks.Network, key: keys.StepKey, place: int | None = None) -> int:
    """The node whose end is that of a step, or of one of its items."""
    if place is not None:
        return network.spans[key][0] + place
    return network.joins.get(key, network.first[key])


def _share_group(network: networks.Network, step: pipelines.TaskStep, other: keys.StepKey) -> bool:
    return bool(step.group) and _steps(network)[other].group == step.group


def _indirect_setups(pipeline: pipelines.Pipeline) -> dict[keys.StepKey, tuple[keys.StepKey, ...]]:
    """The setups that each step needs although they are not directly above it.

    As in Airflow: those somewhere above that have no teardown, or one somewhere below the step.
    """
    setups = [step.key for step in pipeline.steps.values() if step.role == "setup"]
    if not setups:
        return {}
    above = {step.key: _direct(step) for step in pipeline.steps.values()}
    below: dict[keys.StepKey, list[keys.StepKey]] = {}
    for key, sources in above.items():
        for source in sources:
            below.setdefault(source, []).append(key)
    found: dict[keys.StepKey, list[keys.StepKey]] = {}
    for setup in setups:
        ends = [key for key in below.get(setup, ()) if pipeline.steps[key].role == "teardown"]
        within = _reached(ends, above) if ends else None
        for key in _reached([setup], below):
            step = pipeline.steps[key]
            if step.role == "teardown" or step.rule == "always" or setup in above[key]:
                continue
            if within is None or key in within:
                found.setdefault(key, []).append(setup)
    return {key: tuple(each) for key, each in found.items()}


def _direct(step: pipelines.TaskStep) -> tuple[keys.StepKey, ...]:
    return tuple(dict.fromkeys((*(edge.step for edge in step.after), *step.setups, *_fan_sources(step))))


def _reached(
    starts: Iterable[keys.StepKey], following: dict[keys.StepKey, list[keys.StepKey]] | dict[str, tuple[str, ...]]
) -> set[keys.StepKey]:
    """All that is reached from somewhere, without where it began."""
    found: set[keys.StepKey] = set()
    waiting = list(starts)
    while waiting:
        for key in following.get(waiting.pop(), ()):
            if key not in found:
                found.add(key)
                waiting.append(key)
    return found


# --- choices ---


def _below(pipeline: pipelines.Pipeline) -> dict[keys.StepKey, dict[keys.StepKey, bool]]:
    """The steps directly below each step, and whether they are so item by item."""
    found: dict[keys.StepKey, dict[keys.StepKey, bool]] = {key: {} for key in pipeline.steps}
    for step in pipeline.steps.values():
        aligned = {edge.step: edge.aligned for edge in step.after}
        for above in _direct(step):
            share = bool(step.group) and pipeline.steps[above].group == step.group
            found[above][step.key] = aligned.get(above, share)
    return found


def _all_below(network: networks.Network, key: keys.StepKey) -> dict[keys.StepKey, bool]:
    """All steps below a step, and whether they are so item by item all the way."""
    found: dict[keys.StepKey, bool] = {}
    waiting = [(key, True)]
    while waiting:
        above, aligned = waiting.pop()
        for below, each in network.below[above].items():
            whole = aligned and each
            if below not in found or (whole and not found[below]):
                found[below] = whole
                waiting.append((below, whole))
    return found


def _kept(network: networks.Network, follow: Iterable[str]) -> set[keys.StepKey]:
    """The steps that a branch chose, and those below them."""
    chosen = tuple(follow)
    found: set[keys.StepKey] = set()
    for step in _steps(network).values():
        if any(step.task == each or step.task.startswith(f"{each}.") for each in chosen):
            found.add(step.key)
            found.update(_all_below(network, step.key))
    return found


# --- lines ---


def _line(network: networks.Network, step: pipelines.TaskStep, items: Sequence[str]) -> networks.Line:
    pools = networks.pools_of(step.policies)
    if RUN_POOL in network.capacities:
        pools = (*pools, (RUN_POOL, 1))
    tags = (_tag_pool(tag) for tag in dict.fromkeys(step.policies.tags))
    return networks.line(
        step.key,
        policies=step.policies,
        items=items,
        code=step.code,
        outputs=step.outlets,
        rule=step.rule,
        role=step.role,
        group=step.group,
        pools=(*pools, *((pool, 1) for pool in tags if pool in network.capacities)),
    )


def _fan_line(step: pipelines.TaskStep) -> networks.Line:
    return networks.line(
        step.key,
        policies=msgspec.structs.replace(step.policies, pools=(), slots=1),
        items=("",),
        code=step.code,
        rule="all_success" if step.group else step.rule,
        group=step.group,
        role=step.role,
        kind="fan",
    )


def _setup_mark(step: pipelines.TaskStep) -> int:
    return networks.SETUP if step.role == "setup" else 0


def _tag_pool(tag: str) -> str:
    return f"tag:{tag}"


def _steps(network: networks.Network) -> dict[keys.StepKey, pipelines.TaskStep]:
    if network.pipeline is None:
        raise ValueError("the network is not that of a pipeline")
    return network.pipeline.steps  # type: ignore[return-value]

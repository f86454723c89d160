"""How a run grows while it goes on: by the items of a mapped step, by the calls of a flow.

What a new node waits for may have ended already. It then sees that end at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from weft.engine import network as networks
from weft.engine import rules, spreading, state, tasks, transitions, words
from weft.model import keys

Move = transitions.Move
State = transitions.State


def add(run: state.Run, line: networks.Line, waits: Sequence[int] = ()) -> tuple[int, list[words.Command]]:
    """Add a line to a run under way, of which every node waits for all of `waits`; returns its first node.

    Where those have finished well already it may start at once; where one ended otherwise its rule says what follows.
    """
    network = run.network
    base = network.append(line)
    state.admit(run, line)
    run.unfinished += line.count
    nodes = range(base, base + line.count)
    above: Sequence[int] = waits
    if len(waits) > 1 and line.count > 1 and line.rule == "all_success":
        above = (network.append_bodiless(rules.ALL_SUCCESS),)
    state.grow(run)
    if above is not waits:
        for source in waits:
            _attach(run, source, above[0])
    for node in nodes:
        for source in above:
            _attach(run, source, node)
        if not above:
            network.rules[node] = rules.ALL_SUCCESS
    spread = spreading.Spread(run)
    if run.cancelled:
        for node in nodes:
            spread.end(node, "cancelled", run.cancelled, "")
        return base, spread.go()
    origin = _origin(run, waits)
    for node in (*above, *nodes) if above is not waits else nodes:
        spread.consider(node, run.seen[node], origin)
    return base, spread.go(first=False)


def expand(run: state.Run, node: int, count: int) -> list[words.Command]:
    """Put the items in the place of a fan node that has ended."""
    network = run.network
    start = network.size
    made = list(tasks.expand(network, node, count))
    state.grow(run)
    for step, base in made:
        state.admit(run, network.line_of(base))
        run.waits[network.joins[step.key]] += count - 1
        run.unfinished += count
    if not network.line_of(node).group:
        _, base = made[0]
        _start_at_once(run, range(base, base + count))
        return []

    def edge(above: int, below: int) -> None:
        state.grow(run)  # a gate may have come in between
        _attach(run, above, below)

    for step, base in made:
        for place in range(count):
            tasks.wire(network, step, base + place, place, edge)
    state.grow(run)
    for each in range(start, network.size):
        if each in network.gated:
            run.gated[each] = network.gated[each]
    spread = spreading.Spread(run)
    for step, base in made:
        if step.key in run.ahead:
            spread.skip(range(base, base + count), "a choice above left it out", "")
    for each in range(start, network.size):
        spread.consider(each, run.seen[each], network.line_of(node).step)
    return spread.go()


def _start_at_once(run: state.Run, items: range) -> None:
    for item in items:
        state.move(run, item, Move.UNBLOCK)
    queue = run.ready[-run.network.line_of(items[0]).policies.priority]
    queue.extendleft(reversed(items))


def _attach(run: state.Run, source: int, node: int) -> None:
    """Let a node wait for another, or see how that one ended."""
    network = run.network
    join = network.rules[source] == rules.JOIN
    seen = run.seen[source] if join else run.ends[source]
    if network.rules[node] == rules.TEARDOWN and network.marks[source] & networks.SETUP:
        seen |= rules.setup_bits(seen)
    run.seen[node] |= seen
    if run.states[source] != State.FINISHED:
        network.edge(source, node)
        run.waits[node] += 1


def _origin(run: state.Run, waits: Sequence[int]) -> keys.StepKey:
    """The step that a reason for ending at once points at: of those waited for, the first that did not go well."""
    for node in waits:
        if run.ends[node] not in (0, rules.SUCCESS):
            return run.network.line_of(node).step
    return run.network.line_of(waits[0]).step if waits else ""

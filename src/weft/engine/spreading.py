"""How the end of a step run goes on to those that wait for it, by their trigger rules.

One end may end many others, and those further ones. All of that happens in one go, breadth first, before anything
starts; what the ledger is to be told comes out as one `Finish` for each reason.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from weft.engine import network as networks
from weft.engine import rules, state, tasks, transitions, words
from weft.model import events, keys

Move = transitions.Move
State = transitions.State
_IDLE = (State.WAITING, State.READY, State.RETRYING)


class Spread:
    """One wave of ends. Say what ended with `end` and `tell`, then `go`."""

    def __init__(self, run: state.Run) -> None:
        """Begin a wave within a run."""
        self._run = run
        self._network = run.network
        self._waiting: deque[tuple[int, int, bool, keys.StepKey]] = deque()
        self._fresh: list[int] = []
        self._ended: dict[tuple[events.Outcome, str, keys.StepKey], list[int]] = {}

    def tell(self, source: int, ends: int, done: bool, origin: keys.StepKey) -> None:
        """Let those below `source` see these ends; `done` when it is the last they see of it.

        `origin` is the step that reasons point at.
        """
        if self._network.downstream[source]:
            self._waiting.append((source, ends, done, origin))

    def end(self, node: int, outcome: events.Outcome, reason: str, subject: keys.StepKey) -> None:
        """End a step run without a body."""
        run = self._run
        state.move(run, node, Move.GIVE_UP)
        run.unfinished -= 1
        run.counts[outcome] = run.counts.get(outcome, 0) + 1
        run.ends[node] = rules.bit_of(outcome)
        self._ended.setdefault((outcome, reason, subject), []).append(node)
        origin = self._network.line_of(node).step if outcome == "skipped" else subject
        self.tell(node, run.ends[node], True, origin)

    def skip(self, nodes: Iterable[int], reason: str, subject: keys.StepKey) -> None:
        """End those of these step runs as skipped that are not running or finished."""
        for node in nodes:
            if self._run.states[node] in _IDLE:
                self.end(node, "skipped", reason, subject)

    def leave_out(self, step: keys.StepKey, chooser: keys.StepKey) -> None:
        """Skip all step runs of a step because of a choice, also those that are not known yet."""
        network = self._network
        nodes = tasks.nodes_of(network, step)
        if not nodes:
            self._run.ahead.add(step)
            if self._run.ahead.issuperset(tasks.steps_of(network, network.first[step])):
                nodes = (network.first[step],)  # nothing of the group is left
        self.skip(nodes, f"{chooser} chose another way", chooser)

    def consider(self, node: int, ends: int, origin: keys.StepKey) -> None:
        """Start or end a node that waits, where its rule says so; `ends` are those that it saw just now."""
        run, network = self._run, self._network
        if run.states[node] != State.WAITING:
            return
        found = rules.verdict(network.rules[node], run.seen[node], run.waits[node] > 0)
        if found == "wait":
            return
        if found == "run":
            if run.gated.get(node):
                return
            if network.marks[node] & networks.BODILESS:
                self._pass(node, rules.SUCCESS, origin)
            else:
                state.move(run, node, Move.UNBLOCK)
                self._fresh.append(node)
        elif network.marks[node] & networks.BODILESS:
            self._pass(node, rules.bit_of(found), origin)
        elif found == "upstream_failed" and not ends & rules.BAD:
            self.end(node, found, "nothing above it succeeded", origin)
        elif found == "cancelled" and run.cancelled:
            self.end(node, found, run.cancelled, "")
        elif found != "skipped":
            self.end(node, found, f"{origin} did not succeed", origin)
        elif ends & rules.SKIPPED:
            self.end(node, "skipped", f"{origin} was skipped", origin)
        else:
            rule = network.line_of(node).rule
            self.end(node, "skipped", f"its trigger rule {rule} cannot hold any more", origin)

    def go(self, *, first: bool = True) -> list[words.Command]:
        """Go on until nothing follows any more; returns what is to be written down.

        What may start is queued before the others of its priority, or behind them.
        """
        run, network = self._run, self._network
        while self._waiting:
            source, ends, done, origin = self._waiting.popleft()
            marks = network.marks[source]
            for node in network.downstream[source] or ():
                if run.states[node] != State.WAITING:
                    continue
                code = network.rules[node]
                if code == rules.JOIN:
                    self._join(node, ends, done, origin)
                elif marks & networks.GATE:
                    self._open(node, ends, origin)
                else:
                    seen = ends | rules.setup_bits(ends) if code == rules.TEARDOWN and marks & networks.SETUP else ends
                    run.seen[node] |= seen
                    run.waits[node] -= done
                    if code or run.waits[node] == 0 or ends != rules.SUCCESS:
                        self.consider(node, ends, origin)
            if run.open and done:
                network.downstream[source] = None
        for node in reversed(self._fresh) if first else self._fresh:
            state.queue(run, node, first=first)
        return [
            words.Finish(tuple(sorted(nodes)), outcome, reason, subject)
            for (outcome, reason, subject), nodes in self._ended.items()
        ]

    def _pass(self, node: int, ends: int, origin: keys.StepKey) -> None:
        """End a node that has no body."""
        self._run.states[node] = State.FINISHED
        self._run.ends[node] = ends
        self.tell(node, ends, True, origin)

    def _join(self, node: int, ends: int, done: bool, origin: keys.StepKey) -> None:
        """Hand on an end that is news to those behind a join, and that it was the last."""
        run = self._run
        news = ends & ~run.seen[node]
        run.seen[node] |= ends
        run.waits[node] -= done
        if run.waits[node] > 0:
            if news:
                self.tell(node, news, False, origin)
            return
        left_out = run.left_out.pop(node, None)
        for step, count in left_out.items() if left_out else ():
            if count == run.choices[node]:
                self.leave_out(step, origin)
        run.states[node] = State.FINISHED
        self.tell(node, news, True, origin)

    def _open(self, node: int, ends: int, origin: keys.StepKey) -> None:
        """Take note that a gate before a node has opened, or never will."""
        run = self._run
        if ends == rules.SUCCESS:
            run.gated[node] -= 1
            if not run.gated[node]:
                del run.gated[node]
                self.consider(node, ends, origin)
            return
        run.seen[node] |= ends
        if self._network.marks[node] & networks.BODILESS:
            self._pass(node, ends, origin)
        elif ends & rules.SKIPPED:
            self.end(node, "skipped", f"{origin} was skipped", origin)
        else:
            word: events.Outcome = "cancelled" if ends & rules.CANCELLED else "upstream_failed"
            self.end(node, word, f"{origin} did not succeed", origin)

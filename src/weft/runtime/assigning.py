"""From claimed nodes to the assignments of an executor: inputs looked up, batches joined, each attempt with its tag."""

from __future__ import annotations

from collections.abc import Mapping

from weft.engine import run as engine
from weft.model import policies
from weft.ports import executor as executors
from weft.ports import ledger as ledgers
from weft.runtime import batches, binding, work


class Assigner:
    """Makes assignments for one run."""

    def __init__(self, binder: binding.Binder, batched: batches.Batches, lease: ledgers.Lease) -> None:
        """Look inputs up in `binder`, and note in `batched` which nodes share an assignment."""
        self._binder = binder
        self._batched = batched
        self._lease = lease
        self._physical = 0

    def assignments(self, claimed: Mapping[int, work.Claimed]) -> list[executors.Assignment]:
        """What the executor is given for these nodes; a batch is one assignment."""
        bound = self._binder.bind({node: each.bound for node, each in claimed.items()})
        found = []
        for nodes in _groups(claimed):
            node = self._batched.add({each: claimed[each].partition for each in nodes}) if len(nodes) > 1 else nodes[0]
            each = claimed[node]
            rules: policies.Policies = each.line.policies
            self._physical += 1
            found.append(
                executors.Assignment(
                    id=node,
                    run=self._lease.run,
                    step=each.line.step,
                    partition=None if rules.batch else each.partition,
                    partitions=tuple(claimed[one].partition for one in nodes) if rules.batch else (),
                    attempt=each.attempt,
                    tag=f"{self._lease.run}.{self._lease.epoch}.{self._physical}",
                    code=each.line.code,
                    outputs=each.line.outputs,
                    inputs=batches.joined([bound[one] for one in nodes]) if rules.batch else bound[node],
                    timeout=rules.timeout,
                    exclusive=engine.is_exclusive(rules),
                )
            )
        return found


def _groups(claimed: Mapping[int, work.Claimed]) -> list[list[int]]:
    """The nodes that share an assignment: those of one line and attempt that declares `batch`, else each alone."""
    groups: dict[tuple[int, int, int], list[int]] = {}
    for node, each in claimed.items():
        alone = -1 if each.line.policies.batch else node
        groups.setdefault((each.line.base, each.attempt, alone), []).append(node)
    return [sorted(nodes) for nodes in groups.values()]

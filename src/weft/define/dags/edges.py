"""Order among steps without a value: `a >> b`, `chain`, `cross_downstream` and labels at the arrows."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from weft.model import errors

if TYPE_CHECKING:
    from weft.define.dags import calls, declaration, groups

    End: TypeAlias = calls.Call | groups.TaskGroup


class Linked:
    """What arrows go to and from: a step, or a group of steps."""

    declaration: declaration.Declaration

    @property
    def edge_end(self) -> End:
        """The step or group that an arrow means."""
        raise NotImplementedError

    def __rshift__(self, other: Any) -> Any:
        """Have another step, group or list of these wait for this one; gives the other one."""
        return relate(self, other, other)

    def __lshift__(self, other: Any) -> Any:
        """Have this one wait for another step, group or list of these; gives the other one."""
        return relate(other, self, other)

    def __rrshift__(self, other: Any) -> Any:
        """Have this one wait for each of a list."""
        return relate(other, self, self)

    def __rlshift__(self, other: Any) -> Any:
        """Have each of a list wait for this one."""
        return relate(self, other, self)

    def set_downstream(self, other: Any) -> None:
        """Have others wait for this one."""
        relate(self, other, other)

    def set_upstream(self, other: Any) -> None:
        """Have this one wait for others."""
        relate(other, self, other)


class Label:
    """Text at an arrow: `check >> Label("no errors") >> save`."""

    def __init__(self, label: str) -> None:
        if not isinstance(label, str):
            raise errors.UsageError(f"Label was given {label!r}, which is no text.", remedy='Write Label("…").')
        self.label = label
        self.above: Any = ()
        self.below: Any = ()

    def __rshift__(self, other: Any) -> Any:
        """Draw the arrow from what stands before the label."""
        return relate(self.above, other, other, label=self.label)

    def __lshift__(self, other: Any) -> Any:
        """Draw the arrow to what stands before the label."""
        return relate(other, self.below, other, label=self.label)

    def __rrshift__(self, other: Any) -> Label:
        """Keep what stands before the label: a list of steps."""
        self.above = other
        return self

    def __rlshift__(self, other: Any) -> Label:
        """Keep what stands before the label: a list of steps."""
        self.below = other
        return self


def relate(above: Any, below: Any, gives: Any, *, label: str = "") -> Any:
    """Have all that is `below` wait for all that is `above`; return `gives`.

    Raises:
        UsageError: one of them is no step, group or list of these, or they belong to different DAGs.
    """
    if isinstance(below, Label):
        below.above = above
        return below
    if isinstance(above, Label):
        above.below = below
        return above
    linked = [*_linked(above), *_linked(below)]
    if not linked:
        return gives
    declared = linked[0].declaration
    for each in linked:
        if each.declaration is not declared:
            raise errors.UsageError(
                f"{each!r} of the DAG {each.declaration.name!r} was put in order with a step of {declared.name!r}.",
                remedy="Arrows join steps of one DAG; a schedule on an asset joins DAGs.",
            )
    declared.relate([each.edge_end for each in _linked(above)], [each.edge_end for each in _linked(below)], label)
    return gives


def _linked(given: Any) -> list[Linked]:
    if isinstance(given, Linked):
        return [given]
    if isinstance(given, (list, tuple)):
        return [each for several in given for each in _linked(several)]
    from weft.define import tasks

    if isinstance(given, tasks.TaskDefinition):
        raise errors.UsageError(
            f"An arrow was drawn to or from the task {given.name!r}, which was not called.",
            remedy=f"Write {given.name}() for a step of the DAG.",
        )
    raise errors.UsageError(
        f"An arrow was drawn to or from {given!r}, which is no step of a DAG.",
        remedy="Arrows join what calls of tasks return, task groups, and lists of these.",
    )


def chain(*tasks: Any) -> None:
    """Put steps in order, each after the one before; two lists that are beside each other are joined one to one.

    Raises:
        UsageError: two lists beside each other differ in length, or something is no step.
    """
    for above, below in itertools.pairwise(tasks):
        if _is_list(above) and _is_list(below):
            if len(above) != len(below):
                raise errors.UsageError(
                    f"chain() was given lists of {len(above)} and {len(below)} steps beside each other.",
                    remedy="Make them equally long, or use chain_linear(), which joins each to each.",
                )
            for one, other in zip(above, below, strict=True):
                relate(one, other, None)
        else:
            relate(above, below, None)


def chain_linear(*elements: Any) -> None:
    """Put steps in order, all of each list after all of the one before.

    Raises:
        UsageError: something is no step.
    """
    filled = [each for each in elements if not (_is_list(each) and not each)]
    for above, below in itertools.pairwise(filled):
        relate(above, below, None)


def cross_downstream(from_tasks: Sequence[Any], to_tasks: Sequence[Any]) -> None:
    """Have each of the second list wait for each of the first.

    Raises:
        UsageError: something is no step.
    """
    relate(from_tasks, to_tasks, None)


def _is_list(given: Any) -> bool:
    return isinstance(given, (list, tuple))

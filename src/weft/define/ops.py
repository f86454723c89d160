"""Ops: functions with typed inputs and named outputs, put together by `@job` and `@graph`.

An op is a task. What it adds: inputs and outputs that are checked as they pass, several outputs with names of their
own, and outputs whose number is known in a run only (`DynamicOut`), which are mapped over and collected again.
"""

from __future__ import annotations

import collections
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from weft.define import assets, op_bodies, options, references, task_options, tasks
from weft.define.dags import calls, declaration, declaring, decorators, groups, mapping, nodes
from weft.define.op_bodies import DynamicOut as DynamicOut
from weft.define.op_bodies import DynamicOutput as DynamicOutput
from weft.define.op_bodies import In as In
from weft.define.op_bodies import Nothing as Nothing
from weft.define.op_bodies import Out as Out
from weft.model import errors

_OWN = frozenset({"ins", "out", "outs", "config"})
NAMES = task_options.TASK_NAMES | _OWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The inputs and outputs of an op, by name. One output without a name of its own is called "result"."""

    ins: Mapping[str, In] = field(default_factory=dict)
    outs: Mapping[str, Out] = field(default_factory=dict)

    @property
    def order_only(self) -> tuple[str, ...]:
        """Inputs that are only waited for."""
        return tuple(name for name, each in self.ins.items() if each.dagster_type is Nothing)


class OpDefinition(tasks.TaskDefinition[..., Any]):
    """A function with typed inputs and outputs."""

    @property
    def ports(self) -> Ports:
        """Its inputs and outputs."""
        found: Ports = self.options.get("ports") or Ports()
        return found

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Add it to the job that is being declared, run it in the run that is under way, or just call it."""
        waits = {name: kwargs.pop(name) for name in self.ports.order_only if name in kwargs}
        given = super().__call__(*args, **kwargs)
        declared = declaring.current.get()
        if declared is None or not isinstance(given, nodes.Node):
            return given
        for each in waits.values():
            _ = each >> given
        return self.outputs_of(declared, given)

    def outputs_of(self, declared: declaration.Declaration, node: nodes.Node) -> Any:
        """What a call gives: the node of one output, a named tuple of several."""
        outs = self.ports.outs
        if not outs:
            return node
        made = [_node(declared, node.call, name if len(outs) > 1 else "", out) for name, out in outs.items()]
        if len(made) == 1:
            return made[0]
        return collections.namedtuple("Outputs", tuple(outs))(*made)

    def configured(self, config: Mapping[str, object], name: str | None = None) -> OpDefinition:
        """The same op with other values of its config."""
        return _op(inspect.unwrap(self.function), {**_said(self), "config": config, **({"name": name} if name else {})})

    def alias(self, name: str) -> OpDefinition:
        """The same op under another name."""
        made = self.with_options(name=name)
        assert isinstance(made, OpDefinition)
        return made


class DynamicNode(nodes.Node):
    """An output whose elements are known in a run only."""

    def map(self, function: Callable[[Any], Any]) -> Any:
        """Run an op, or what a function makes of ops, for each element.

        Raises:
            UsageError: it can't be called, or the function calls no op.
        """
        if not callable(function):
            raise errors.UsageError(
                f".map() was given {function!r}, which can't be called.", remedy="Give an op, or a function of ops."
            )
        if isinstance(function, tasks.TaskDefinition):
            names = self.declaration.shape_of(function).names
            if not names:
                raise errors.UsageError(
                    f".map() was given the op {function.name!r}, which takes no input.", remedy="Give it a parameter."
                )
            return _dynamic(self.declaration.expand(function, {}, {names[0]: self}))
        return self._mapped_over(function)

    def _mapped_over(self, function: Callable[[Any], Any]) -> Any:
        declared = self.declaration
        name = getattr(function, "__name__", "map")
        found = mapping.fan_of(declared, f"{name}.map", {"element": self})
        group = groups.TaskGroup("map" if name == "<lambda>" else name, suffix_on_clash=True)
        group.expand_over(found)
        with group:
            returned = function(nodes.ElementValue(declared, group, found.arguments["element"]))
        if isinstance(returned, nodes.Node):
            return _dynamic(returned)
        if isinstance(returned, tuple):
            return type(returned)(*(_dynamic(each) if isinstance(each, nodes.Node) else each for each in returned))
        return group

    def collect(self) -> nodes.Node:
        """The list of all elements."""
        return nodes.Node(self.declaration, self.call, self.leaf)


def _dynamic(node: nodes.Node) -> DynamicNode:
    return DynamicNode(node.declaration, node.call, node.leaf)


def _node(declared: declaration.Declaration, call: calls.Call, name: str, out: Out) -> nodes.Node:
    kind = DynamicNode if isinstance(out, DynamicOut) else nodes.Node
    return kind(declared, call, references.Result(call.key, name))


def op(function: Callable[..., Any] | None = None, /, **given: Any) -> Any:
    """Make an op of a function.

    Args:
        function: the function, where the decorator has no arguments.
        **given: `ins` (by parameter: `In`), `out` (an `Out`, a `DynamicOut`, or several by name), `config` (values of
            the parameter `config`, which is annotated with a pydantic model), and the options of a task.

    Raises:
        UsageError: there is no such argument, its value is wrong, or what is decorated is no function.
    """
    options.check_names("op", given, NAMES)

    def decorate(body: Callable[..., Any]) -> OpDefinition:
        return _op(body, given)

    return decorate if function is None else decorate(function)


def _said(made: OpDefinition) -> dict[str, Any]:
    said = {name: value for name, value in made.options.items() if name in task_options.TASK_NAMES}
    ports = made.ports
    return {**said, "ins": ports.ins, **({"out": ports.outs} if ports.outs else {})}


def _op(body: Callable[..., Any], given: Mapping[str, Any]) -> OpDefinition:
    location = assets.location_of(body, "op")
    name = task_options.name_of(given) or str(getattr(body, "__name__", "op"))
    ports = _ports_of(name, body, given)
    run = op_bodies.body_of(name, body, ports.ins, ports.outs, given.get("config"))
    kept = {each: value for each, value in given.items() if each not in _OWN}
    return OpDefinition(run, given={**kept, "ports": ports}, location=location, operator="op")


def _ports_of(name: str, body: Callable[..., Any], given: Mapping[str, Any]) -> Ports:
    ins = given.get("ins") or {}
    known = inspect.signature(body).parameters
    for each, port in ins.items():
        if not isinstance(port, In):
            raise errors.UsageError(
                f"The op {name!r}: ins has {port!r} for {each!r}, which is no In.", remedy='Write ins={"x": In(list)}.'
            )
        if each not in known and port.dagster_type is not Nothing:
            from weft.model import spelling

            raise errors.UsageError(
                f"The op {name!r} has ins= for {each!r}, which is no parameter of its function.",
                remedy=spelling.did_you_mean(each, known) or "What is only waited for is In(Nothing).",
            )
    out = given.get("out", given.get("outs"))
    outs = {"result": out} if isinstance(out, Out) else dict(out or {})
    for each, port in outs.items():
        if not isinstance(port, Out) or not str(each).isidentifier():
            raise errors.UsageError(
                f"The op {name!r}: out has {port!r} under the name {each!r}.",
                remedy='Write out=Out(int), or out={"name": Out(int), "other": DynamicOut()}.',
            )
    return Ports(ins=dict(ins), outs=outs)


class GraphDefinition(groups.GroupDefinition):
    """Ops put together by a function, to be used in jobs and in other graphs as if they were one op."""

    def to_job(self, name: str | None = None, **given: Any) -> decorators.DagDefinition:
        """Make a job of it.

        Raises:
            UsageError: there is no such argument.
        """
        return as_job(self.function, {"name": name or self.name, **given})

    def alias(self, name: str) -> GraphDefinition:
        """The same graph under another name."""
        return GraphDefinition(self.function, {**self.options, "group_id": name}, self.fixed)


def graph(function: Callable[..., Any] | None = None, /, *, name: str | None = None, description: str = "") -> Any:
    """Put ops together by a function, to be used in jobs and in other graphs as if they were one op.

    Raises:
        UsageError: what is decorated is no function.
    """

    def decorate(body: Callable[..., Any]) -> GraphDefinition:
        assets.location_of(body, "graph")
        given = {"tooltip": description or (inspect.cleandoc(body.__doc__) if body.__doc__ else "")}
        return GraphDefinition(body, given | ({"group_id": name} if name else {}))

    return decorate if function is None else decorate(function)


class JobOfOps(decorators.DagDefinition):
    """A function that puts ops together to a job."""

    kind = "job"


def as_job(body: Callable[..., Any], given: Mapping[str, Any]) -> JobOfOps:
    """Make a job of a function that calls ops.

    Raises:
        UsageError: there is no such argument, or what is decorated is no function.
    """
    from weft.define.dags import dag_options, registering

    checked = dag_options.checked("@job", given)
    made = JobOfOps(body, checked, assets.location_of(body, "job"))
    registering.register(made)
    return made

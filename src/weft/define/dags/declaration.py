"""`DAG`: a graph of task calls, declared in a `with` block or by the function of `@dag`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextvars import Token
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

from weft.define import references, task_options
from weft.define.dags import arguments, calls, dag_options, declaring, mapping, nodes, registering
from weft.model import diagnostics, errors, pipelines

if TYPE_CHECKING:
    from weft.define import tasks
    from weft.define.dags import groups
    from weft.define.dags.edges import End

_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*\Z")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with a declaration, told when it is built."""

    code: str
    message: str
    remedy: str | None
    location: diagnostics.SourceLocation | None


@dataclass(slots=True, eq=False)
class Scope:
    """The steps that were declared within `with setup:` or `with teardown:`."""

    owner: calls.Call
    members: list[calls.Call]


class Declaration:
    """A DAG as it was declared; `dag_options.DagOptions` documents the arguments. Other code knows it as `weft.DAG`."""

    def __init__(self, name: str | None = None, /, **given: Unpack[dag_options.DagOptions]) -> None:
        """Keep what was said of the DAG.

        Raises:
            UsageError: there is no such argument, or the DAG has no name.
        """
        self.options: Mapping[str, Any] = dag_options.checked("DAG", given, name)
        self.name: str = self.options.get("name", "")
        if not self.name:
            raise errors.UsageError("DAG() has no name.", remedy='Write DAG("name", …).')
        self.function: Callable[..., Any] | None = None
        """The function of `@dag`, None for a `with` block."""
        self.kind: str = "dag"
        self.params: dict[str, Any] = dict(self.options.get("params") or {})
        """Defaults or `Param`s by name."""
        self.location = calls.user_line()
        self.calls: dict[str, calls.Call] = {}
        self.relations: list[tuple[End, End, str]] = []
        self.problems: list[Problem] = []
        self.scopes: list[Scope] = []
        self.group: groups.TaskGroup | None = None
        self.groups: dict[str, groups.TaskGroup] = {}
        self.shown: dict[str, nodes.Value] = {}
        """Values that were made texts of, which say nothing of what they are in a run."""
        most = self.options.get("max_map_length")
        self.most_items = most if isinstance(most, int) and most > 0 else pipelines.MOST_ITEMS  # the build judges it
        self._open_scopes: list[Scope] = []
        self._numbers: dict[str, int] = {}
        self._tokens: list[Token[Declaration | None]] = []
        self._shapes: dict[int, tuple[object, arguments.Shape]] = {}

    @property
    def dag_id(self) -> str:
        """The name."""
        return self.name

    def __repr__(self) -> str:
        return f"<DAG {self.name!r}>"

    def __enter__(self) -> Declaration:
        """Have calls of tasks belong to this DAG."""
        self._tokens.append(declaring.current.set(self))
        registering.register(self)
        return self

    def __exit__(self, *raised: object) -> None:
        declaring.current.reset(self._tokens.pop())

    def test(self, **given: Any) -> Any:
        """Run the DAG here and now, in memory and in this process; `weft.api.test_pipeline` documents the arguments."""
        import weft

        test: Callable[..., Any] = weft.test_pipeline  # type: ignore[assignment]
        return test(self, **given)

    def param(self, name: str) -> nodes.Value:
        """What stands for the value of a parameter, to be passed to tasks.

        Raises:
            UsageError: the DAG has no such parameter.
        """
        if name not in self.params:
            from weft.model import spelling

            raise errors.UsageError(
                f"The DAG {self.name!r} has no parameter {name!r}.",
                remedy=spelling.did_you_mean(name, self.params) or "Name it in params={…}.",
            )
        return nodes.Value(self, references.ParamValue(name))

    # --- what calls of tasks do here ---

    def call(self, task: tasks.TaskDefinition[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Add a step for a call of a task; gives what stands for its value. Wrong arguments are told by the build."""
        bound = arguments.bind(task, self.shape_of(task), args, kwargs)
        return self.add(task, bound)

    def expand(
        self, task: tasks.TaskDefinition[..., Any], fixed: Mapping[str, Any], given: Mapping[str, Any]
    ) -> nodes.Node:
        """Add a step that runs once for each combination of the elements of `given`.

        Raises:
            UsageError: something is no list, or has too many elements.
        """
        fan = mapping.fan_of(self, f"{task.name}.expand", given)
        bound = arguments.bind(task, self.shape_of(task), (), {**fixed, **fan.arguments})
        _refuse_twice(task, fixed, given, bound)
        return self.add(task, bound, fan=fan)

    def expand_kwargs(
        self, task: tasks.TaskDefinition[..., Any], fixed: Mapping[str, Any], mappings: Any
    ) -> nodes.Node:
        """Add a step that runs once for each mapping of arguments in a list.

        Raises:
            UsageError: it is no list of mappings, or has too many elements.
        """
        fan = mapping.fan_of_kwargs(self, f"{task.name}.expand_kwargs", mappings)
        shape = self.shape_of(task)
        bound = arguments.bind(task, shape, (), fixed, open_names=True)
        for names in mapping.names_of(mappings):
            each = arguments.bind(task, shape, (), {**fixed, **dict.fromkeys(names)})
            bound.wrong.extend(each.wrong)
            bound.missing = bound.missing or each.missing
        bound.named.update(fan.arguments)
        return self.add(task, bound, fan=fan)

    def add(
        self, task: tasks.TaskDefinition[..., Any], bound: arguments.Bound, *, fan: mapping.Mapping | None = None
    ) -> nodes.Node:
        """Add a step with bound arguments."""
        location = calls.user_line()
        for message, remedy in bound.wrong:
            self.problem("wrong-arguments", message, remedy, location)
        group = self.group
        mapped = None if group is None else group.mapped_root
        if fan is not None and mapped is not None:
            raise errors.UsageError(
                f"The task {task.name!r} is expanded in the group {mapped.id!r}, which is expanded itself.",
                remedy="Expand either the group or the task.",
            )
        converter = arguments.Converter(mapped, task.fields)
        convert = converter.convert
        name = self._id_for(task, location)
        key = f"{self.name}:{name}"
        call = calls.Call(
            id=name,
            key=key,
            task=task,
            location=location,
            group=group,
            arguments={each: convert(value, each, self) for each, value in bound.named.items()},
            positional=tuple([convert(value, str(place), self) for place, value in enumerate(bound.positional)]),
            missing=bound.missing,
            role=task.role,
        )
        call.reads, call.functions = converter.reads, tuple(converter.functions)
        if mapped is not None:
            call.fan, call.fan_steps = mapped.fan, mapped.fan_steps
            call.reads.update(dict.fromkeys(mapped.fan_reads, False))
        elif fan is not None:
            call.fan, call.fan_steps = fan.fan, fan.steps
            call.reads.update(dict.fromkeys(fan.within, False))
            call.functions = (*call.functions, *fan.functions)
        for message, remedy in converter.wrong:
            self.problem("wrong-arguments", f"The task {task.name!r} was called with {message}", remedy, location)
        for value in converter.foreign:
            self.problem(
                "wrong-arguments",
                f"The task {task.name!r} was called with {value.describe()}, which belongs "
                + ("to another DAG." if value.declaration is not self else "within the group that is expanded."),
                "Tasks share values within one DAG; data that others make is read as an asset."
                if value.declaration is not self
                else "Return a task's result from the group, and take that.",
                location,
            )
        self.calls[name] = call
        for scope in self._open_scopes:
            scope.members.append(call)
        return nodes.Node(self, call, references.Result(key))

    def shape_of(self, task: tasks.TaskDefinition[..., Any]) -> arguments.Shape:
        """The parameters of a task that calls may fill."""
        known = self._shapes.get(id(task.function))
        if known is None:
            known = self._shapes[id(task.function)] = (task.function, arguments.shape_of(task.function))
        return known[1]

    def relate(self, above: list[End], below: list[End], label: str = "") -> None:
        """Have each of `below` wait for each of `above`."""
        self.relations.extend((one, other, label) for one in above for other in below)

    def open_scope(self, owner: calls.Call) -> None:
        """Put the steps from here on within a setup or teardown."""
        self._open_scopes.append(Scope(owner, []))

    def close_scope(self) -> None:
        """End the innermost such scope."""
        self.scopes.append(self._open_scopes.pop())

    def problem(self, code: str, message: str, remedy: str | None, location: diagnostics.SourceLocation | None) -> None:
        """Note something that is wrong, for the build to tell."""
        self.problems.append(Problem(code, message, remedy, location))

    def _id_for(self, task: tasks.TaskDefinition[..., Any], location: diagnostics.SourceLocation | None) -> str:
        wanted = task.name
        prefix = "" if self.group is None else self.group.prefix
        name = prefix + wanted if isinstance(wanted, str) else str(wanted)
        if not _ID.match(name):
            self.problem(
                "bad-key",
                f"The task id {name!r} is not a name: letters, digits, '_', '-' and '.'.",
                "Give it another one: with_options(name=…).",
                location,
            )
        if name not in self.calls:
            return name
        if task_options.name_of(task.options):
            self.problem(
                "duplicate-task",
                f"Two steps of the DAG {self.name!r} are called {name!r}: at {self.calls[name].location} and here.",
                "Give one of them another name.",
                location,
            )
        return self._numbered(name)

    def _numbered(self, name: str) -> str:
        number = self._numbers.get(name, 0)
        while True:
            number += 1
            free = f"{name}__{number}"
            if free not in self.calls:
                self._numbers[name] = number
                return free


DAG = Declaration


def _refuse_twice(
    task: tasks.TaskDefinition[..., Any],
    fixed: Mapping[str, Any],
    given: Mapping[str, Any],
    bound: arguments.Bound,
) -> None:
    for name in fixed.keys() & given.keys():
        bound.wrong.append(
            (
                f"The task {task.name!r} has {name!r} both in partial() and in expand().",
                "Either it is the same for all, or there is one for each.",
            )
        )

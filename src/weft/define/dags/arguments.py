"""Binding the arguments of a call in a DAG to the parameters of its task, with references in place of values."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from weft.define import parameters, references, signatures, task_context
from weft.define.dags import nodes
from weft.model import keys, spelling

if TYPE_CHECKING:
    from weft.define import tasks
    from weft.define.dags import declaration, groups


@dataclass(frozen=True, slots=True)
class Shape:
    """The parameters that a call may fill, in order. `injected` are filled from the run where a call leaves them."""

    names: tuple[str, ...]
    keyword_only: frozenset[str]
    required: frozenset[str]
    injected: frozenset[str]
    more_positional: bool
    more_named: bool


def shape_of(function: Callable[..., Any]) -> Shape:
    """Read the parameters of a function. The run's context is no parameter of a call."""
    names: list[str] = []
    keyword_only, required, injected = set(), set(), set()
    more_positional = more_named = False
    annotations = signatures.annotations_of(inspect.unwrap(function))
    for name, each in inspect.signature(function).parameters.items():
        if each.kind is each.VAR_POSITIONAL:
            more_positional = True
            continue
        if each.kind is each.VAR_KEYWORD:
            more_named = True
            continue
        annotation = annotations.get(name)
        if name == "context" or parameters.is_context(annotation):
            continue
        names.append(name)
        if each.kind is each.KEYWORD_ONLY:
            keyword_only.add(name)
        if name in task_context.NAMES or signatures.is_resource(annotation):
            injected.add(name)
        elif each.default is each.empty:
            required.add(name)
    return Shape(
        tuple(names), frozenset(keyword_only), frozenset(required), frozenset(injected), more_positional, more_named
    )


@dataclass(slots=True)
class Bound:
    """Arguments by parameter, those beyond that have no names, and what is wrong with them: (message, remedy)."""

    named: dict[str, Any]
    positional: tuple[Any, ...] = ()
    missing: tuple[str, ...] = ()
    wrong: list[tuple[str, str | None]] = field(default_factory=list)


def bind(
    task: tasks.TaskDefinition[..., Any],
    shape: Shape,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    *,
    open_names: bool = False,
) -> Bound:
    """Bind arguments to parameters. With `open_names` more come at run time, so that none is missing."""
    places = [each for each in shape.names if each not in shape.keyword_only]
    bound = Bound(dict(zip(places, args, strict=False)))
    if len(args) > len(places):
        if shape.more_positional:
            bound.positional = args[len(places) :]
        else:
            takes = f"it takes {_listed(places)}" if places else "it takes none"
            bound.wrong.append(
                (f"The task {task.name!r} was called with {_count(len(args))}; {takes}.", "Take the others out.")
            )
    known = frozenset(shape.names)
    for name, value in kwargs.items():
        if name in bound.named:
            bound.wrong.append((f"The task {task.name!r} was called with {name!r} twice.", "Give it once."))
        elif name not in known and not shape.more_named:
            bound.wrong.append(
                (
                    f"The task {task.name!r} was called with {name!r}, which is no parameter of it.",
                    spelling.did_you_mean(name, known)
                    or (f"It takes {_listed(shape.names)}." if known else "It takes no arguments."),
                )
            )
        else:
            bound.named[name] = value
    if not open_names and not bound.wrong:
        bound.missing = tuple(each for each in shape.names if each in shape.required and each not in bound.named)
    return bound


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(repr(each) for each in names)


def _count(number: int) -> str:
    return "1 argument without a name" if number == 1 else f"{number} arguments without names"


class Converter:
    """Puts references and templates into the arguments of one call, and notes the steps that these need."""

    def __init__(self, mapped: groups.TaskGroup | None, fields: frozenset[str] | None) -> None:
        self._mapped = mapped
        self._fields = fields
        self.reads: dict[keys.StepKey, bool] = {}
        self.functions: list[Callable[..., Any]] = []
        """Functions among the arguments, whose code counts as the step's."""
        self.foreign: list[nodes.Value] = []
        """Values of other DAGs, or of another mapped group."""
        self.wrong: list[tuple[str, str]] = []
        """What else is wrong: (what the task was called with, remedy)."""

    def convert(self, value: Any, name: str, declared: declaration.Declaration) -> Any:
        """Return an argument with the leaves of `weft.define.references` in place of what stands for values."""
        kind = type(value)
        if kind is str:
            if declared.shown:
                self._refuse_shown(value, name, declared)
            if "{" in value and ("{{" in value or "{%" in value) and (self._fields is None or name in self._fields):
                return references.Template(value, name)
            return value
        if kind is int or kind is float or kind is bool or value is None:
            return value
        if isinstance(value, nodes.Value):
            return self._leaf(value, declared)
        if kind is dict:
            return {
                self.convert(key, name, declared): self.convert(each, name, declared) for key, each in value.items()
            }
        if kind is list or kind is tuple or kind is set or kind is frozenset:
            return kind([self.convert(each, name, declared) for each in value])
        if isinstance(value, str):
            return self.convert(str(value), name, declared) if "{{" in value else value
        if self._is_uncalled(value, name):
            return references.ParamValue(name)  # which no further check judges: the build fails
        if callable(value) and not isinstance(value, type):
            self.functions.append(value)
        elif isinstance(value, references.Element):
            self.functions.extend(value.transforms)
        return value

    def _refuse_shown(self, text: str, name: str, declared: declaration.Declaration) -> None:
        for shown, value in declared.shown.items():
            if shown in text:
                self.wrong.append(
                    (
                        f"{name}={text!r}: {value.describe()} was put into a text while the DAG is declared; its "
                        "value is only known in a run.",
                        "Pass it as an argument, and let the task make the text.",
                    )
                )
                return

    def _is_uncalled(self, value: Any, name: str) -> bool:
        """Note a task that was given in place of its result."""
        from weft.define import tasks

        task = value.task if isinstance(value, tasks.PartialTask) else value
        if not isinstance(task, tasks.TaskDefinition):
            return False
        self.wrong.append((f"{name}={task!r}, which was not called.", f"Write {task.name}() for its result."))
        return True

    def _leaf(self, value: nodes.Value, declared: declaration.Declaration) -> Any:
        if value.declaration is not declared:
            self.foreign.append(value)
        value = value.resolved()
        leaf = value.leaf
        if isinstance(leaf, references.Result):
            aligned = isinstance(value, nodes.Node) and self._mapped is not None and self._mapped is _group_of(value)
            if aligned:
                leaf = references.Result(leaf.step, leaf.name, leaf.path, aligned=True)
            self.reads[leaf.step] = self.reads.get(leaf.step, aligned) and aligned
        elif isinstance(value, nodes.ElementValue) and value.owner is not self._mapped:
            self.foreign.append(value)
        return leaf


def _group_of(value: nodes.Node) -> groups.TaskGroup | None:
    return value.call.mapped_group

"""What stands for values while a DAG is declared: what calls of tasks return, its parameters, elements mapped over.

A value is handed to further calls as it is, or a part of it (`trades["count"]`); it has no length and no truth, which
only a run knows. What is combined of several values (`zip`, `concat`, and `map` outside of an expansion) is made by a
small step of weft's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from weft.define import references
from weft.define.dags import edges
from weft.model import errors

if TYPE_CHECKING:
    from weft.define.dags import calls, declaration, groups

_ABSENT: Any = object()


class Value:
    """A value that only a run has. `leaf` is what stands for it in the arguments of a call."""

    def __init__(self, declared: declaration.Declaration, leaf: Any) -> None:
        self.declaration = declared
        self._leaf = leaf

    @property
    def leaf(self) -> Any:
        """The reference, as `weft.define.references` has them; None of what is combined, which `resolved` makes."""
        return self._leaf

    def resolved(self) -> Value:
        """The value as one with a reference of its own."""
        return self

    def describe(self) -> str:
        """Name the value for messages."""
        match self._leaf:
            case references.Result(step=step):
                return f"the result of {step.partition(':')[2]!r}"
            case references.ParamValue(name=name):
                return f"the parameter {name!r}"
            case references.Element(name=name):
                return f"the element for {name!r}"
        return "a combined value"

    def map(self, function: Callable[[Any], Any]) -> Mapped:
        """What a function makes of each element. The function is plain Python, no task; one that raises Skip drops it.

        Raises:
            UsageError: it is a task, or can't be called.
        """
        from weft.define import tasks

        if isinstance(function, tasks.TaskDefinition):
            raise errors.UsageError(
                f".map() was given the task {function.name!r}, but takes a plain function.",
                remedy=f"Write {function.name}.expand(…) for a step run for each element.",
            )
        if not callable(function):
            raise errors.UsageError(f".map() was given {function!r}, which can't be called.", remedy="Give a function.")
        return Mapped(self, (function,))

    def zip(self, *others: Any, fillvalue: Any = _ABSENT) -> Zipped:
        """Its elements beside those of others, as tuples; as many as the shortest has, or all with a `fillvalue`."""
        return Zipped((self, *others), fill=fillvalue is not _ABSENT, fillvalue=fillvalue)

    def concat(self, *others: Any) -> Value:
        """Its elements, and after them those of others."""
        from weft.define.dags import combining

        return combining.concatenated(self.declaration, (self, *others))

    def __getitem__(self, key: str | int) -> Value:
        if isinstance(key, bool) or not isinstance(key, (str, int)):
            raise self._refused(f"asked for the part {key!r}", "A part is named by text or by a whole number.")
        import dataclasses

        return self._part(dataclasses.replace(self._leaf, path=(*self._leaf.path, key)))

    def _part(self, leaf: Any) -> Value:
        return Value(self.declaration, leaf)

    def __iter__(self) -> Iterator[Any]:
        raise self._refused("iterated over", "Write task.expand(argument=…), which has a step run for each element.")

    def __len__(self) -> int:
        raise self._refused("asked for its length", "Let a task take the value and look at it.")

    def __contains__(self, item: object) -> bool:
        raise self._refused("searched", "Let a task take the value and look at it.")

    def __bool__(self) -> bool:
        raise self._refused("tested for its truth", "Write a @task.branch or @task.short_circuit that takes the value.")

    def __format__(self, spec: str) -> str:
        if isinstance(self._leaf, references.ParamValue) and not spec:
            return str(self)
        raise self._refused("put into a text", "Pass it as an argument, and let the task make the text.")

    def __str__(self) -> str:
        match self._leaf:
            case references.ParamValue(name=name, path=path):
                return "{{ params" + "".join(f"[{each!r}]" for each in (name, *path)) + " }}"
        text = repr(self)
        self.declaration.shown[text] = self  # to be printed; where a call of a task gets it, it is refused
        return text

    def __repr__(self) -> str:
        path = "".join(f"[{each!r}]" for each in getattr(self._leaf, "path", ()))
        return f"<{self.describe()}{path}>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise UnknownAttributeError(
            f"{_capital(self.describe())} was asked for the attribute {name!r} while the DAG is declared; its "
            "value is only known in a run.",
            remedy=f'For a part of it, write ["{name}"]; else let a task take the value and look at it.',
        )

    def _compared(self, other: object) -> Any:
        raise self._refused("compared", "Let a task take the value and compare it, or write a @task.branch.")

    __lt__ = __le__ = __gt__ = __ge__ = _compared

    def _calculated(self, other: object) -> Any:
        raise self._refused("calculated with", "Let a task take the value and calculate.")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _calculated
    __mod__ = __floordiv__ = __pow__ = _calculated

    def _refused(self, what: str, remedy: str) -> errors.UsageError:
        text = f"{self.describe()} was {what} while the DAG is declared; its value is only known in a run."
        return errors.UsageError(_capital(text), remedy=remedy)


class UnknownAttributeError(errors.UsageError, AttributeError):
    """A value was asked for something that only a run knows."""


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


class Node(edges.Linked, Value):
    """What a call of a task gives while a DAG is declared: a step, and its value."""

    def __init__(self, declared: declaration.Declaration, call: calls.Call, leaf: references.Result) -> None:
        super().__init__(declared, leaf)
        self.call = call

    def _part(self, leaf: Any) -> Value:
        return Node(self.declaration, self.call, leaf)

    @property
    def output(self) -> Node:
        """The value of the step: the node itself."""
        return self

    @property
    def task_id(self) -> str:
        """The id of the step within the DAG, with the groups that it is in."""
        return self.call.id

    @property
    def operator(self) -> Node:
        """The step: the node itself."""
        return self

    @property
    def edge_end(self) -> calls.Call:
        """What an arrow to or from it means."""
        return self.call

    def as_setup(self) -> Node:
        """Make it a setup: it prepares what the steps below it need."""
        self.call.role = "setup"
        return self

    def as_teardown(self, *, setups: Any = ()) -> Node:
        """Make it a teardown: it cleans up once the steps above it have ended, however, if its setup succeeded.

        Raises:
            UsageError: one of `setups` is no step.
        """
        self.call.role = "teardown"
        for each in setups if isinstance(setups, (list, tuple)) else (setups,):
            if not isinstance(each, Node):
                raise errors.UsageError(
                    f"as_teardown(setups=…) of {self.task_id!r} was given {each!r}, which is no step.",
                    remedy="Give what the call of the setup returned, or a list of these.",
                )
            each.as_setup()
            self.call.setups.append(each.call)
            self.declaration.relate([each.call], [self.call])
        return self

    def __enter__(self) -> Node:
        """Put the steps that are declared within between the setups and this teardown, or below this setup."""
        if self.call.role not in ("setup", "teardown"):
            raise errors.UsageError(
                f"`with` was given the step {self.task_id!r}, which is neither a setup nor a teardown.",
                remedy="Use @setup or @teardown, or .as_setup() or .as_teardown(…).",
            )
        self.declaration.open_scope(self.call)
        return self

    def __exit__(self, *raised: object) -> None:
        self.declaration.close_scope()


class ElementValue(Value):
    """The element that a mapped group's function gets for one of its parameters. `owner` is the group."""

    def __init__(self, declared: declaration.Declaration, owner: groups.TaskGroup, leaf: references.Element) -> None:
        super().__init__(declared, leaf)
        self.owner = owner

    def _part(self, leaf: Any) -> Value:
        return ElementValue(self.declaration, self.owner, leaf)


class Mapped(Value):
    """A value whose elements go through functions first, one after another."""

    def __init__(self, of: Value | Zipped, functions: tuple[Callable[[Any], Any], ...]) -> None:
        super().__init__(of.declaration, None)
        self.of = of
        self.functions = functions

    def map(self, function: Callable[[Any], Any]) -> Mapped:
        """What a further function makes of each element."""
        Value.map(self, function)  # which judges it
        return Mapped(self.of, (*self.functions, function))

    def resolved(self) -> Value:
        """The list, made by a step of its own."""
        from weft.define.dags import combining

        return combining.mapped(self.declaration, self.of, self.functions)

    def __getitem__(self, key: str | int) -> Value:
        raise errors.UsageError(
            f"A list that .map() makes was asked for its part {key!r}.", remedy="Take the part before .map()."
        )


class Zipped(Value):
    """Tuples of the elements of several values."""

    def __init__(self, parts: tuple[Any, ...], *, fill: bool, fillvalue: Any) -> None:
        super().__init__(parts[0].declaration, None)
        self.parts = parts
        self.fill = fill
        self.fillvalue = fillvalue if fill else None

    def resolved(self) -> Value:
        """The list, made by a step of its own."""
        from weft.define.dags import combining

        return combining.zipped(self.declaration, self.parts, fill=self.fill, fillvalue=self.fillvalue)

    def __getitem__(self, key: str | int) -> Value:
        raise errors.UsageError(
            f"A list that .zip() makes was asked for its part {key!r}.", remedy="Take the part before .zip()."
        )

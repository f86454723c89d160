"""Task groups: steps that are shown, named and put in order together, and that may be expanded together."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

from weft.define import options, references
from weft.define.dags import arguments, declaration, declaring, edges, mapping, nodes
from weft.model import errors, keys, pipelines


class TaskGroup(edges.Linked):
    """A group of steps: `with TaskGroup("load"):`. Its steps' ids begin with its own, and a dot."""

    def __init__(
        self,
        group_id: str,
        *,
        prefix_group_id: bool = True,
        default_args: Mapping[str, Any] | None = None,
        tooltip: str = "",
        suffix_on_clash: bool = False,
    ) -> None:
        """Make a group within the DAG (and the group) that is being declared.

        Args:
            group_id: its name.
            prefix_group_id: whether the ids of its steps begin with it.
            default_args: options of all its tasks, where these don't say otherwise.
            tooltip: what it is for, in words.
            suffix_on_clash: whether a second group of the same name gets a number.

        Raises:
            UsageError: no DAG is being declared, or the DAG has such a group.
        """
        declared = declaring.current.get()
        if declared is None:
            raise errors.UsageError(
                f"The task group {group_id!r} was made outside of a DAG's declaration.",
                remedy="Make it in a @dag function or within `with DAG(…):`.",
            )
        self.declaration: declaration.Declaration = declared
        self.parent = declared.group
        above = "" if self.parent is None else self.parent.prefix
        name = above + group_id
        if name in declared.groups:
            if not suffix_on_clash:
                raise errors.UsageError(
                    f"The DAG {declared.name!r} has two task groups {name!r}.", remedy="Give one of them another name."
                )
            number = 1
            while f"{name}__{number}" in declared.groups:
                number += 1
            name = f"{name}__{number}"
        declared.groups[name] = self
        self.id = name
        self.prefix: str = f"{name}." if prefix_group_id else above
        self.default_args: Mapping[str, Any] = {
            **({} if self.parent is None else self.parent.default_args),
            **(default_args or {}),
        }
        self.description = tooltip
        self.fan: pipelines.Fan | None = None
        self.fan_steps: tuple[keys.StepKey, ...] = ()
        self.fan_reads: tuple[keys.StepKey, ...] = ()
        self._outer: list[TaskGroup | None] = []

    @property
    def group_id(self) -> str:
        """The id within the DAG."""
        return self.id

    @property
    def mapped_root(self) -> TaskGroup | None:
        """This group or the one around it that is expanded; None where none is."""
        if self.fan is not None:
            return self
        return None if self.parent is None else self.parent.mapped_root

    @property
    def edge_end(self) -> TaskGroup:
        """An arrow to the group goes to its first steps, one from it comes from its last ones."""
        return self

    def expand_over(self, found: mapping.Mapping) -> None:
        """Have its steps run once for each item of a fan.

        Raises:
            UsageError: a group around it is expanded already.
        """
        if self.mapped_root is not None:
            raise errors.UsageError(
                f"The task group {self.id!r} is expanded in a group that is expanded itself.",
                remedy="Expand one of the two.",
            )
        self.fan, self.fan_steps, self.fan_reads = found.fan, found.steps, found.within

    def __enter__(self) -> TaskGroup:
        """Put the steps that are declared from here on into the group."""
        self._outer.append(self.declaration.group)
        self.declaration.group = self
        return self

    def __exit__(self, *raised: object) -> None:
        self.declaration.group = self._outer.pop()

    def __repr__(self) -> str:
        return f"<task group {self.id!r}>"


GROUP_NAMES = frozenset({"group_id", "prefix_group_id", "default_args", "tooltip"})


class GroupDefinition:
    """The function of `@task_group`: each call makes a group of the tasks that it calls."""

    def __init__(self, function: Callable[..., Any], given: Mapping[str, Any], fixed: Mapping[str, Any] | None = None):
        self.function = function
        self.options = given
        self.fixed = dict(fixed or {})
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Declare a group; gives what the function returns, or else the group.

        Raises:
            UsageError: no DAG is being declared.
        """
        group = self._group()
        return self._filled(group, args, {**self.fixed, **kwargs})

    def partial(self, **kwargs: Any) -> GroupDefinition:
        """Fix arguments that are the same for all elements."""
        return GroupDefinition(self.function, self.options, {**self.fixed, **kwargs})

    def expand(self, **given: Any) -> Any:
        """Declare a group whose steps run for each combination of the elements of these arguments.

        Raises:
            UsageError: something is no list, it has too many elements, or a group around is expanded already.
        """
        declared = self._declared()
        self._check_names(given)
        return self._expanded(mapping.fan_of(declared, f"{self.name}.expand", given))

    def expand_kwargs(self, mappings: Any) -> Any:
        """Declare a group whose steps run for each mapping of arguments in a list.

        Raises:
            UsageError: it is no list of mappings, it has too many elements, or a group around is expanded already.
        """
        declared = self._declared()
        for names in mapping.names_of(mappings):
            self._check_names(dict.fromkeys(names))
        found = mapping.fan_of_kwargs(declared, f"{self.name}.expand_kwargs", mappings)
        element = found.arguments[mapping.ALL_ARGUMENTS]
        parts = {
            each: references.Element(element.name, element.source, (each,), element.transforms)
            for each in arguments.shape_of(self.function).names
            if each not in self.fixed
        }
        return self._expanded(dataclasses.replace(found, arguments=parts))

    def override(self, **given: Any) -> GroupDefinition:
        """The same group with other options.

        Raises:
            UsageError: there is no such option.
        """
        options.check_names("task_group", given, GROUP_NAMES)
        return GroupDefinition(self.function, {**self.options, **given}, self.fixed)

    with_options = override

    @property
    def name(self) -> str:
        """The id that its groups have."""
        name: str = self.options.get("group_id") or self.function.__name__
        return name

    def _expanded(self, found: mapping.Mapping) -> Any:
        group = self._group()
        group.expand_over(found)
        declared = group.declaration
        values = {name: _as_value(declared, group, leaf) for name, leaf in found.arguments.items()}
        return self._filled(group, (), {**self.fixed, **values})

    def _filled(self, group: TaskGroup, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        with group:
            returned = self.function(*args, **kwargs)
        return group if returned is None else returned

    def _group(self) -> TaskGroup:
        self._declared()
        return TaskGroup(
            self.name,
            prefix_group_id=self.options.get("prefix_group_id", True),
            default_args=self.options.get("default_args"),
            tooltip=self.options.get("tooltip", ""),
            suffix_on_clash="group_id" not in self.options,
        )

    def _declared(self) -> declaration.Declaration:
        declared = declaring.current.get()
        if declared is None:
            raise errors.UsageError(
                f"The task group {self.name!r} was called outside of a DAG's declaration.",
                remedy="Call it in a @dag function or within `with DAG(…):`.",
            )
        return declared

    def _check_names(self, given: Mapping[str, Any]) -> None:
        shape = arguments.shape_of(self.function)
        for name in given:
            if name not in shape.names and not shape.more_named:
                from weft.model import spelling

                raise errors.UsageError(
                    f"The task group {self.name!r} was expanded over {name!r}, which is no parameter of it.",
                    remedy=spelling.did_you_mean(name, shape.names),
                )


def _as_value(declared: declaration.Declaration, group: TaskGroup, leaf: Any) -> Any:
    if isinstance(leaf, tuple):  # of a zip
        return tuple(_as_value(declared, group, each) for each in leaf)
    return nodes.ElementValue(declared, group, leaf)

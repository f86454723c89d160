"""`@dag`, `@task_group`, `@setup` and `@teardown`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Unpack, overload

from weft.define import assets, options, references, tasks
from weft.define.dags import dag_options, declaration, declaring, groups, nodes, registering
from weft.define.dags import params as parameters
from weft.model import diagnostics, errors


class DagDefinition:
    """A function that declares a DAG. The module that holds it has the DAG, whether it is called there or not.

    Called, it gives the declaration: the DAG with these arguments as defaults of its parameters.
    """

    kind = "dag"

    def __init__(
        self,
        function: Callable[..., Any],
        given: Mapping[str, Any],
        location: diagnostics.SourceLocation | None,
    ) -> None:
        self.function = function
        self.options = given
        self.location = location
        self.name: str = given.get("name") or function.__name__
        self.called: list[declaration.Declaration] = []
        """What calls of it gave, in order."""
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> declaration.Declaration:
        """Declare the DAG.

        Raises:
            UsageError: another DAG is being declared, the arguments are wrong, or the function misuses a value.
        """
        if declaring.current.get() is not None:
            raise errors.UsageError(
                f"The DAG {self.name!r} was called within the declaration of another.",
                remedy="Make it a @task_group, or schedule one on an asset that the other makes.",
            )
        declared = self._declare(args, kwargs)
        self.called.append(declared)
        return declared

    def declared(self) -> declaration.Declaration:
        """The DAG: what the last call of it gave, else as a call without arguments gives it."""
        if not self.called:
            self.called.append(self._declare((), {}))
        return self.called[-1]

    def test(self, **given: Any) -> Any:
        """Run the DAG here and now, in memory and in this process; `weft.api.test_pipeline` documents the arguments."""
        return self.declared().test(**given)

    def _declare(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> declaration.Declaration:
        given = dict(self.options)
        given.setdefault("name", self.name)
        if self.function.__doc__:
            given.setdefault("description", inspect.cleandoc(self.function.__doc__))
        declared = declaration.Declaration(**given)
        declared.function = self.function
        declared.kind = self.kind
        declared.location = self.location
        try:
            bound = inspect.signature(self.function).bind_partial(*args, **kwargs).arguments
        except TypeError as error:
            raise errors.UsageError(
                f"The DAG {self.name!r} was called with wrong arguments: {error}.",
                remedy="They are defaults of the parameters of its function.",
            ) from error
        own = parameters.of_function(self.function, bound, declared.params)
        declared.params = {**declared.params, **own}
        token = declaring.current.set(declared)
        try:
            self.function(**{name: nodes.Value(declared, references.ParamValue(name)) for name in own})
        finally:
            declaring.current.reset(token)
        return declared

    def __repr__(self) -> str:
        return f"<DAG {self.name!r}>"


@overload
def dag(function: Callable[..., Any], /) -> DagDefinition: ...


@overload
def dag(
    dag_id: str | None = None, /, **given: Unpack[dag_options.DagOptions]
) -> Callable[[Callable[..., Any]], DagDefinition]: ...


def dag(function: Any = None, /, **given: Any) -> Any:
    """Declare a DAG by a function that calls tasks; `dag_options.DagOptions` documents the arguments.

    The function's parameters are the parameters of a run: their annotations are checked, their defaults hold.

    Raises:
        UsageError: there is no such argument, or what is decorated is no function.
    """
    name = function if isinstance(function, str) else None
    checked = dag_options.checked("@dag", given, name)

    def decorate(body: Callable[..., Any]) -> DagDefinition:
        location = assets.location_of(body, "dag")
        made = DagDefinition(body, checked, location)
        registering.register(made)
        return made

    return decorate if function is None or name is not None else decorate(function)


def task_group(function: Any = None, /, **given: Any) -> Any:
    """Make a group of the tasks that a function calls.

    Args:
        function: the function, where the decorator has no arguments; or the group's id.
        **given: `group_id`, `prefix_group_id`, `default_args` and `tooltip`, as `TaskGroup` has them.

    Raises:
        UsageError: there is no such argument, or what is decorated is no function.
    """
    if isinstance(function, str):
        function, given = None, {"group_id": function, **given}
    options.check_names("task_group", given, groups.GROUP_NAMES)

    def decorate(body: Callable[..., Any]) -> groups.GroupDefinition:
        assets.location_of(body, "task_group")
        if body.__doc__:
            given.setdefault("tooltip", inspect.cleandoc(body.__doc__))
        return groups.GroupDefinition(body, given)

    return decorate if function is None else decorate(function)


setup = tasks.task.setup
"""`@setup`: a task that prepares what others need."""

teardown = tasks.task.teardown
"""`@teardown`: a task that cleans up once the steps above it have ended, however, if its setup succeeded."""

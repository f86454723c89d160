"""From the calls of a declaration to the steps of a pipeline, with the bodies that run them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin

from weft.define import bodies, caching, parameters, problems, signatures, task_options, tasks
from weft.define.dags import calls, checking, codes, drawing, nodes, ordering
from weft.model import diagnostics, errors, keys, pipelines
from weft.model import policies as model_policies

PoolsOf = Callable[[keys.AssetKey], tuple[str | None, str | None]]
"""Takes an asset to the name of its IO manager, None for the default one, and the pool that this needs."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a task's options come to, with the defaults of its DAG and its groups."""

    options: Mapping[str, Any]
    policies: model_policies.Policies
    hooks: task_options.Hooks
    cache: caching.Cache | None


@dataclass(slots=True, kw_only=True)
class Builder:
    """Makes steps; keeps what it has worked out of functions and options."""

    scope: parameters.Scope
    codes: codes.Codes
    assets: drawing.Assets
    storage_of: PoolsOf
    known: signatures.Known = field(default_factory=dict)
    checker: checking.Checker = field(default_factory=checking.Checker)
    _parameters: dict[tuple[int, tuple[str, ...]], tuple[object, bodies.Parameters]] = field(default_factory=dict)
    _said: dict[tuple[int, int, int], tuple[object, object, Said]] = field(default_factory=dict)
    _codes: dict[tuple[int, object], str] = field(default_factory=dict)

    @property
    def found(self) -> problems.Problems:
        """Where what is wrong is added."""
        return self.scope.found

    def step(
        self,
        call: calls.Call,
        order: ordering.Order,
        defaults: Mapping[str, Any],
    ) -> tuple[pipelines.TaskStep, bodies.TaskBody]:
        """Make one step and its body. Adds what is wrong with it."""
        task = call.task
        subject = f"The task {call.id!r}"
        said = self.said(call, defaults, subject)
        given = said.options
        filled = self.parameters(task, call.missing, subject, call.location)
        self._check_arguments(call, filled.annotations)
        inlets = self._inlets(given, subject, call.location)
        outlets = call.outlets
        stored = {key: self.storage_of(key) for key in outlets}
        pools = tuple(dict.fromkeys([*said.policies.pools, *(pool for _, pool in stored.values() if pool is not None)]))
        digest = self._code(call, given)
        setups = order.setups(call) if call.role == "teardown" else ()
        policies = said.policies if pools == said.policies.pools else _with_pools(said.policies, pools)
        function = task.function
        step = pipelines.TaskStep(
            key=call.key,
            task=call.id,
            label=str(given.get("label", "")),
            after=order.edges(call),
            rule=self._rule(given, call, subject),
            fan=call.fan,
            group=mapped.id if (mapped := call.mapped_group) is not None else "",
            role=call.role,  # type: ignore[arg-type]
            setups=setups,
            respect_rules=given.get("ignore_downstream_trigger_rules") is False,
            inlets=inlets,
            outlets=outlets,
            code=digest,
            policies=policies,
            doc=given.get("description") or (inspect.cleandoc(function.__doc__) if function.__doc__ else ""),
            operator=task.operator,
            depends_on_past=bool(given.get("depends_on_past", False)),
            pulls=self.codes.pulls(function, call.arguments),
            location=call.location,
        )
        body = bodies.TaskBody(
            key=call.key,
            name=call.id,
            function=function,
            parameters=filled,
            arguments=call.arguments,
            positional=call.positional,
            conditions=task.conditions,
            cache=said.cache,
            hooks=said.hooks,
            retry_if=given.get("retry_if"),
            role=call.role,
            below=order.below(call.key),
            groups_below=order.groups_below(call.key) if call.role == "branch" else {},
            outlets=outlets,
            outlet_io={key: name for key, (name, _) in stored.items() if name is not None},
            inlets=inlets,
            code=digest,
            resources=given.get("resources") or {},
            setups=setups,
        )
        return step, body

    def said(self, call: calls.Call, defaults: Mapping[str, Any], subject: str) -> Said:
        """What a task's options come to, with defaults under them. Adds what is wrong."""
        task, group = call.task, call.group
        of_group = group.default_args if group is not None else {}
        if not defaults and not of_group:
            return Said(task.options, task.policies, task.hooks, task.cache)
        place = (id(task), id(defaults), id(group))
        known = self._said.get(place)
        if known is not None:
            return known[2]
        joined = {**defaults, **of_group, **task.options}
        try:
            said = Said(
                joined,
                task_options.policies_of(joined, subject),
                task_options.hooks_of(joined, subject),
                caching.policy(joined.get("cache")),
            )
        except errors.UsageError as error:
            self.found.add("wrong-argument", error.message, remedy=error.remedy, location=call.location)
            said = Said(task.options, task.policies, task.hooks, task.cache)
        self._said[place] = (task, group, said)
        return said

    def parameters(
        self,
        task: tasks.TaskDefinition[..., Any],
        missing: tuple[str, ...],
        subject: str,
        location: diagnostics.SourceLocation | None,
    ) -> bodies.Parameters:
        """How the parameters are filled that no argument fills. Adds those that nothing fills."""
        function = task.function
        place = (id(function), missing)
        known = self._parameters.get(place)
        if known is not None and not missing:
            return known[1]
        signature = signatures.read(function, self.known)
        annotations = signature.annotations
        filling = parameters.Filling(annotations=annotations, optional=signature.optional)
        body = parameters.Body(subject=subject, location=location)
        for name in signature.names:
            annotation = annotations.get(name, signatures.MISSING)
            if filling.context is None and (name == "context" or parameters.is_context(annotation)):
                filling.context = name
            elif signatures.is_resource(annotation):
                parameters.fill_by_class(name, annotation, filling, body, self.scope)
        absent = [each for each in missing if each not in self.scope.resources]
        filling.resources.update({each: each for each in missing if each in self.scope.resources})
        if absent:
            self.found.add(
                "wrong-arguments",
                f"The task {task.name!r} was called without {_and([repr(each) for each in absent])}.",
                remedy=f"Pass it: {task.name}({', '.join(f'{each}=…' for each in absent)}).",
                location=location,
            )
        self._check_closure(task, location)
        made = filling.parameters()
        self._parameters[place] = (function, made)
        return made

    def _check_closure(self, task: tasks.TaskDefinition[..., Any], location: diagnostics.SourceLocation | None) -> None:
        """Add what the body takes from the function around it but only a run has."""
        function = task.function
        names = getattr(getattr(function, "__code__", None), "co_freevars", ())
        for name, cell in zip(names, getattr(function, "__closure__", None) or (), strict=False):
            try:
                value = cell.cell_contents
            except ValueError:  # a variable that was never set
                continue
            if isinstance(value, nodes.Value):
                self.found.add(
                    "wrong-arguments",
                    f"The body of the task {task.name!r} uses {name!r}, {value.describe()}, "
                    "which it only gets as an argument.",
                    remedy=f"Pass it: {task.name}({name}={name}).",
                    location=location,
                )

    def _check_arguments(self, call: calls.Call, annotations: Mapping[str, Any]) -> None:
        for name, value in call.arguments.items():
            if name not in annotations:
                continue
            problem = self.checker.problem(value, annotations[name])
            if problem is not None:
                self.found.add(
                    "wrong-arguments",
                    f"The task {call.task.name!r} was called with {name}={problem}.",
                    remedy=None  # the message lists the words
                    if get_origin(annotations[name]) is Literal
                    else f"Its annotation is {_spelt(annotations[name])}.",
                    location=call.location,
                )

    def _inlets(
        self, given: Mapping[str, Any], subject: str, location: diagnostics.SourceLocation | None
    ) -> tuple[keys.AssetKey, ...]:
        named = given.get("inlets")
        if not named:
            return ()
        found = [self.assets.key_of(each, subject, location) for each in drawing.listed(named)]
        return tuple(dict.fromkeys(each for each in found if each is not None))

    def _code(self, call: calls.Call, given: Mapping[str, Any]) -> str:
        function, version = call.task.function, given.get("code_version")
        if call.functions:
            return self.codes.of(function, version, call.functions)
        place = (id(function), version)
        known = self._codes.get(place)
        if known is None:
            known = self._codes[place] = self.codes.of(function, version)
        return known

    def _rule(self, given: Mapping[str, Any], call: calls.Call, subject: str) -> pipelines.TriggerRule:
        default: pipelines.TriggerRule = "all_done_setup_success" if call.role == "teardown" else "all_success"
        rule: pipelines.TriggerRule = given.get("trigger_rule", default)
        if rule in pipelines.TRIGGER_RULES:
            return rule
        self.found.add(
            "wrong-argument",
            f"{subject}: trigger_rule is {rule!r}.",
            remedy=self.found.suggestion(str(rule), get_args(pipelines.TriggerRule))
            or f"There are {', '.join(pipelines.TRIGGER_RULES)}.",
            location=call.location,
        )
        return default


def _with_pools(given: model_policies.Policies, pools: tuple[str, ...]) -> model_policies.Policies:
    import msgspec

    return msgspec.structs.replace(given, pools=pools)


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _spelt(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) and not get_args(annotation) else str(annotation)

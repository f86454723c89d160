"""The arguments of a task that is a step of a DAG: references and templates replaced by what they stand for.

What each argument needs is worked out once for a step; an argument without any leaf is the very object that was given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from weft.connections import connection
from weft.define import references
from weft.model import errors, spelling
from weft.storage import conversions
from weft.worker import masking, texts, values
from weft.worker.tasks import context as contexts
from weft.worker.tasks import results as resulting
from weft.worker.tasks import shapes, templates

LONGEST_RENDERED = 4096
"""Characters that are kept of what a template gave."""
REST = "**"
"""The name of an argument whose value is a mapping of further arguments."""


@dataclass(slots=True, kw_only=True)
class Sources:
    """What leaves are filled from, for one attempt; `rendered` collects what templates gave."""

    context: contexts.TaskContext
    results: resulting.Results
    places: Mapping[str, int]
    templates: templates.Templates
    masks: masking.Masks
    rendered: dict[str, str]


Resolver: TypeAlias = Callable[[Sources], Any]


def compiled(value: Any, argument: str, annotation: object | None = None) -> Resolver | None:
    """How to get the value of an argument; None where it is a plain value, to be passed as it is.

    Args:
        value: plain values, lists, tuples, sets and mappings, with leaves in them.
        argument: its name, for messages.
        annotation: the type that its parameter asks for, where there is one.
    """
    match value:
        case references.Result():
            return lambda sources: sources.results.value(value, annotation)
        case references.Element():
            of_source = None if isinstance(value.source, references.Result) else compiled(value.source, value.name)
            return lambda sources: _element(value, sources, annotation, of_source)
        case references.ParamValue():
            return lambda sources: _param(value, sources)
        case references.Template():
            return lambda sources: _rendered(value, sources, argument)
        case Mapping():
            return _mapping(value, argument)
        case list() | tuple() | set() | frozenset():
            return _container(value, argument)
    return None


def resolve(resolvers: Mapping[str, Resolver], constants: Mapping[str, Any], sources: Sources) -> dict[str, Any]:
    """All arguments by name: constants as they are, the others resolved; those of `**` merged in.

    Raises:
        UsageError: a value has no such part, a template can't be filled in, or what stands for `**` is no mapping.
        StorageError: a value cannot be read.
    """
    found = dict(constants)
    for name, resolver in resolvers.items():
        found[name] = resolver(sources)
    if REST in found:
        rest = found.pop(REST)
        if not isinstance(rest, Mapping) or not all(isinstance(name, str) for name in rest):
            raise errors.UsageError(
                f"{sources.context.task_id!r} was expanded over mappings of arguments, but an element is "
                f"{type(rest).__qualname__}.",
                remedy="Give expand_kwargs a list of dicts with the names of parameters.",
            )
        found.update(rest)
    return found


def filled(
    shape: shapes.Shape, given: Mapping[str, Any], context: contexts.TaskContext, *, live: bool
) -> dict[str, Any]:
    """What the context adds to the arguments: the context itself, and what parameters are named after.

    In a DAG a parameter `ds` with the default None gets the date, as in Airflow, and `**kwargs` gets everything; in a
    call of a flow only what would be missing otherwise.
    """
    found: dict[str, Any] = {}
    if shape.context is not None and shape.context not in given:
        found[shape.context] = context
    for name in shape.filled:
        if name not in given:
            found[name] = context[name]
    if not live:
        for name in shape.optional:
            if name not in given:
                found[name] = context[name]
        if shape.rest is not None:
            for name in context:
                if name not in given and name not in found:
                    found[name] = context[name]
    return found


def with_context(
    function: Callable[..., Any], kwargs: Mapping[str, Any], context: contexts.TaskContext
) -> dict[str, Any]:
    """The keyword arguments for a function that asks for parts of the context by the names of its parameters."""
    return {**filled(shapes.shape(function), kwargs, context, live=False), **kwargs}


def _element(
    wanted: references.Element, sources: Sources, annotation: object | None, of_source: Resolver | None
) -> Any:
    place = sources.places.get(wanted.name)
    if place is None:
        raise errors.UsageError(
            f"{sources.context.task_id!r} has no item for the argument {wanted.name!r}.",
            remedy="Plan again: the definitions have changed.",
        )
    source = wanted.source
    as_is = None if wanted.path or wanted.transforms else annotation
    if isinstance(source, references.Result):
        found = sources.results.element(wanted.name, source, place, as_is)
    else:
        whole = source if of_source is None else of_source(sources)
        found = (
            values.own(whole[place])
            if type(whole) is list and place < len(whole)
            else _picked(whole, place, wanted.name)
        )
    for transform in wanted.transforms:
        found = transform(found)
    found = resulting.follow(found, wanted.path, f"an element of {wanted.name!r}") if wanted.path else found
    return conversions.convert(found, as_is) if as_is is not None and isinstance(source, references.Result) else found


def _picked(whole: Any, place: int, argument: str) -> Any:
    return values.own(resulting.pick(whole, place, f"the list of {argument!r}"))


def _param(wanted: references.ParamValue, sources: Sources) -> Any:
    known = sources.context.params
    if wanted.name not in known:
        near = spelling.did_you_mean(wanted.name, known)
        raise errors.UsageError(
            f"The run has no parameter {wanted.name!r}.{' ' + near if near else ''}",
            remedy=f"Its parameters are: {', '.join(known) or 'none'}.",
        )
    return resulting.follow(known[wanted.name], wanted.path, f"the parameter {wanted.name!r}")


def _rendered(wanted: references.Template, sources: Sources, argument: str) -> str:
    return render(wanted.text, sources, wanted.field or argument)


def render(template: str, sources: Sources, name: str) -> str:
    """Fill in a template, and record what it gave under `name`.

    Raises:
        TemplateError: it can't be filled in.
    """
    text = sources.templates.render(template, sources.context, name)
    if "://" in text:  # a URL may have a password in it
        sources.masks.learn(connection.secret_texts(text))
    kept = texts.storable(sources.masks.text(text))[:LONGEST_RENDERED]
    rendered = sources.rendered
    if name in rendered and rendered[name] != kept:
        count = 2
        while f"{name} ({count})" in rendered:
            count += 1
        name = f"{name} ({count})"
    rendered[name] = kept
    return text


def _mapping(value: Mapping[Any, Any], argument: str) -> Resolver | None:
    parts = [
        (key, compiled(key, argument), each, compiled(each, f"{argument}[{key!r}]")) for key, each in value.items()
    ]
    if all(key_resolver is None and resolver is None for _, key_resolver, _, resolver in parts):
        return None

    def resolver(sources: Sources) -> dict[Any, Any]:
        return {
            (key if of_key is None else of_key(sources)): (each if of_value is None else of_value(sources))
            for key, of_key, each, of_value in parts
        }

    return resolver


def _container(value: Any, argument: str) -> Resolver | None:
    parts = [(each, compiled(each, f"{argument}[{place}]")) for place, each in enumerate(value)]
    if all(resolver is None for _, resolver in parts):
        return None
    kind: Callable[[list[Any]], Any] = (lambda items: type(value)(*items)) if hasattr(value, "_fields") else type(value)

    def resolver(sources: Sources) -> Any:
        return kind([each if of is None else of(sources) for each, of in parts])

    return resolver

"""From what users say of an asset to the graph's `Asset`: names and facts checked and put into one form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from weft.define import policies, problems, signatures, specs
from weft.model import diagnostics, errors, graph, keys
from weft.model import policies as model_policies
from weft.model.partitions import protocol as partitioning
from weft.storage import protocol as storage

_EMPTY: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Managers:
    """The IO managers by name. One that is given as an object gets a name when it is first met."""

    by_name: dict[str, storage.IOManager]
    found: problems.Problems
    names: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, manager in self.by_name.items():
            self.names.setdefault(id(manager), name)

    def name_of(self, given: object, subject: str, location: diagnostics.SourceLocation | None) -> str | None:
        """Return the name of an IO manager, registering it where it is new; None without one. Adds what is wrong."""
        if given is None:
            return None
        if isinstance(given, str):
            if given in self.by_name:
                return given
            self.found.add(
                "unknown-io-manager",
                f"{subject} names the IO manager {given!r}, and there is none.",
                remedy=self.found.suggestion(given, self.by_name)
                or f'Add it: Definitions(io_managers={{"{given}": …}}).',
                location=location,
            )
            return None
        if not isinstance(given, storage.IOManager):
            self.found.add(
                "unknown-io-manager",
                f"{subject} has io={given!r}, which is neither an IOManager nor the name of one.",
                remedy="Subclass weft.IOManager and define write and read.",
                location=location,
            )
            return None
        if id(given) in self.names:
            return self.names[id(given)]
        if given.name in self.by_name:
            self.found.add(
                "duplicate-name",
                f"{subject} has an IO manager called {given.name!r}, and there is another one of that name.",
                remedy='Name them apart: Definitions(io_managers={"one": …, "other": …}), or set their `name`.',
                location=location,
            )
            return None
        self.by_name[given.name] = given
        self.names[id(given)] = given.name
        return given.name


def asset_of(
    spec: specs.AssetSpec,
    *,
    step: keys.StepKey | None,
    managers: Managers,
    found: problems.Problems,
    code_changes: model_policies.CodeChanges,
) -> graph.Asset:
    """Return the graph's asset for a spec; what is wrong is added and left out."""
    subject = f"The asset {spec.key!r}"
    location = spec.location

    def attempt(argument: str, given: Any, default: Any) -> Any:
        if not given:
            return default
        return found.attempt("wrong-argument", subject, location, lambda: _FORMS[argument](argument, given), default)

    return graph.Asset(
        key=spec.key,
        step=step,
        partitions=partitions_of(spec.partitions, subject, location, found),
        group=attempt("group", spec.group, "default"),
        description=attempt("description", spec.description, ""),
        owners=attempt("owners", spec.owners, ()),
        tags=attempt("tags", spec.tags, _EMPTY),
        kinds=attempt("kinds", spec.kinds, ()),
        aliases=attempt("aliases", _aliases(spec), ()),
        metadata=attempt("metadata", spec.metadata, _EMPTY),
        freshness=None
        if spec.freshness is None
        else found.attempt("wrong-freshness", subject, location, lambda: policies.freshness(spec.freshness), None),
        code_changes=code_changes
        if spec.code_changes is None
        else found.attempt(
            "wrong-argument", subject, location, lambda: policies.code_changes(spec.code_changes), code_changes
        ),
        io=managers.name_of(spec.io, subject, location),
        observable=step is None and spec.observe is not None,
        location=location,
    )


def partitions_of(
    given: object, subject: str, location: diagnostics.SourceLocation | None, found: problems.Problems
) -> partitioning.Partitions | None:
    """Return a definition of partitions, None where there is none. Adds what is wrong."""
    if given is None or isinstance(given, partitioning.Partitions):
        return given
    found.add(
        "wrong-argument",
        f"{subject}: partitions is {given!r}, which is no definition of partitions.",
        remedy='Write DailyPartitions(start_date="2024-01-01"), StaticPartitions(["eu", "us"]) or the like.',
        location=location,
    )
    return None


def _aliases(spec: specs.AssetSpec) -> Any:
    if spec.uri is None:
        return spec.aliases
    rest = spec.aliases
    return [spec.uri, rest] if isinstance(rest, str) else [spec.uri, *rest]


def texts(argument: str, given: Any) -> tuple[str, ...]:
    """Return one text or several as a tuple without duplicates.

    Raises:
        UsageError: they are no texts.
    """
    if isinstance(given, str):
        return (given,)
    if isinstance(given, (list, tuple, set, frozenset)) and all(isinstance(each, str) and each for each in given):
        return tuple(dict.fromkeys(sorted(given) if isinstance(given, (set, frozenset)) else given))
    raise errors.UsageError(f"{argument} is {given!r}.", remedy=f'Write {argument}=["one", "other"].')


def text(argument: str, given: Any) -> str:
    """Return a text.

    Raises:
        UsageError: it is none.
    """
    if isinstance(given, str):
        return given
    raise errors.UsageError(f"{argument} is {given!r}, which is no text.", remedy=f'Write {argument}="…".')


def tags(argument: str, given: Any) -> Mapping[str, str]:
    """Return tags as names with values, empty values for bare words.

    Raises:
        UsageError: they are neither words nor names with values.
    """
    if isinstance(given, Mapping):
        if all(isinstance(name, str) and isinstance(value, (str, int, float, bool)) for name, value in given.items()):
            return {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
        raise errors.UsageError(f"{argument} is {given!r}.", remedy=f'Write {argument}={{"name": "value"}}.')
    return dict.fromkeys(texts(argument, given), "")


def _metadata(argument: str, given: Any) -> Mapping[str, str]:
    if not isinstance(given, Mapping):
        raise errors.UsageError(f"{argument} is {given!r}.", remedy=f'Write {argument}={{"name": value}}.')
    try:
        return {str(name): json.dumps(value, sort_keys=True, allow_nan=False) for name, value in given.items()}
    except (TypeError, ValueError) as error:
        raise errors.UsageError(
            f"{argument} has a value that is no JSON: {error}.", remedy="Use texts, numbers, lists and mappings."
        ) from error


_FORMS = {
    "group": text,
    "description": text,
    "owners": texts,
    "tags": tags,
    "kinds": texts,
    "aliases": texts,
    "metadata": _metadata,
}


def config_values(
    given: object, subject: str, location: diagnostics.SourceLocation | None, found: problems.Problems
) -> Mapping[str, object]:
    """Return the values that were given as `config=`: a mapping, or an instance of a pydantic model."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return given
    if signatures.is_model(type(given)):
        names: Iterable[str] = given.model_fields_set  # type: ignore[attr-defined]
        return {name: getattr(given, name) for name in names}
    found.add(
        "wrong-argument",
        f"{subject}: config is a {type(given).__name__}, which is neither a mapping nor a pydantic model.",
        remedy='Write config={"field": value}.',
        location=location,
    )
    return {}

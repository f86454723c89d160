"""`job`: a named selection of assets, to be run together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from weft.define import specs
from weft.model import diagnostics


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class JobDefinition:
    """A named selection of assets, as it was written."""

    name: str
    selection: str | Sequence[specs.AssetLike]
    description: str
    tags: specs.Names | Mapping[str, str]
    location: diagnostics.SourceLocation | None


def job(
    name: str,
    selection: str | Sequence[specs.AssetLike],
    *,
    description: str = "",
    tags: specs.Names | Mapping[str, str] = (),
) -> JobDefinition:
    """Name a selection of assets, to be run together.

    Args:
        name: the job's name.
        selection: an expression such as "group:trading and not tag:slow", or a list of assets.
        description: what it is for.
        tags: words, or names with values.
    """
    return JobDefinition(name=name, selection=selection, description=description, tags=tags, location=specs.caller(1))

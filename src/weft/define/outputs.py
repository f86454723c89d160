"""What the bodies of assets, checks and observers may return beyond plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from weft.define import assets

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class DataVersion:
    """What identifies the content of data: equal text, equal content."""

    value: str

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Output(Generic[Value]):
    """A value with what the body says of it.

    Args:
        value: the output itself.
        metadata: facts to record with this version, each a JSON value.
        data_version: identifies the content in place of its hash; the value is then not hashed.
        asset: which output it is, for a body with several: the name of the output, a key or an asset.
    """

    value: Value
    metadata: Mapping[str, object] | None = None
    data_version: str | DataVersion | None = None
    asset: str | assets.AssetDefinition[..., object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What a check found, with what it wants recorded. `severity` overrides the check's own when it fails."""

    passed: bool
    metadata: Mapping[str, object] | None = None
    description: str = ""
    severity: Literal["warn", "error"] | None = None

"""What an IO manager is: it writes a value as an immutable version, and reads, removes and publishes such versions."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass

from weft.model import stored as stored_values
from weft.storage import paths

GIVEN_ALGORITHM = "v1"
"""The algorithm of a data version whose text the user chose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteTarget:
    """What a value is written for: one attempt to make one partition of one asset."""

    asset: str
    """The asset's key, such as `trading/daily_metrics`."""
    partition: str | None = None
    """The partition's key; None when the asset has none."""
    attempt: str
    """A tag that no other attempt has, ever; it goes into the names of files and tables."""
    unhashed_version: str | None = None
    """A data version that the user chose: it is used as it is and the content is not hashed."""
    io: str | None = None
    """The name under which the IO manager is registered; it is recorded for reading. None for the default one."""

    def given_version(self) -> str | None:
        """Return the user's own data version as `v1:<text>`, or None when there is none."""
        if self.unhashed_version is None:
            return None
        return f"{GIVEN_ALGORITHM}:{self.unhashed_version}"

    def unique_version(self) -> str:
        """Return a data version that says nothing of the content, one and the same for the whole attempt."""
        return f"{stored_values.UNIQUE_ALGORITHM}:{self.attempt}"

    def file(self, suffix: str) -> str:
        """Return a relative path of its own for this attempt: safe for any key, and another for another key."""
        return paths.version_file(self.asset, self.partition, self.attempt, suffix)

    def stored(
        self,
        uri: str,
        *,
        format: str = "custom",  # noqa: A002 - the word of StoredValue
        data_version: str | None = None,
        size: int | None = None,
    ) -> stored_values.StoredValue:
        """Describe what an IO manager of the user's own has written.

        Args:
            uri: where it lies, in words that the IO manager itself understands.
            format: the name of the encoding; free text.
            data_version: `<algorithm>:<hex>` of the content; the user's own or a unique one unless given.
            size: bytes, where known.
        """
        return stored_values.StoredValue(
            format=format,
            data_version=data_version or self.given_version() or self.unique_version(),
            uri=uri,
            size=size,
            io=self.io,
        )


class IOManager(abc.ABC):
    """Writes and reads the outputs of steps. Subclass it and define `write` and `read`; the rest has defaults.

    A written version is immutable: `write` never changes one that exists, and a failed `write` leaves nothing that
    `exists` would show.
    """

    name: str = ""
    """The name under which it is registered unless another is given; the class's name by default."""
    pool: str | None = None
    """A pool of one slot that a step must hold while it uses this manager, for storage with a single writer."""

    def __init_subclass__(cls, **options: object) -> None:
        """Name a subclass after itself unless it says otherwise."""
        super().__init_subclass__(**options)
        if "name" not in cls.__dict__:
            cls.name = cls.__name__

    @abc.abstractmethod
    def write(self, value: object, target: WriteTarget) -> stored_values.StoredValue:
        """Store `value` durably and say where it lies (`target.stored(uri)` builds the answer)."""

    @abc.abstractmethod
    def read(self, stored: stored_values.StoredValue, as_type: object | None = None) -> object:
        """Return the value, as the type `as_type` (an annotation) where that is given and possible."""

    def remove(self, stored: stored_values.StoredValue) -> None:  # noqa: B027 - a default
        """Remove a version; one that is gone already is no error. The default keeps everything."""

    def exists(self, stored: stored_values.StoredValue) -> bool:
        """Tell whether a version can still be read. The default says yes."""
        return True

    def publish(self, asset: str, current: Mapping[str | None, stored_values.StoredValue]) -> None:  # noqa: B027
        """Repair the asset's stable names (views, paths) from its current versions by partition; none by default."""

"""What the ledger knows of one asset, as columns over the ordinals of its partitions.

A million partitions are a few arrays, never an object each: data versions as 64-bit tokens, and for each input a
64-bit digest over the tokens that were read. Whether a partition is stale is then a comparison of two arrays, in
blocks, so that the cost follows the changes. An asset without partitions has the one ordinal 0. Failures, rejections
and acceptances are few and kept by ordinal.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from weft.model import column_search, partition_set

PartitionSet = partition_set.PartitionSet

_Value = TypeVar("_Value")
_HOLE = b"\1" + bytes(7)  # between two ranges: a hole in the set is not the same as its absence

_SPARE_NAMES = 64
_EMPTY_WEIGHT, _ROW_WEIGHT, _ENTRY_WEIGHT = 1_500, 32, 200  # bytes: of no columns, of a partition, of what is listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The last attempt failed: how, in which run, when (microseconds), after how many attempts, and with what."""

    outcome: str
    run: str
    at: int
    attempts: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A version that a blocking check rejected, with the code and input digests that it was made of."""

    version: int
    code: str
    inputs: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionRow:
    """One partition as the ledger's projection has it; `inputs` are digests by asset."""

    key: str
    version: int = 0
    token: int = 0
    first_token: int = 0
    code: str = ""
    inputs: Mapping[str, int]
    made_at: int = 0
    made_by: str = ""
    confirmed_at: int = 0
    failure: Failure | None = None
    rejection: Rejection | None = None
    accepted: str = ""


class Columns:
    """The columns of one asset. They grow with what is put in; reading beyond the end means *missing*."""

    __slots__ = (
        "_code_ids",
        "_last_made",
        "_run_ids",
        "accepted",
        "code_names",
        "codes",
        "confirmed_at",
        "failed",
        "first_tokens",
        "inputs",
        "made_at",
        "made_by",
        "orphaned",
        "rejected",
        "run_names",
        "tokens",
        "versions",
    )  # fmt: skip

    def __init__(self, size: int = 0) -> None:
        """Make columns of `size` missing partitions."""
        self.tokens = _zeros("Q", size)
        self.versions = _zeros("q", size)
        self.codes = _zeros("I", size)
        self.made_at = _zeros("q", size)
        self.made_by = _zeros("I", size)
        self.inputs: dict[str, array[int]] = {}
        self.code_names: list[str] = [""]
        self.run_names: list[str] = [""]
        self.failed: dict[int, Failure] = {}
        self.rejected: dict[int, Rejection] = {}
        self.accepted: dict[int, str] = {}
        self.first_tokens: dict[int, int] = {}
        self.confirmed_at = 0
        self.orphaned: list[str] = []
        self._code_ids: dict[str, int] = {"": 0}
        self._run_ids: dict[str, int] = {"": 0}
        self._last_made: int | None = None

    @property
    def last_made(self) -> int:
        """When the youngest current version was made (microseconds), 0 where there is none."""
        if self._last_made is None:
            self._last_made = max(self.made_at, default=0)
        return self._last_made

    @property
    def weight(self) -> int:
        """About how many bytes of memory they take."""
        listed = len(self.failed) + len(self.rejected) + len(self.accepted) + len(self.run_names)
        return _EMPTY_WEIGHT + self.size * (_ROW_WEIGHT + 8 * len(self.inputs)) + _ENTRY_WEIGHT * listed

    def copy(self) -> Columns:
        """Columns that are changed without changing these: whoever still reads these sees no change."""
        copy = Columns(0)
        copy.tokens, copy.versions, copy.codes = self.tokens[:], self.versions[:], self.codes[:]
        copy.made_at, copy.made_by = self.made_at[:], self.made_by[:]
        copy.inputs = {asset: column[:] for asset, column in self.inputs.items()}
        copy.code_names, copy._code_ids = list(self.code_names), dict(self._code_ids)
        # runs are only ever added, and may be as many as partitions: both add to the same names
        copy.run_names, copy._run_ids = self.run_names, self._run_ids
        copy.failed, copy.rejected, copy.accepted = dict(self.failed), dict(self.rejected), dict(self.accepted)
        copy.first_tokens, copy.orphaned = dict(self.first_tokens), list(self.orphaned)
        copy.confirmed_at, copy._last_made = self.confirmed_at, self._last_made
        if len(self.code_names) + len(self.run_names) > 2 * self.size + _SPARE_NAMES:
            copy._forget_names()
        return copy

    def _forget_names(self) -> None:
        """Number code and runs anew, without those of which nothing is left."""
        self.codes, self._code_ids = _renumbered(self.codes, self.code_names)
        self.made_by, self._run_ids = _renumbered(self.made_by, self.run_names)
        self.code_names, self.run_names = list(self._code_ids), list(self._run_ids)

    @property
    def size(self) -> int:
        """How many ordinals the columns cover."""
        return len(self.tokens)

    def put(self, ordinal: int, row: PartitionRow, *, external: bool = False) -> None:
        """Take over what the ledger says of one partition, in place of what was known."""
        if ordinal >= len(self.tokens):
            self.grow(ordinal + 1)
        self.tokens[ordinal] = row.token
        self.versions[ordinal] = row.version
        self.codes[ordinal] = self._code(row.code)
        last = self._last_made
        if last is not None and row.made_at >= last:
            self._last_made = row.made_at
        elif last == self.made_at[ordinal]:
            self._last_made = None
        self.made_at[ordinal] = row.made_at
        self.made_by[ordinal] = self._run(row.made_by)
        inputs = row.inputs
        for asset, column in self.inputs.items():
            column[ordinal] = inputs.get(asset, 0)
        for asset, digest in inputs.items():
            if asset not in self.inputs:
                self.inputs[asset] = _zeros("Q", len(self.tokens))
                self.inputs[asset][ordinal] = digest
        if row.failure or self.failed:
            _keep(self.failed, ordinal, row.failure)
        if row.rejection or self.rejected:
            _keep(self.rejected, ordinal, row.rejection)
        if row.accepted or self.accepted:
            _keep(self.accepted, ordinal, row.accepted)
        if external:
            _keep(self.first_tokens, ordinal, row.first_token)  # 0, as of what a step makes, is kept as nothing
        self.confirmed_at = max(self.confirmed_at, row.confirmed_at)

    def published(
        self, ordinal: int, *, token: int, version: int, code: str, inputs: Mapping[str, int], at: int, run: str
    ) -> None:
        """Note a version that became current just now."""
        self.put(
            ordinal,
            PartitionRow(
                key="", version=version, token=token, code=code, inputs=inputs, made_at=at, made_by=run, confirmed_at=at
            ),
        )

    def grow(self, size: int) -> None:
        """Cover at least `size` ordinals, the new ones missing."""
        more = size - len(self.tokens)
        if more <= 0:
            return
        for column in (self.tokens, self.versions, self.codes, self.made_at, self.made_by, *self.inputs.values()):
            column.frombytes(bytes(more * column.itemsize))

    def restore_names(self, codes: Sequence[str], runs: Sequence[str]) -> None:
        """Take over the names that the numbers in `codes` and `made_by` stand for."""
        self.code_names, self.run_names = list(codes), list(runs)
        self._code_ids = {name: number for number, name in enumerate(codes)}
        self._run_ids = {name: number for number, name in enumerate(runs)}

    def rename_code(self, old: str, new: str) -> None:
        """Take what the code `old` made, or was rejected of, as made of `new`: the same code under another digest."""
        number = self._code_ids.pop(old, None)
        if number is not None:
            target = self._code_ids.setdefault(new, number)
            self.code_names[number] = new
            if target != number:
                self.codes = array("I", [target if each == number else each for each in self.codes])
        for ordinal, rejection in self.rejected.items():
            if rejection.code == old:
                self.rejected[ordinal] = replace(rejection, code=new)

    def code_of(self, ordinal: int) -> str:
        """Digest of the code that made the current version, "" where there is none."""
        return self.code_names[self.codes[ordinal]] if ordinal < self.size else ""

    def run_of(self, ordinal: int) -> str:
        """The run that made the current version, "" where there is none."""
        return self.run_names[self.made_by[ordinal]] if ordinal < self.size else ""

    def token_of(self, ordinal: int) -> int:
        """Token of the current data version, 0 where there is none."""
        return self.tokens[ordinal] if ordinal < self.size else 0

    def input_of(self, ordinal: int, asset: str) -> int:
        """Digest of what the current version read of `asset`, 0 where it read nothing."""
        column = self.inputs.get(asset)
        return column[ordinal] if column is not None and ordinal < len(column) else 0

    def materialized(self) -> PartitionSet:
        """The partitions that hold data."""
        return column_search.filled(self.tokens.tobytes())

    def made_with_other_code(self, code: str) -> PartitionSet:
        """The partitions that hold data which other code than `code` made."""
        number = self._code_ids.get(code)
        others = [each for name, each in self._code_ids.items() if name != code and each != 0]
        if not others:
            return PartitionSet.empty()
        if number is not None:
            pattern = array("I", [number]).tobytes() * self.size
            candidates: Iterable[int] = column_search.differing(self.codes.tobytes(), pattern, 4)
        elif bytes(4) not in self.codes.tobytes():  # all of it is of other code, as after every edit
            return self.materialized()
        else:
            candidates = range(self.size)
        codes, tokens = self.codes, self.tokens
        return PartitionSet.of(each for each in candidates if tokens[each] and codes[each])

    def _code(self, code: str) -> int:
        number = self._code_ids.get(code)
        if number is None:
            number = self._code_ids[code] = len(self.code_names)
            self.code_names.append(code)
        return number

    def _run(self, run: str) -> int:
        number = self._run_ids.get(run)
        if number is None:
            number = self._run_ids[run] = len(self.run_names)
            self.run_names.append(run)
        return number


def _renumbered(column: array[int], names: Sequence[str]) -> tuple[array[int], dict[str, int]]:
    """A column of numbers of names with only the names that occur in it, and the empty one."""
    ids = {"": 0}
    numbers = {each: ids.setdefault(names[each], len(ids)) for each in dict.fromkeys(column)}
    return array(column.typecode, map(numbers.__getitem__, column)), ids


def _zeros(typecode: str, size: int) -> array[int]:
    column: array[int] = array(typecode)
    column.frombytes(bytes(size * column.itemsize))
    return column


def _keep(sparse: dict[int, _Value], ordinal: int, value: _Value | None) -> None:
    if value:
        sparse[ordinal] = value
    else:
        sparse.pop(ordinal, None)


def digest_of(columns: Columns | None, ordinals: PartitionSet) -> int:
    """The digest over what is read of an asset.

    The token itself for one partition, else a hash over the tokens in order.

    Missing partitions at either end don't count, so that a new partition without data changes nothing.
    """
    if columns is None or not ordinals:
        return 0
    if len(ordinals) == 1:
        return columns.token_of(ordinals.first)
    size = columns.size
    parts: list[bytes] = []
    tokens = memoryview(columns.tokens).cast("B")
    end = 0
    for start, stop in ordinals.ranges():
        if parts and start > end:
            parts.append(_HOLE)
        parts.append(bytes(tokens[min(start, size) * 8 : min(stop, size) * 8]))
        parts.append(bytes(8 * (stop - max(start, min(stop, size)))))
        end = stop
    content = _trimmed(b"".join(parts))
    if len(content) <= 8:
        return int.from_bytes(content, "little")
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little") or 1


def _trimmed(content: bytes) -> bytes:
    """Tokens without the missing ones, and the holes, at either end."""
    while True:
        end = (len(content.rstrip(b"\0")) + 7) // 8 * 8
        begin = (len(content) - len(content.lstrip(b"\0"))) // 8 * 8
        content = content[begin:end]
        if content.startswith(_HOLE):
            content = content[8:]
        elif content.endswith(_HOLE):
            content = content[:-8]
        else:
            return content


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What the planner knows of the world: columns by asset, and what helps it explain and forecast.

    `position` is the place in the log up to which this is complete. `manifests` maps code digests to hashes by
    function name, for as many codes as occur. `seconds` forecasts one attempt of a step. `reserved` maps assets to
    what live runs are making of them. `activated` has when a scheduler saw the schedule of a pipeline first
    (microseconds).
    """

    position: int = 0
    columns: Mapping[str, Columns]
    manifests: Mapping[str, Mapping[str, str]]
    seconds: Mapping[str, float]
    reserved: Mapping[str, Sequence[tuple[str, PartitionSet]]]
    activated: Mapping[str, int] = field(default_factory=dict)


def tokens_of(columns: Columns) -> Columns:
    """A copy of the data versions alone, as they stand now."""
    copy = Columns(0)
    copy.tokens = columns.tokens[:]
    return copy


def digest_of_versions(columns: Columns, ordinals: PartitionSet) -> int:
    """A digest over the current version of each of these partitions."""
    versions = memoryview(columns.versions).cast("B")
    size = columns.size
    hashed = hashlib.blake2b(digest_size=8)
    for start, stop in ordinals.ranges():
        hashed.update(start.to_bytes(8, "little") + stop.to_bytes(8, "little"))
        hashed.update(bytes(versions[min(start, size) * 8 : min(stop, size) * 8]).rstrip(b"\0"))
    return int.from_bytes(hashed.digest(), "little")

"""What users type to select partitions.

2024-01-05                    one key
2024-01-05,2024-01-08         several
2024-01-05..2024-01-31        a range, both ends inclusive, in the order of the definition
2024-01-05..   ..2024-01-31   open ends: up to the last, from the first that exists
*                             all
2024-01-05|*                  several dimensions: each part as above (without commas)
2024-01-05|AAPL..2024-01-08|IBM   a range over the combined order
"a,b","x..y"                  keys with such characters of their own, in quotes
"""

from __future__ import annotations

from datetime import datetime

from weft.model import errors
from weft.model.partition_set import PartitionSet
from weft.model.partitions import quoting
from weft.model.partitions.multi import SEPARATOR, MultiPartitions
from weft.model.partitions.protocol import Partitions, UnknownPartitionError
from weft.model.partitions.windows import TimePartitions

RANGE = ".."


def parse_selection(text: str, partitions: Partitions | None, now: datetime) -> PartitionSet:
    """Return the partitions that `text` selects, all of which exist at `now`.

    Args:
        text: A key, a list, a range or `*`, as at the head of this module.
        partitions: The definition; None for what has no partitions.
        now: An aware datetime.

    Raises:
        UnknownPartitionError: A key is none of the definition, or its partition does not exist at `now`.
        UsageError: There are no partitions to select, nothing was selected, or a range is reversed.
    """
    if partitions is None:
        raise errors.UsageError(
            f"partitions={text!r} selects partitions of what has none.", remedy="Leave --partitions out."
        )
    universe = partitions.universe(now)
    stripped = text.strip()
    whole = partitions.find(stripped) is not None
    tokens = [stripped] if whole else [each.strip() for each in quoting.split(stripped, ",")]
    if not all(tokens):
        raise errors.UsageError(
            f"partitions={text!r} has an empty part.",
            remedy="Give a key, a list 'a,b', a range 'a..b', or '*' for all.",
        )
    found = PartitionSet.empty()
    for token in tokens:
        found |= _parse_token(token, partitions, universe, now)
    return found


def _parse_token(token: str, partitions: Partitions, universe: PartitionSet, now: datetime) -> PartitionSet:
    if token == "*":  # noqa: S105
        return universe
    key = token if partitions.find(token) is not None else quoting.bare(token)
    if partitions.find(key) is None:
        if isinstance(partitions, MultiPartitions) and len(quoting.split(token, SEPARATOR)) == len(
            partitions.dimensions
        ):
            return _parse_dimensions(token, partitions, now)
        if len(quoting.split(token, RANGE, 1)) > 1:
            return _parse_range(token, partitions, universe)
    ordinal = _existing(key, partitions, universe)
    return PartitionSet.range(ordinal, ordinal + 1)


def _parse_dimensions(token: str, partitions: MultiPartitions, now: datetime) -> PartitionSet:
    """Parse each part in its dimension: `2024-01-05|*`, `2024-01-01..2024-01-31|AAPL`."""
    sets: dict[str, PartitionSet] = {}
    for part, (name, each) in zip(quoting.split(token, SEPARATOR), partitions.dimensions, strict=True):
        universe = each.universe(now)
        try:
            sets[name] = _parse_token(part.strip(), each, universe, now)
        except UnknownPartitionError as error:
            raise UnknownPartitionError(
                f"No partition matches '{token}', because of its {name}: {error.message}",
                key=token,
                remedy=error.remedy,
                close=error.close,
            ) from error
    return partitions.product(sets)


def _parse_range(token: str, partitions: Partitions, universe: PartitionSet) -> PartitionSet:
    low, high = (quoting.bare(part).strip() for part in quoting.split(token, RANGE, 1))
    if not universe:
        raise _nothing(token, partitions)
    first = _bound(low, partitions, universe, upper=False) if low else universe.first
    last = _bound(high, partitions, universe, upper=True) if high else universe.last
    if low and high and _reversed(low, high, first, last, partitions):
        raise errors.UsageError(
            f"The range '{token}' is reversed: '{high}' comes before '{low}'.", remedy=f"Write '{high}..{low}'."
        )
    found = PartitionSet.range(first, last + 1) & universe
    if not found:
        raise UnknownPartitionError(
            f"No partition lies in the range '{token}' of {partitions.describe()}.",
            key=token,
            remedy=_bounds(partitions, universe),
        )
    return found


def _reversed(low: str, high: str, first: int, last: int, partitions: Partitions) -> bool:
    # A range between two days without a session is empty, though not reversed: its bounds round away from each other.
    return last < first and not (partitions.find(low) is None and partitions.find(high) is None and last == first - 1)


def _bound(key: str, partitions: Partitions, universe: PartitionSet, *, upper: bool) -> int:
    if partitions.find(key) is not None:
        return _existing(key, partitions, universe)
    position = partitions.position(key, upper=upper)
    if position is None:
        raise partitions.unknown(key)
    if position > universe.last + 1 or (position > universe.last and not upper):
        raise _not_yet(key, partitions, universe)
    return position


def _existing(key: str, partitions: Partitions, universe: PartitionSet) -> int:
    ordinal = partitions.ordinal(key)
    if ordinal in universe:
        return ordinal
    raise _not_yet(key, partitions, universe) if universe else _nothing(key, partitions)


def _not_yet(key: str, partitions: Partitions, universe: PartitionSet) -> UnknownPartitionError:
    ordinal = partitions.find(key)
    when = ""
    if ordinal is not None and isinstance(partitions, (TimePartitions, MultiPartitions)):
        window = partitions.window(ordinal)
        when = f": its window ends at {window.end.isoformat(' ', 'minutes')}" if window is not None else ""
    last = partitions.key(universe.last)
    return UnknownPartitionError(
        f"The partition '{key}' of {partitions.describe()} does not exist yet{when}.",
        key=key,
        remedy=_bounds(partitions, universe),
        close=[last],
    )


def _nothing(key: str, partitions: Partitions) -> UnknownPartitionError:
    return UnknownPartitionError(
        f"'{key}' selects nothing: no partition of {partitions.describe()} exists yet.",
        key=key,
        remedy="The first one exists once its window has ended, or once a key was added.",
    )


def _bounds(partitions: Partitions, universe: PartitionSet) -> str:
    first, last = partitions.key(universe.first), partitions.key(universe.last)
    return f"Those that exist are '{first}' to '{last}'."

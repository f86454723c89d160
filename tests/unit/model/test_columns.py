"""Columns against plain dictionaries, and digests against a naive computation."""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from weft.model import columns
from weft.model.column_search import differing, filled
from weft.model.columns import Columns, Failure, PartitionRow, Rejection, digest_of
from weft.model.partition_set import PartitionSet

TOKENS = st.integers(2, 2**64 - 1)
ORDINALS = st.integers(0, 40)
ROWS = st.builds(
    PartitionRow,
    key=st.just(""),
    version=st.integers(1, 99),
    token=st.sampled_from([0, 5, 6, 2**64 - 1]),
    first_token=st.integers(0, 3),
    code=st.sampled_from(["", "c1", "c2"]),
    inputs=st.dictionaries(st.sampled_from(["u", "w"]), st.integers(1, 2**64 - 1)),
    made_at=st.integers(0, 9),
    made_by=st.sampled_from(["", "r1", "r2"]),
    confirmed_at=st.integers(0, 9),
    failure=st.none() | st.just(Failure(outcome="failed", run="r", at=1, attempts=1, error="no")),
    rejection=st.none() | st.just(Rejection(version=3, code="c", inputs={})),
    accepted=st.sampled_from(["", "s"]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(ORDINALS, ROWS), max_size=15), st.sampled_from(["c1", "c2", "c3", ""]), st.booleans())
def test_columns_hold_the_last_row_put_for_each_partition(
    puts: list[tuple[int, PartitionRow]], code: str, external: bool
) -> None:
    known = Columns(0)
    for ordinal, row in puts:
        known.put(ordinal, row, external=external)
    last = dict(puts)
    empty = PartitionRow(key="", inputs={})
    for ordinal in range(45):
        row = last.get(ordinal, empty)
        assert known.token_of(ordinal) == row.token
        assert known.code_of(ordinal) == row.code
        assert known.run_of(ordinal) == row.made_by
        assert [known.input_of(ordinal, asset) for asset in ("u", "w", "x")] == [
            row.inputs.get(asset, 0) for asset in ("u", "w", "x")
        ]
        assert known.failed.get(ordinal) == row.failure
        assert known.rejected.get(ordinal) == row.rejection
        assert known.accepted.get(ordinal, "") == row.accepted
    seen = {ordinal: row.first_token for ordinal, row in last.items() if row.first_token}
    assert known.first_tokens == (seen if external else {})
    assert known.confirmed_at == max((row.confirmed_at for _, row in puts), default=0)
    assert set(known.materialized()) == {ordinal for ordinal, row in last.items() if row.token}
    assert set(known.made_with_other_code(code)) == {
        ordinal for ordinal, row in last.items() if row.token and row.code not in ("", code)
    }


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(ORDINALS, ROWS), max_size=15),
    st.sampled_from(["c", "c1", "c2", "c3"]),
    st.sampled_from(["c1", "c2", "c4"]),
)
def test_renaming_a_code_is_as_if_all_had_been_put_under_the_new_name(
    puts: list[tuple[int, PartitionRow]], old: str, new: str
) -> None:
    def renamed(row: PartitionRow) -> PartitionRow:
        rejection = row.rejection
        if rejection is not None and rejection.code == old:
            rejection = replace(rejection, code=new)
        return replace(row, code=new if row.code == old else row.code, rejection=rejection)

    known, expected = Columns(0), Columns(0)
    for ordinal, row in puts:
        known.put(ordinal, row)
        expected.put(ordinal, renamed(row))
    known.rename_code(old, new)
    known.put(41, PartitionRow(key="", inputs={}, token=1, code="c1"))
    expected.put(41, PartitionRow(key="", inputs={}, token=1, code="c1"))
    assert [known.code_of(each) for each in range(45)] == [expected.code_of(each) for each in range(45)]
    assert known.rejected == expected.rejected
    for code in ("c1", "c2", "c3", "c4"):
        assert known.made_with_other_code(code) == expected.made_with_other_code(code)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.integers(0, 20_000), st.integers(1, 2**64 - 1), max_size=8),
    st.dictionaries(st.integers(0, 20_000), st.integers(1, 2**64 - 1), max_size=8),
    st.integers(0, 20_001),
)
def test_differing_finds_each_place_and_counts_what_is_beyond_an_end_as_missing(
    left: dict[int, int], more: dict[int, int], size: int
) -> None:
    one, two = array("Q", bytes(8 * 20_001)), array("Q", bytes(8 * 20_001))
    for place, number in left.items():
        one[place] = two[place] = number
    for place, number in more.items():
        two[place] = number
    del one[size:]
    expected = [place for place in range(20_001) if (one[place] if place < size else 0) != two[place]]
    assert list(differing(one.tobytes(), two.tobytes(), 8)) == expected
    assert list(differing(two.tobytes(), one.tobytes(), 8)) == expected


def naive_digest(tokens: list[int], ordinals: list[int]) -> int:
    """What is read, as a list in which a hole stands between two runs of ordinals; missing ends don't count."""
    if len(ordinals) == 1:
        return tokens[ordinals[0]] if ordinals[0] < len(tokens) else 0
    read: list[int | str] = []
    for place, ordinal in enumerate(ordinals):
        if place and ordinal != ordinals[place - 1] + 1:
            read.append("hole")
        read.append(tokens[ordinal] if ordinal < len(tokens) else 0)
    while read and read[0] in (0, "hole"):
        read.pop(0)
    while read and read[-1] in (0, "hole"):
        read.pop()
    if len(read) <= 1:
        return int(read[0]) if read else 0
    content = b"".join((1 if each == "hole" else int(each)).to_bytes(8, "little") for each in read)
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little") or 1


@settings(max_examples=300, deadline=None)
@given(st.lists(st.just(0) | TOKENS, max_size=12), st.sets(st.integers(0, 15)))
@example([256, 0, 2**63, 1 << 56], {0, 2, 3})
def test_a_digest_is_over_what_is_read_in_order(tokens: list[int], ordinals: set[int]) -> None:
    known = Columns(len(tokens))
    known.tokens = array("Q", tokens)
    assert digest_of(known, PartitionSet.of(sorted(ordinals))) == naive_digest(tokens, sorted(ordinals))


@given(st.lists(TOKENS, min_size=1, max_size=6), st.integers(1, 5))
def test_a_new_partition_without_data_changes_no_digest(tokens: list[int], more: int) -> None:
    known = Columns(len(tokens))
    known.tokens = array("Q", tokens)
    read = PartitionSet.range(0, len(tokens))
    assert digest_of(known, PartitionSet.range(0, len(tokens) + more)) == digest_of(known, read)
    known.grow(len(tokens) + more)
    assert digest_of(known, PartitionSet.range(0, len(tokens) + more)) == digest_of(known, read)


def test_nothing_read_and_an_unknown_asset_have_the_digest_of_nothing() -> None:
    assert digest_of(None, PartitionSet.range(0, 3)) == 0
    assert digest_of(Columns(3), PartitionSet.empty()) == 0
    assert digest_of(Columns(3), PartitionSet.range(0, 3)) == 0


@given(st.lists(st.integers(0, 9), max_size=8), st.sets(st.integers(0, 9)), st.integers(0, 9), st.integers(1, 9))
def test_a_digest_of_versions_changes_with_each_version_that_is_in_it(
    versions: list[int], ordinals: set[int], place: int, other: int
) -> None:
    known, changed = Columns(10), Columns(10)
    for ordinal, version in enumerate(versions):
        known.versions[ordinal] = changed.versions[ordinal] = version
    changed.versions[place] += other
    read = PartitionSet.of(sorted(ordinals))
    same = columns.digest_of_versions(known, read) == columns.digest_of_versions(changed, read)
    assert same == (place not in ordinals)


@given(st.lists(st.sampled_from([0, 0, 0, 1, 255, 256, 1 << 56, 1 << 63, (1 << 64) - 1]), max_size=60))
def test_what_is_filled_is_found_wherever_the_zeros_lie(tokens: list[int]) -> None:
    expected = [place for place, token in enumerate(tokens) if token]
    assert list(filled(array("Q", tokens).tobytes())) == expected


def test_what_is_filled_is_found_among_very_many_gaps() -> None:
    tokens = array("Q", [place % 3 for place in range(30_000)])
    assert list(filled(tokens.tobytes())) == [place for place in range(30_000) if place % 3]


def test_a_change_of_a_copy_is_no_change_of_the_original() -> None:
    known = Columns(0)
    for place in range(3):
        known.put(place, PartitionRow(key="", version=1, token=7, code="c1", inputs={"a": 5}, made_at=9, made_by="r1"))
    copy = known.copy()
    failure = Failure(outcome="failed", run="r2", at=1, attempts=1, error="E")
    copy.put(4, PartitionRow(key="", version=2, token=8, code="c2", inputs={"b": 6}, made_at=4, made_by="r2"))
    copy.put(1, PartitionRow(key="", inputs={}, failure=failure))
    assert [known.code_of(each) for each in range(5)] == ["c1", "c1", "c1", "", ""]
    assert [known.run_of(each) for each in range(5)] == ["r1", "r1", "r1", "", ""]
    assert (known.size, known.failed, list(known.inputs), known.last_made) == (3, {}, ["a"], 9)
    assert (copy.run_of(0), copy.run_of(4), copy.code_of(4), copy.input_of(4, "b")) == ("r1", "r2", "c2", 6)
    assert copy.failed == {1: failure}


def test_names_that_nothing_has_any_more_are_forgotten_by_a_copy() -> None:
    known = Columns(0)
    for number in range(1_000):
        known = known.copy()
        made_at = 1_000 - number
        known.put(0, PartitionRow(key="", token=1, code=f"c{number}", inputs={}, made_at=made_at, made_by=f"r{number}"))
        assert (known.code_of(0), known.run_of(0), known.last_made) == (f"c{number}", f"r{number}", made_at)
        assert known.made_with_other_code(f"c{number}") == PartitionSet.empty()
    assert len(known.code_names) + len(known.run_names) < 100

"""Lines in the bytes of a log: what is found, how it is numbered, where pages begin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.service.run import log_lines

_RECORDS = (
    b"22:00:00.000 INFO feed: begun\n"
    b"printed\n"
    b"22:00:01.000 ERROR feed: no price\n"
    b"Traceback (most recent call last):\n"
    b"  File x\n"
    b"22:00:02.000 WARNING feed: Slow\n"
)

_TEXTS = st.lists(
    st.sampled_from(["", "a", "row 1", "Row 2 is long enough", "22:00:00.000 ERROR x: y", "é"]), max_size=60
)


def test_lines_of_a_level_come_with_the_lines_below_their_record_and_are_numbered() -> None:
    lines, reached, passed = log_lines.found(_RECORDS, 100, most=1 << 20, level="WARNING")
    assert [(each.line, each.level) for each in lines] == [(2, "ERROR"), (3, None), (4, None), (5, "WARNING")]
    assert lines[0].offset == 100 + _RECORDS.index(b"22:00:01")
    assert (reached, passed) == (100 + len(_RECORDS), 6)


def test_a_search_folds_case_only_where_it_is_asked_to() -> None:
    assert [each.line for each in log_lines.found(_RECORDS, 0, most=99, search="slow", fold=True)[0]] == [5]
    assert log_lines.found(_RECORDS, 0, most=99, search="slow")[0] == []


def test_what_is_printed_counts_as_info_and_does_not_belong_to_the_record_above() -> None:
    content = (
        b"printed first\n"
        b"22:00:00.000 WARNING feed: slow\n"
        b"  the second line of its message\n"
        b"\n"
        b"row 1 printed\n"
        b"  indented print\n"
        b"22:00:01.000 DEBUG feed: detail\n"
        b"row 2 printed\n"
        b"22:00:02.000 ERROR feed: no price\n"
        b"Traceback (most recent call last):\n"
        b"  File x\n"
        b"pydantic.ValidationError: 1 error\n"
        b"field\n"
        b"22:00:03.000 INFO feed: goes on\n"
    )

    def numbers(level: log_lines.Level) -> list[int]:
        return [each.line for each in log_lines.found(content, 0, most=1 << 20, level=level)[0]]

    assert numbers("WARNING") == [1, 2, 3, 8, 9, 10, 11, 12]
    assert numbers("ERROR") == [8, 9, 10, 11, 12]
    assert numbers("INFO") == [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13]
    assert numbers("DEBUG") == list(range(14))
    assert log_lines.found(b"only\nprinted\n", 0, most=99, level="WARNING") == ([], 13, 2)


_LEVELLED = st.lists(
    st.sampled_from(
        [
            "22:00:00.000 ERROR x: y",
            "22:00:00.000 DEBUG x: y",
            "Traceback (most recent call last):",
            "  in",
            "print",
            "",
        ]
    ),
    max_size=40,
)


@given(_LEVELLED, st.integers(1, 90), st.sampled_from(log_lines.LEVELS))
def test_a_record_goes_on_from_page_to_page(texts: list[str], most: int, level: log_lines.Level) -> None:
    content = "".join(f"{each}\n" for each in texts).encode()
    whole = [each.line for each in log_lines.found(content, 0, most=1 << 20, level=level)[0]]
    found: list[int] = []
    offset = line = 0
    while offset < len(content):
        lines, reached, passed = log_lines.found(
            content[offset:], offset, most=most, level=level, before=content[:offset]
        )
        found += [line + each.line for each in lines]
        offset, line = reached, line + passed
    assert found == whole


def test_a_page_that_is_full_says_where_the_next_one_begins() -> None:
    first, reached, passed = log_lines.found(b"aaaa\nbbbb\ncccc\n", 0, most=10)
    assert [each.text for each in first] == ["aaaa", "bbbb"]
    assert (reached, passed) == (10, 2)


@given(_TEXTS, st.integers(1, 40), st.sampled_from(["", "row", "is"]))
def test_pages_after_each_other_find_every_line_once_with_its_number(texts: list[str], most: int, search: str) -> None:
    content = "".join(f"{each}\n" for each in texts).encode()
    found: list[tuple[int, str]] = []
    offset = before = 0
    while offset < len(content):
        lines, reached, passed = log_lines.found(content[offset:], offset, most=most, search=search, fold=True)
        found += [(before + each.line, each.text) for each in lines]
        assert reached > offset
        offset, before = reached, before + passed
    assert found == [(at, each) for at, each in enumerate(texts) if search in each.lower()]


@given(_TEXTS, st.integers(1, 50), st.booleans())
def test_the_pages_of_an_index_begin_where_lines_do(texts: list[str], page: int, ended: bool) -> None:
    content = "\n".join(texts).encode() + (b"\n" if ended and texts else b"")

    def read(offset: int, most: int) -> bytes:
        return content[offset : offset + min(most, 7)]

    count, places = log_lines.pages(read, len(content), page)
    lines = content.split(b"\n")
    if not lines[-1]:
        lines.pop()
    starts = [0]
    for each in lines:
        starts.append(starts[-1] + len(each) + 1)
    assert count == len(lines)
    assert places == sorted(set(places))
    assert all(starts[line] == offset for line, offset in places)
    assert not content or places[0] == (0, 0)


@pytest.mark.parametrize("content", [b"", b"\n", b"x"])
def test_the_smallest_logs_have_an_index(content: bytes) -> None:
    count, places = log_lines.pages(lambda offset, most: content[offset : offset + most], len(content), 64)
    assert count == (1 if content else 0)
    assert places == ([(0, 0)] if content else [])

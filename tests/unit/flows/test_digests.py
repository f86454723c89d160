"""What tells the inputs of calls apart."""

from __future__ import annotations

import threading
import weakref

from hypothesis import given
from hypothesis import strategies as st

from weft.runtime.flows import digests

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), json_values, max_size=3))
def test_equal_arguments_have_one_digest_in_any_order(arguments: dict[str, object]) -> None:
    turned = dict(reversed(list(arguments.items())))
    assert digests.digest(arguments, digests.Known()) == digests.digest(turned, digests.Known()) != ""


@given(json_values, json_values)
def test_other_arguments_have_another_digest(one: object, other: object) -> None:
    same = digests.digest({"a": one}, digests.Known()) == digests.digest({"a": other}, digests.Known())
    assert not same or repr(one) == repr(other) or one == other


def test_a_value_without_content_is_known_by_the_call_that_returned_it() -> None:
    lock, known = threading.Lock(), digests.Known()
    assert digests.digest({"lock": lock}, known) == ""
    known.note(lock, "", "f:make#0")
    found = digests.digest({"lock": lock, "more": [1]}, known)
    again = digests.Known()
    other = threading.Lock()
    again.note(other, "", "f:make#0")
    assert found == digests.digest({"lock": other, "more": [1]}, again) != ""


def test_a_list_that_was_changed_after_it_was_returned_is_another_input() -> None:
    known, value = digests.Known(), [1]
    known.note(value, "j1:x", "f:make#0")
    before = digests.digest({"value": value}, known)
    value.append(2)
    assert digests.digest({"value": value}, known) != before


class Table:
    """Something large that can be watched."""


def test_large_values_are_not_kept_alive() -> None:
    known = digests.Known()
    table = Table()
    watched = weakref.ref(table)
    known.note(table, "t1:1", "f:a#0", 10_000_000)
    assert (known.version(table), known.call(table)) == ("t1:1", "f:a#0")
    del table
    assert watched() is None
    lists = [[number] for number in range(5)]
    for number, each in enumerate(lists):
        known.note(each, "j1:1", f"f:a#{number}", 10_000_000)
    assert [known.call(each) for each in lists] == ["", "", "", "f:a#3", "f:a#4"]

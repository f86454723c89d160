from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from weft.model import code

entries = st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=5)


def manifest(of: dict[str, str], algorithm: str = code.ALGORITHM) -> code.CodeManifest:
    return code.CodeManifest(algorithm=algorithm, entries=of, python="3.12")


@given(entries, entries)
def test_digests_are_equal_exactly_when_nothing_differs(old, new):
    assert (manifest(old).digest == manifest(new).digest) == (old == new)
    assert (code.difference(manifest(old), manifest(new)) == []) == (old == new)


@given(entries, entries)
def test_applying_the_difference_gives_the_new_manifest(old, new):
    made = dict(old)
    for change in code.difference(manifest(old), manifest(new)):
        assert (change.kind == "added") == (change.name not in old)
        if change.kind == "removed":
            del made[change.name]
        else:
            made[change.name] = new[change.name]
    assert made == new


@given(entries)
def test_the_order_of_entries_does_not_count(of):
    assert manifest(dict(reversed(of.items()))).digest == manifest(of).digest


def test_another_algorithm_alone_is_no_change():
    old, new = manifest({"a": "1"}, algorithm="tree0"), manifest({"a": "2"})
    assert not code.comparable(old, new)
    assert code.difference(old, new) == []


def test_what_is_untracked_is_no_part_of_the_digest():
    one = code.CodeManifest(algorithm="tree1", entries={"a": "1"}, untracked=("b (eval)",), python="3.11")
    assert one.digest == manifest({"a": "1"}).digest

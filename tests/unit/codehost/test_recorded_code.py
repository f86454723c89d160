"""Code recorded by another algorithm, or under another Python, is compared by its stored source."""

from __future__ import annotations

import pytest

from weft.codehost import recorded
from weft.model import code

ENTRIES = {"etl.target": "1", "etl.RATE": "2"}
SOURCES = {"etl.target": "def target(value):\n    return value * RATE", "etl.RATE": "RATE = 2"}


def manifest(entries=ENTRIES, algorithm=code.ALGORITHM, python="3.11"):
    return code.CodeManifest(algorithm=algorithm, entries=entries, python=python)


def is_same(old, old_sources, new=None, new_sources=SOURCES):
    today = new or manifest()
    return recorded.recomputed(old, old_sources, today, new_sources) == today.entries


OLD = manifest({"etl.target": "x", "etl.RATE": "y"}, algorithm="tree0")


def test_an_older_algorithm_over_the_same_sources_is_the_same_code():
    assert is_same(OLD, SOURCES)


@pytest.mark.parametrize(
    "target",
    [
        "    def target(value):\n        '''Return it.'''\n        return (value\n            * RATE)  # twice",
        "def target(value) -> int:\n    return value * RATE",
    ],
)
def test_how_the_source_is_written_does_not_count(target):
    assert is_same(OLD, {**SOURCES, "etl.target": target})


@pytest.mark.parametrize(
    "changed",
    [
        {**SOURCES, "etl.target": "def target(value):\n    return value + RATE"},
        {**SOURCES, "etl.RATE": "RATE = 3"},
        {"etl.target": SOURCES["etl.target"]},
        {},
    ],
)
def test_an_older_algorithm_over_other_or_unknown_sources_is_other_code(changed):
    assert not is_same(OLD, changed)


def test_only_what_is_other_code_differs_in_what_is_recomputed():
    found = recorded.recomputed(OLD, {**SOURCES, "etl.RATE": "RATE = 3"}, manifest(), SOURCES)
    assert found == {"etl.target": "1", "etl.RATE": "tree0:y"}


def test_code_that_reaches_more_or_less_is_other_code():
    assert not is_same(manifest({"etl.target": "x"}, algorithm="tree0"), SOURCES)


def test_one_algorithm_compares_by_hash_whatever_the_source_says():
    assert not is_same(manifest({**ENTRIES, "etl.RATE": "3"}), SOURCES)
    assert is_same(manifest(), {})


def test_bytecode_of_another_python_is_compared_by_source():
    old = manifest({**ENTRIES, "etl.target": "bytecode-3.11:aa"}, python="3.11")
    new = manifest({**ENTRIES, "etl.target": "bytecode-3.12:bb"}, python="3.12")
    assert is_same(old, SOURCES, new)
    assert not is_same(old, {}, new)
    assert not is_same(old, {**SOURCES, "etl.target": "def target(value): ..."}, new)
    assert not is_same(manifest({**ENTRIES, "etl.target": "bytecode-3.12:aa"}), SOURCES, new)


def test_lines_that_are_no_statement_are_compared_as_text():
    lines = "    key=lambda row: row.a,"
    old = {**SOURCES, "etl.target": lines}
    assert is_same(OLD, {**SOURCES, "etl.target": lines.strip()}, new_sources=old)
    assert not is_same(OLD, {**SOURCES, "etl.target": lines.replace(".a", ".b")}, new_sources=old)

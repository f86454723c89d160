"""Which connections code names, read without running it."""

from __future__ import annotations

import textwrap

import pytest

from weft.service.server import connection_uses


def named(source: str, **others: str) -> list[tuple[str, str]]:
    return connection_uses.named_in({"shop.f": textwrap.dedent(source), **others})


@pytest.mark.parametrize(
    "line",
    [
        'connections.get("lake")',
        'weft.connections.get("lake")',
        'connections.get(name="lake")',
        'registry.get("lake")',
        'sql("select 1", connection="lake")',
        'copy(a, b, source_connection="lake")',
        'task(conn_id="lake")',
        'hook(aws_conn_id="lake")',
        'shell("curl {{ conn.lake.host }}")',
        'shell("{{ ds }} {{ params.x or conn.lake.login }}")',
    ],
)
def test_a_connection_is_found_where_it_is_named(line):
    assert named(f"def f():\n    return {line}\n") == [("lake", "shop.f")]


@pytest.mark.parametrize(
    "line",
    [
        'settings.get("lake")',
        '{"lake": 1}.get("lake")',
        'sql("select 1", connection="sqlite:///x.db")',
        "sql('select 1', connection=which())",
        'shell("conn.lake.host")',
        'connection("lake")',
        "connections.get(f'{where}')",
    ],
)
def test_what_only_looks_like_one_is_none(line):
    assert named(f"def f():\n    return {line}\n") == []


def test_a_constant_of_the_project_is_followed():
    found = named("def f():\n    return connections.get(LAKE)\n", **{"shop.LAKE": 'LAKE = "lake"'})
    assert found == [("lake", "shop.f")]


def test_a_method_is_read_as_it_stands_indented_in_its_class():
    assert named('    def f(self):\n        return connections.get("lake")\n') == [("lake", "shop.f")]


def test_code_of_another_python_names_nothing_and_hides_nothing():
    found = named("def f(:\n  conn", **{"shop.g": 'def g():\n    return connections.get("lake")\n'})
    assert found == [("lake", "shop.g")]

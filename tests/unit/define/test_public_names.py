"""The names that users import: all there, and none imported before it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import weft


def test_every_public_name_can_be_imported() -> None:
    # 36 for assets and their partitions; 20 for tasks, flows and ops with what their bodies ask for; 14 for DAGs;
    # 7 for caching and assets as conditions; 6 for what asks for runs by itself; the rest are modules. What a project
    # rarely needs stays in its module.
    assert len(weft.__all__) <= 88
    for name in weft.__all__:
        assert getattr(weft, name) is not None


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(weft.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.asname for node in ast.walk(block) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen == set(weft._HOMES)


def test_an_unknown_name_suggests_a_near_one() -> None:
    with pytest.raises(AttributeError, match=r"Did you mean .*'asset'"):
        weft.aset  # noqa: B018


def test_importing_weft_imports_next_to_nothing_and_defining_assets_no_pydantic() -> None:
    program = (
        "import sys; before = set(sys.modules); import weft\n"
        "assert {each for each in set(sys.modules) - before if each.startswith('weft')} == {'weft'}\n"
        "weft.asset(lambda: 1); weft.AssetSpec('a'); weft.Definitions(); weft.DailyPartitions('2024-01-01')\n"
        "import weft.define.build\n"
        "heavy = {'pydantic', 'numpy', 'pandas', 'polars', 'pyarrow', 'asyncio', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

"""The page about partitions holds."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "partitions.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_each_example_runs_by_itself(block):
    assert "assert" in block
    exec(compile(block, str(PAGE), "exec"), {})

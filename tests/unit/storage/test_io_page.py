import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "io.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_each_example_of_the_page_runs_by_itself(number: int) -> None:
    exec(compile(BLOCKS[number], f"{PAGE.name}, block {number + 1}", "exec"), {"__name__": "example"})

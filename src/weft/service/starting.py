"""The verb `init`: a new project that runs at once, without anything to install. Nothing that exists is overwritten."""

from __future__ import annotations

import re
from pathlib import Path

from weft.model import errors
from weft.service import views

_SETTINGS = """\
# The settings of this project; all but the first have the defaults that are shown.
definitions = "definitions.py"

# executor = "process"        # or "thread", "inline"
# jobs = 4                    # worker processes; as many as processors by default
# code_changes = "stale"      # what changed code means for history: stale, forward_only, ask
# on_failure = "keep_going"   # or "fail_fast"
# keep_versions = 3           # what `weft gc` keeps of each partition
"""

_DEFINITIONS = '''\
"""What should exist: assets, each made by a function from the assets that its parameters name."""

from __future__ import annotations

from weft import Context, DailyPartitions, asset, asset_check

days = DailyPartitions(start_date="2024-01-01", end_date="2024-01-08")


@asset(partitions=days, group="shop")
def orders(context: Context) -> list[dict[str, int]]:
    """Orders of one day, as they come in."""
    day = int(context.partition_key[-2:])
    context.log.info("fetching the orders of %s", context.partition_key)
    return [{"id": day * 100 + number, "pieces": 1 + (day + number) % 3, "price": 5 + number} for number in range(5)]


@asset(partitions=days, group="shop")
def revenue(orders: list[dict[str, int]]) -> int:
    """What the orders of one day bring in."""
    return sum(order["pieces"] * order["price"] for order in orders)


@asset(group="reports")
def report(revenue: dict[str, int]) -> dict[str, object]:
    """The best day, and all days together."""
    best = max(revenue, key=lambda day: revenue[day])
    return {"days": len(revenue), "total": sum(revenue.values()), "best day": best}


@asset_check(asset="revenue", blocking=True)
def revenue_is_positive(revenue: int) -> bool:
    """No day loses money: one that did would hold back the report."""
    return revenue > 0
'''

_README = """\
# {name}

```console
$ weft plan       # what would run, and why
$ weft apply      # run it
$ weft status     # where everything stands
```

Then change `definitions.py` (a number in `revenue`, say) and plan again: what was made by the old code is stale,
and only that and
what is made from it runs.
"""

_IGNORE = """\
.weft/
__pycache__/
"""


class InitView(views.View, frozen=True, kw_only=True):
    """The files that were made, and those that were there already and stayed as they are."""

    folder: str
    made: list[str]
    kept: list[str]


def init(folder: Path) -> InitView:
    """Make a project in a folder, which is made where there is none.

    Raises:
        UsageError: it already is one, or cannot be written.
    """
    folder = folder.absolute()
    if (folder / "weft.toml").exists() or _is_configured(folder / "pyproject.toml"):
        raise errors.UsageError(
            f"{folder} is a project of weft already.", remedy="`weft plan` shows what there is to do."
        )
    if folder.exists() and not folder.is_dir():
        raise errors.UsageError(f"{folder} is a file.", remedy="Name a folder.")
    contents = {
        "definitions.py": _DEFINITIONS,
        "weft.toml": _SETTINGS,
        ".gitignore": _IGNORE,
        "README.md": _README.format(name=folder.name),
    }
    if (folder / "definitions.py").exists():
        raise errors.UsageError(
            f"{folder / 'definitions.py'} exists already, and may be something else.",
            remedy='Write a weft.toml yourself: definitions = "definitions.py".',
        )
    made, kept = [], []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            try:
                with (folder / name).open("x", encoding="utf-8") as file:
                    file.write(content)
                made.append(name)
            except FileExistsError:
                kept.append(name)
    except OSError as error:
        raise errors.UsageError(
            f"The project cannot be made in {folder}: {error.strerror or error}.",
            remedy="Name a folder that can be written.",
        ) from error
    return InitView(folder=str(folder), made=made, kept=kept)


def _is_configured(path: Path) -> bool:
    try:
        return re.search(r"^\s*\[tool\.weft\]", path.read_text(encoding="utf-8"), re.MULTILINE) is not None
    except OSError:
        return False

"""Scopes of tokens, compared with those that routes ask for: a mistyped one would let nothing through."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable

from weft.model import errors, spelling
from weft.surfaces.http import table


def check(scopes: Iterable[str]) -> None:
    """Refuse what no route asks for.

    Raises:
        UsageError: naming all of them, and what was perhaps meant.
    """
    known = {route.scope for route in table.table().routes}
    wrong = [each for each in scopes if not any(fnmatch.fnmatchcase(scope, each) for scope in known)]
    if not wrong:
        return
    patterns = known | {f"{scope.partition('.')[0]}.*" for scope in known}
    patterns |= {f"*.{scope.partition('.')[2]}" for scope in known}
    raise errors.UsageError(
        f"No request asks for {', '.join(repr(each[:100]) for each in wrong)}: the token could do nothing by that.",
        remedy=spelling.did_you_mean(wrong[0][:100], patterns) or "Scopes look like runs.create, runs.* or *.read.",
    )

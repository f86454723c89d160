"""Which DAG is being declared here: calls of tasks add steps to it instead of running."""

from __future__ import annotations

import contextvars
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weft.define.dags import declaration

current: contextvars.ContextVar[declaration.Declaration | None] = contextvars.ContextVar(
    "weft DAG that is being declared", default=None
)
"""The DAG that calls of tasks belong to, None outside of a declaration."""

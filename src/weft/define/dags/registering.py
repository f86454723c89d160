"""Where a module keeps the DAGs that are declared while it is loaded, whether a variable still holds them or not.

A loop that decorates a function of the same name again and again, a factory whose result nobody keeps, a `with` block
without a name: their DAGs are the module's all the same. What is declared later, as in a test, is no module's.
"""

from __future__ import annotations

import sys
import types
from typing import Any

HIDDEN = "__weft_dags__"
"""The name of the list in the module."""
_OWN = __name__.partition(".")[0]


def register(definition: Any) -> None:
    """Have the module that is being loaded hold a definition, which has a `name`. Outside of any nothing happens."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and _is_own(frame):
        frame = frame.f_back
    directly = True
    while frame is not None and frame.f_locals is not frame.f_globals:
        frame, directly = frame.f_back, False
    if frame is None:
        return
    module = frame.f_globals
    if not directly and module.get("__name__") == "__main__":
        return  # of a program, the function that it runs may be a test's
    held: list[Any] = module.setdefault(HIDDEN, [])
    if "__file__" not in module:  # an interactive session, where what is entered again takes the place of the former
        held[:] = [each for each in held if each.name != definition.name]
    if all(each is not definition for each in held):
        held.append(definition)


def _is_own(frame: types.FrameType) -> bool:
    name = str(frame.f_globals.get("__name__", ""))
    return name == _OWN or name.startswith(f"{_OWN}.")

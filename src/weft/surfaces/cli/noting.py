"""Notes in the audit log what a command line changed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from weft.model import errors
from weft.surfaces.cli import accounts, options

_ASSIGNED = re.compile(
    r"^(-{0,2}[A-Za-z_.-]*(?:pass|secret|token|key|credential)[A-Za-z_.-]*[=:])(.+)$", re.I | re.DOTALL
)
_SECRET_OPTION = re.compile(r"^--[a-z-]*(?:password|secret|token|credential)[a-z-]*$")
_IN_URL = re.compile(r"(://[^/@\s]*:)[^/@\s]+@")


def note(command: str, arguments: Sequence[str], *, closed: bool) -> None:
    """Add an entry for a command that has ended well, or has run something that failed.

    Args:
        command: its name, with that of its subcommand: "work-pool create".
        arguments: what follows the name.
        closed: whether the arguments may hold secrets: then only the first, a name, is kept.
    """
    from weft.service.access import auditing

    try:
        _, ledger = options.open_ledger()
    except errors.UsageError:  # there is no project (any more), hence nothing that was changed in one
        return
    kept = list(arguments[:1]) if closed else masked(arguments)
    target = next((each for each in kept if not each.startswith("-")), "")
    auditing.note(ledger, accounts.actor(), f"cli.{command.replace(' ', '.')}", target, {"arguments": kept})


def masked(arguments: Sequence[str]) -> list[str]:
    """Arguments without what is named like a secret, and without passwords in URLs."""
    from weft.service.access import auditing

    found: list[str] = []
    hide = False
    for each in arguments:
        if hide:
            found.append(auditing.MASK)
            hide = False
            continue
        hide = bool(_SECRET_OPTION.match(each))
        shown = _IN_URL.sub(rf"\g<1>{auditing.MASK}@", _ASSIGNED.sub(rf"\g<1>{auditing.MASK}", each))
        found.append(shown)
    return found

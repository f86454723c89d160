"""Text that bodies hand over, as it may be sent and stored."""

from __future__ import annotations


def storable(text: str) -> str:
    r"""Return the text with each lone surrogate, which UTF-8 lacks, as its escape (`\ud800`); other text as it is."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()

"""Finding the name that was meant by one that does not exist."""

from __future__ import annotations

from collections.abc import Iterable


def near(name: str, known: Iterable[str], *, count: int = 3) -> list[str]:
    """Return up to `count` of the `known` names that are like `name`, the nearest first.

    The last part of a key counts as well: `metrics` is near `trading/daily_metrics`. Takes time in proportion to what
    is known, so call it for an error only.
    """
    from difflib import SequenceMatcher

    matcher: SequenceMatcher[str] = SequenceMatcher()
    matcher.set_seq2(name.lower())
    scored: list[tuple[float, str]] = []
    for each in known:
        score = 0.0
        for form in {each.lower(), each.rpartition("/")[2].lower()}:
            matcher.set_seq1(form)
            if matcher.real_quick_ratio() >= _ENOUGH and matcher.quick_ratio() >= _ENOUGH:
                score = max(score, matcher.ratio())
        if score >= _ENOUGH:
            scored.append((-score, each))
    return [each for _, each in sorted(scored)[:count]]


_ENOUGH = 0.6


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return the question `Did you mean 'a' or 'b'?`, or None when nothing is near `name`."""
    found = near(name, known)
    if not found:
        return None
    quoted = [repr(each) for each in found]
    listed = quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
    return f"Did you mean {listed}?"

"""Finding the asset that a name means."""

from __future__ import annotations

from collections.abc import Iterable

from weft.model import keys


class KeyIndex:
    """The keys of all assets, found by the whole key, by a name beside it, or by their last part."""

    def __init__(self, known: Iterable[keys.AssetKey]) -> None:
        self.keys = dict.fromkeys(known)
        self._by_last: dict[str, list[keys.AssetKey]] = {}
        for key in self.keys:
            if "/" in key:
                self._by_last.setdefault(key[key.rindex("/") + 1 :], []).append(key)

    def find(self, name: str, prefix: str = "") -> list[keys.AssetKey]:
        """Return the keys that `name` may mean: one where it is clear, else several, none where it is unknown.

        An asset of exactly that key goes first, then one under `prefix`, then those whose last part is `name`.
        """
        if name in self.keys:
            return [name]
        if prefix and (beside := f"{prefix}/{name}") in self.keys:
            return [beside]
        return self._by_last.get(name, [])

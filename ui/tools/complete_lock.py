"""Completes `package-lock.json`: platforms whose packages npm could not see when the lock was made get their entries.

Packages with native parts name one optional package a platform. A registry that mirrors only some of them leaves holes
in the lock, and `npm ci` then refuses it everywhere. `python ui/tools/complete_lock.py` fills them; a test asks for it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

UI = Path(__file__).resolve().parents[1]
LOCKS = (UI / "package-lock.json", UI / "tools" / "types" / "package-lock.json")
_SYSTEMS = ("aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32")
_PROCESSORS = ("arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64")


def holes(lock: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The entries that are missing, by their place in the lock."""
    packages: dict[str, dict[str, Any]] = lock["packages"]
    found: dict[str, dict[str, Any]] = {}
    for place, entry in packages.items():
        for name, version in entry.get("optionalDependencies", {}).items():
            if f"{place}/node_modules/{name}" not in packages and f"node_modules/{name}" not in packages:
                found[f"node_modules/{name}"] = _entry(entry, name, version)
    return found


def _entry(parent: dict[str, Any], name: str, version: str) -> dict[str, Any]:
    words = name.rpartition("/")[2].split("-")
    made: dict[str, Any] = {"version": version, "optional": True}
    made |= {
        field: [each for each in known if each in words] for field, known in (("os", _SYSTEMS), ("cpu", _PROCESSORS))
    }
    made |= {"libc": ["musl"]} if "musl" in words else {}
    return made | {field: parent[field] for field in ("dev", "engines", "license") if field in parent}


def main() -> None:
    """Fill the holes of each lock."""
    for path in LOCKS:
        lock = json.loads(path.read_text(encoding="utf-8"))
        missing = holes(lock)
        if missing:
            whole = {**lock["packages"], **missing}
            lock["packages"] = {place: whole[place] for place in sorted(whole)}
            path.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(UI)}: {', '.join(sorted(missing))}\n")


if __name__ == "__main__":
    main()

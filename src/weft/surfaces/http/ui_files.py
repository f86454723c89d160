"""The web UI, as its build left it in `weft/_ui`: a page, which is the same for everybody, and files that it loads.

The page is given the path under which the server is reached, and a nonce for the styles that its scripts insert. What
is in `static/` has names that change with the content, so browsers keep it for a year. Only what was found in the
folder is served, looked up by its whole path, so that no spelling of another path leads out of it.
"""

from __future__ import annotations

import html
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from weft.surfaces.http import answering, security
from weft.surfaces.http import call as calls

FOLDER = Path(__file__).resolve().parents[2] / "_ui"
STATIC = "static"
_INDEX = "index.html"
_PACKED = ".gz"
_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_LASTING = "public, max-age=31536000, immutable"
_LOG = logging.getLogger("weft.http")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file. `packed` is the same compressed; `lasting` says that its name changes with its content."""

    path: Path
    content_type: str
    etag: str
    packed: Path | None
    lasting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A build of the UI. `state` changes with it."""

    index: str
    files: Mapping[tuple[str, ...], File] = field(repr=False)
    state: tuple[int, ...]


class Files:
    """The build in a folder; looked for anew when the folder changes, so that one may be made beside the server."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Serve what is, or will be, in `folder`."""
        self._folder = folder
        self._built: Built | None = None

    def current(self) -> Built | None:
        """The build that is there now; None where there is none."""
        state = self._state()
        built = self._built
        if built is None or built.state != state:
            built = self._built = self._read(state) if state else None
        return built

    def _state(self) -> tuple[int, ...]:
        try:
            index = (self._folder / _INDEX).stat()
        except FileNotFoundError:
            return ()
        try:
            static = (self._folder / STATIC).stat().st_mtime_ns
        except FileNotFoundError:
            static = 0
        return index.st_mtime_ns, index.st_size, static

    def _read(self, state: tuple[int, ...]) -> Built | None:
        try:
            index = (self._folder / _INDEX).read_text(encoding="utf-8")
            return Built(index=index, files=dict(self._found()), state=state)
        except FileNotFoundError:  # a build is under way, and takes the one before away
            return None

    def _found(self) -> list[tuple[tuple[str, ...], File]]:
        found: list[tuple[tuple[str, ...], File]] = []
        for folder, folders, names in os.walk(self._folder):  # follows no links
            folders[:] = [each for each in folders if not each.startswith(".")]
            known = set(names)
            for name in names:
                path = Path(folder) / name
                parts = path.relative_to(self._folder).parts
                if name.startswith(".") or name.endswith(_PACKED) or parts == (_INDEX,) or path.is_symlink():
                    continue
                if path.suffix not in _TYPES:
                    _LOG.warning("a file of the web UI has a type that is not served: %s", path)
                    continue
                status = path.stat()
                made = File(
                    path=path,
                    content_type=_TYPES[path.suffix],
                    etag=f"{status.st_size:x}-{status.st_mtime_ns:x}",
                    packed=path.with_name(name + _PACKED) if name + _PACKED in known else None,
                    lasting=parts[0] == STATIC,
                )
                found.append((parts, made))
        return found


def page(built: Built, *, base: str, nonce: str, log_in: str) -> answering.Ready:
    """The UI's page. It holds no data, so that nobody in particular may have it.

    Args:
        built: the build.
        base: the path under which the server is reached; all addresses in the page are relative to it.
        nonce: what scripts give the styles that they insert, new for each request.
        log_in: how one may come in: "password" where there are accounts, else "link".
    """
    told = (
        f'<base href="{html.escape(base)}/"><meta property="csp-nonce" nonce="{nonce}">'
        f'<meta name="weft-log-in" content="{log_in}">'
    )
    head = _HEAD.search(built.index)
    at = head.end() if head else 0
    return answering.Ready(
        status=200,
        headers={
            "content-type": _TYPES[".html"],
            "content-security-policy": security.UI_CSP.format(nonce=nonce),
            "cache-control": "no-store",
        },
        content=f"{built.index[:at]}{told}{built.index[at:]}".encode(),
    )


def answer(file: File, headers: Mapping[str, str]) -> answering.Ready | None:
    """A file as it is sent; None where a build has just taken it away. Reads it: not for the event loop."""
    kept = _LASTING if file.lasting else "no-cache"
    packed = file.packed if answering.takes_gzip(headers.get("accept-encoding", "")) else None
    etag = calls.quoted(f"{file.etag}-gz" if packed else file.etag)
    told = {"content-type": file.content_type, "cache-control": kept, "etag": etag, "vary": "accept-encoding"}
    if calls.listed(headers.get("if-none-match", "")) & {etag, "*"}:
        return answering.Ready(status=304, headers={name: told[name] for name in ("cache-control", "etag", "vary")})
    try:
        content = (packed or file.path).read_bytes()
    except FileNotFoundError:
        return None
    if packed:
        return answering.Ready(status=200, headers={**told, "content-encoding": "gzip"}, content=content)
    # without one that was packed beforehand
    found = answering.Ready(status=200, headers=told, content=content)
    return found if file.packed else answering.compressed(found, headers.get("accept-encoding", ""))

"""The modules that code lives in: their names, globals and source, and whether they are the project's own."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FunctionType, ModuleType

from weft.codehost import importing, loading, ownership, sourcefiles, trees


class Context:
    """One module as it is loaded: the globals of its functions, its stable name and, read when needed, its source."""

    def __init__(self, namespace: Mapping[str, object], name: str, file: str | None) -> None:
        self.namespace = namespace
        self.name = name
        self.file = file

    @functools.cached_property
    def source(self) -> sourcefiles.SourceFile | None:
        """Return the parsed source, as executed if that is known, else as it stands on disk; None if there is none."""
        if self.file is None:
            return None
        loader = getattr(self.namespace.get("__spec__"), "loader", None)
        return read_source(self.file, self.namespace, importing.executed_source(loader, self.file))

    def absolute(self, entry: trees.LocalImport) -> str:
        """Return the absolute name of the module that an import statement in this module names."""
        if not entry.level:
            return entry.module
        package = self.namespace.get("__package__")
        if not isinstance(package, str) or not package:
            return entry.module
        try:
            return importlib.util.resolve_name("." * entry.level + entry.module, package)
        except ImportError:
            return entry.module


class Contexts:
    """All modules met by one fingerprinter."""

    def __init__(self, owned: ownership.Ownership) -> None:
        self.ownership = owned
        self._known: dict[int, Context] = {}
        self._owned: dict[int, bool] = {}
        self._sources: dict[str, sourcefiles.SourceFile | None] = {}
        self._modules: dict[str, tuple[ModuleType | None, str | None]] = {}

    def of(self, namespace: Mapping[str, object]) -> Context:
        """Return the context of a module's globals."""
        known = self._known.get(id(namespace))
        if known is None:
            file = namespace.get("__file__")
            path = os.path.abspath(file) if isinstance(file, str) and file.endswith(".py") else None  # noqa: PTH100
            known = self._known[id(namespace)] = Context(namespace, self._name(namespace, path), path)
        return known

    def owns_code(self, function: FunctionType) -> bool:
        """Tell whether a function is the project's own: by its file, or by its module if it was made without one."""
        filename = function.__code__.co_filename
        if self.ownership.owns_file(filename):
            return not ownership.is_own_package(function.__globals__.get("__name__"))
        key = id(function.__globals__)
        known = self._owned.get(key)
        if known is None:
            known = self._owned[key] = self._owns_namespace(function.__globals__)
            self.of(function.__globals__)
        return known and not (os.path.isabs(filename) and os.path.exists(filename))  # noqa: PTH110, PTH117

    def owns_class(self, cls: type) -> bool:
        """Tell whether a class is the project's own, by its module."""
        if ownership.is_own_package(cls.__module__) or cls.__module__ == "builtins":
            return False
        module = sys.modules.get(cls.__module__)
        return module is not None and self._owns_namespace(vars(module))

    def source_of(self, function: FunctionType) -> sourcefiles.SourceFile | None:
        """Return the source that a function's code came from, or None."""
        context = self.of(function.__globals__)
        filename = function.__code__.co_filename
        if context.file is not None and (filename == context.file or os.path.abspath(filename) == context.file):  # noqa: PTH100
            return context.source
        if filename not in self._sources:
            owned = self.ownership.owns_file(filename) and Path(filename).is_file()
            self._sources[filename] = read_source(filename, context.namespace, None) if owned else None
        return self._sources[filename]

    def own_module(self, name: str) -> tuple[ModuleType | None, str | None]:
        """Return a module of the project by name, imported if need be, or why it cannot be; None for a library."""
        known = self._modules.get(name)
        if known is None:
            known = self._modules[name] = self._own_module(name)
        return known

    def _own_module(self, name: str) -> tuple[ModuleType | None, str | None]:
        top = name.partition(".")[0]
        # Names of the standard library are not left out: they differ by version, and a project may have a pipes.py.
        if ownership.is_own_package(top) or not top:
            return None, None
        module = sys.modules.get(name)
        if module is not None:
            return (module, None) if self.ownership.owns_module(module) else (None, None)
        try:
            spec = importlib.util.find_spec(top)
            places = (
                []
                if spec is None
                else [spec.origin or "", *(f"{each}/x.py" for each in spec.submodule_search_locations or ())]
            )
            if not any(self.ownership.owns_file(place) for place in places) or importlib.util.find_spec(name) is None:
                return None, None
            return importlib.import_module(name), None
        except (Exception, SystemExit) as error:
            # The function that has this import would fail likewise; its code version must still be told.
            return None, f"cannot be imported: {type(error).__name__}"

    def _owns_namespace(self, namespace: Mapping[str, object]) -> bool:
        name, file = namespace.get("__name__"), namespace.get("__file__")
        if ownership.is_own_package(name):
            return False
        if isinstance(file, str):
            return self.ownership.owns_file(file)
        # A console, a notebook, or a namespace given to exec; modules without a file are else built in or frozen.
        return name == "__main__" or name not in sys.modules

    def _name(self, namespace: Mapping[str, object], file: str | None) -> str:
        name = namespace.get("__name__")
        if not isinstance(name, str):
            return "<exec>"
        if name != "__main__":
            return name
        # The main program has the name under which another process would import it.
        spec_name = getattr(namespace.get("__spec__"), "name", None)
        if isinstance(spec_name, str) and spec_name != "__main__":
            return spec_name.removesuffix(".__main__") if spec_name.endswith(".__main__") else spec_name
        return name if file is None else loading.module_name_of(Path(file), self.ownership)[0]


def read_source(file: str, namespace: Mapping[str, object], executed: bytes | None) -> sourcefiles.SourceFile | None:
    """Parse a file, from the bytes that were executed if given; None if it cannot be read or is not Python."""
    try:
        data = Path(file).read_bytes() if executed is None else executed
        return sourcefiles.SourceFile(importlib.util.decode_source(data), namespace)
    except (OSError, SyntaxError, ValueError):
        return None

from __future__ import annotations

import linecache
import textwrap

import pytest

from weft.codehost import fingerprint

BASE = """
import helpers
RATE = 2

def target(value):
    '''Return it.'''
    return helpers.clean(value) * RATE
"""
HELPERS = """
LIMIT = 10

def clean(value):
    return trim(value)

def trim(value):
    return min(value, LIMIT)

def unused(value):
    return value
"""


def test_what_is_reached_is_in_the_manifest_and_nothing_else(workspace):
    manifest = workspace.manifest(etl=BASE, helpers=HELPERS)
    assert set(manifest.entries) == {"etl.target", "etl.RATE", "helpers.clean", "helpers.trim", "helpers.LIMIT"}
    assert manifest.untracked == ()


@pytest.mark.parametrize(
    "edited",
    [
        pytest.param(BASE.replace("Return it.", "Give it back."), id="docstring"),
        pytest.param(BASE.replace("'''Return it.'''", "pass_ = 0" * 0 + "# gone"), id="no docstring"),
        pytest.param("# new\n\n\n" + BASE.replace("* RATE", "*RATE  # twice"), id="comment and lines"),
        pytest.param(BASE.replace("return helpers", "return (helpers").replace("* RATE", "\n * RATE)"), id="layout"),
        pytest.param(BASE.replace("target(value)", "target(value) -> int"), id="return annotation"),
        pytest.param(BASE.replace("RATE = 2", "RATE: int = 2"), id="annotated constant"),
        pytest.param(BASE.replace("RATE = 2", "OTHER = 3\nRATE = 2"), id="unused constant"),
        pytest.param("import json\n" + BASE, id="unused import"),
        pytest.param("from weft.model import code as asset\n" + BASE, id="weft import"),
    ],
)
def test_how_it_is_written_does_not_count(workspace, edited):
    assert workspace.changes({"etl": BASE, "helpers": HELPERS}, {"etl": edited}) == set()


@pytest.mark.parametrize(
    ("file", "before", "after", "expected"),
    [
        ("etl", "* RATE", "+ RATE", {"changed etl.target"}),
        ("etl", "target(value)", "target(value, more=1)", {"changed etl.target"}),
        ("etl", "target(value)", "target(value: int)", {"changed etl.target"}),
        ("etl", "RATE = 2", "RATE = 3", {"changed etl.RATE"}),
        ("etl", "RATE = 2", "RATE = 2\nRATE += 1", {"changed etl.RATE"}),
        ("etl", "RATE = 2", "RATE = 2.0", {"changed etl.RATE"}),
        ("helpers", "min(", "max(", {"changed helpers.trim"}),
        ("helpers", "LIMIT = 10", "LIMIT = 11", {"changed helpers.LIMIT"}),
        (
            "helpers",
            "trim(value)\n\ndef trim",
            "value\n\ndef trim",
            {"changed helpers.clean", "removed helpers.trim", "removed helpers.LIMIT"},
        ),
        ("helpers", "clean(value):", "clean(value: int) -> int:", set()),
        ("helpers", "def unused(value):\n    return value", "def unused(value):\n    return 0", set()),
    ],
)
def test_what_it_does_counts_and_the_difference_names_it(workspace, file, before, after, expected):
    files = {"etl": BASE, "helpers": HELPERS}
    assert before in files[file]
    assert workspace.changes(files, {file: files[file].replace(before, after)}) == expected


def test_names_imported_from_a_module_are_followed_to_where_they_are_bound(workspace):
    etl = "from helpers import clean as tidy, LIMIT\ndef target(value):\n    return tidy(value) + LIMIT"
    manifest = workspace.manifest(etl=etl, helpers=HELPERS)
    assert set(manifest.entries) == {"etl.target", "helpers.clean", "helpers.trim", "helpers.LIMIT"}


def test_a_star_import_is_followed(workspace):
    etl = "from helpers import *\ndef target(value):\n    return clean(value) + LIMIT"
    manifest = workspace.manifest(etl=etl, helpers=HELPERS)
    assert set(manifest.entries) == {"etl.target", "helpers.clean", "helpers.trim", "helpers.LIMIT"}


@pytest.mark.parametrize(
    "statement",
    [
        "from helpers import clean",
        "import helpers; clean = helpers.clean",
        "import helpers as h; clean = h.clean",
        "from pkg.inner import clean",
        "import pkg.inner; clean = pkg.inner.clean",
        "from pkg import inner; clean = inner.clean",
    ],
)
def test_imports_inside_functions_are_followed_loaded_or_not(workspace, statement):
    workspace.write(pkg__init="", pkg__inner="from helpers import clean")
    etl = f"def target(value):\n    {statement}\n    return clean(value)"
    manifest = workspace.manifest(etl=etl, helpers=HELPERS)
    assert "helpers.trim" in manifest.entries


def test_relative_imports_in_a_package_are_followed(workspace):
    workspace.write(pkg__init="", pkg__tools=HELPERS)
    etl = "from . import tools\nfrom .tools import LIMIT\ndef target(v):\n    return tools.clean(v) + LIMIT"
    manifest = workspace.manifest(module="pkg.etl", pkg__etl=etl)
    assert set(manifest.entries) == {"pkg.etl.target", "pkg.tools.clean", "pkg.tools.trim", "pkg.tools.LIMIT"}


def test_libraries_are_not_followed(workspace):
    etl = (
        "import json\n"
        "from math import pi, sqrt\n"
        "import textwrap as t\n"
        "def target(v):\n"
        "    return t.dedent(json.dumps(sqrt(pi)))"
    )
    manifest = workspace.manifest(etl=etl)
    assert (set(manifest.entries), manifest.untracked) == ({"etl.target"}, ())


def test_code_in_an_environment_below_the_root_is_a_library(workspace):
    workspace.write(vendor__lib="def clean(v):\n    return v")
    (workspace.root / "vendor" / "pyvenv.cfg").write_text("")
    etl = (
        "import sys, pathlib\n"
        "sys.path.insert(0, str(pathlib.Path(__file__).parent / 'vendor'))\n"
        "import lib\n"
        "def target(v):\n"
        "    return lib.clean(v)"
    )
    assert set(workspace.manifest(etl=etl).entries) == {"etl.target"}


def test_recursion_and_mutual_recursion_end(workspace):
    etl = (
        "def target(n):\n"
        "    return odd(n) or target(n - 1)\n"
        "def odd(n):\n"
        "    return even(n - 1)\n"
        "def even(n):\n"
        "    return odd(n - 1)"
    )
    assert set(workspace.manifest(etl=etl).entries) == {"etl.target", "etl.odd", "etl.even"}


MAKER = """
def scale(value, by):
    return value * by
def make(by):
    def inner(value):
        return scale(value, by)
    return inner
double, triple = make(2), make(3)
"""


def test_one_function_with_other_closure_values_has_another_digest(workspace):
    workspace.write(etl=MAKER)
    module = workspace.load().modules[0]
    fingerprints = fingerprint.Fingerprinter(workspace.root)
    double, triple, again = (fingerprints.manifest(each) for each in (module.double, module.triple, module.make(2)))
    assert double.digest == again.digest != triple.digest
    assert set(double.entries) == {"etl.make.<locals>.inner", "etl.scale"}


def test_functions_made_in_a_loop_differ_by_their_defaults(workspace):
    workspace.write(etl="made = [lambda v, n=n: v + n for n in range(2)]\n")
    made = workspace.load().modules[0].made
    fingerprints = fingerprint.Fingerprinter(workspace.root)
    assert fingerprints.manifest(made[0]).digest != fingerprints.manifest(made[1]).digest


def test_two_lambdas_on_one_line_are_told_apart(workspace):
    workspace.write(etl="first, second, third = lambda v: v + 1, lambda v: v + 2, lambda v: v + 1\n")
    module = workspace.load().modules[0]
    names = ("first", "second", "third")
    fingerprints = fingerprint.Fingerprinter(workspace.root)
    one, two, three = (fingerprints.manifest(getattr(module, name)) for name in names)
    assert one.digest == three.digest != two.digest


CLASSES = """
import dataclasses
class Base:
    FACTOR = 2
    def scale(self, value):
        return value * self.FACTOR
    @property
    def size(self):
        return 1
    @size.setter
    def size(self, value):
        self._size = value
class Model(Base):
    OFFSET = 1
    def run(self, value):
        return self.scale(value) + self.OFFSET
    @staticmethod
    def note(value):
        return str(value)
def target(value):
    return Model().run(value)
"""


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("+ self.OFFSET", "- self.OFFSET", {"changed etl.Model.run"}),
        ("OFFSET = 1", "OFFSET = 2", {"changed etl.Model"}),
        ("FACTOR = 2", "FACTOR = 3", {"changed etl.Base"}),
        ("value * self", "value / self", {"changed etl.Base.scale"}),
        ("Model(Base)", "Model(Base, object)", {"changed etl.Model"}),
        ("return str(value)", "return repr(value)", {"changed etl.Model.note"}),
        ("self._size = value", "self._size = 1", {"changed etl.Base.size"}),
        ("return 1", "return 2", {"changed etl.Base.size"}),
        ("class Model", "@dataclasses.dataclass\nclass Model", {"changed etl.Model"}),
        ("    OFFSET = 1", "    '''A model.'''\n    OFFSET = 1  # one", set()),
        ("def target", "Model.OFFSET = 5\ndef target", {"changed etl.Model"}),
    ],
)
def test_classes_count_with_their_methods_bases_and_attributes(workspace, before, after, expected):
    assert before in CLASSES
    found = workspace.changes({"etl": CLASSES}, {"etl": CLASSES.replace(before, after)})
    assert found == expected


DECORATED = """
import functools
def loud(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args) + 1
    return wrapper
@loud
def helper(value):
    return value
@loud
def target(value):
    return helper(value)
"""


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("+ 1", "+ 2", {"changed etl.loud", "changed etl.loud.<locals>.wrapper"}),
        ("    return value\n", "    return -value\n", {"changed etl.helper"}),
        ("return helper(value)", "return -helper(value)", {"changed etl.target"}),
        ("@loud\ndef target", "def target", {"changed etl.target", "changed etl.loud.<locals>.wrapper"}),
    ],
)
def test_decorators_of_the_project_count(workspace, before, after, expected):
    assert before in DECORATED
    assert workspace.changes({"etl": DECORATED}, {"etl": DECORATED.replace(before, after)}) == expected


def test_library_decorators_hide_nothing(workspace):
    etl = (
        "import functools, contextlib\n"
        "@functools.lru_cache(maxsize=3)\n"
        "def helper(v):\n"
        "    return v\n"
        "@contextlib.contextmanager\n"
        "def held():\n"
        "    yield 1\n"
        "def target(v):\n"
        "    with held() as h:\n"
        "        return helper(h)"
    )
    before = {"etl": etl}
    assert workspace.changes(before, {"etl": etl.replace("return v\n", "return -v\n")}) == {"changed etl.helper"}
    assert workspace.changes(before, {"etl": etl.replace("yield 1", "yield 2")}) == {"changed etl.held"}
    assert workspace.changes(before, {"etl": etl.replace("maxsize=3", "maxsize=4")}) == {"changed etl.helper"}


WEFT = """
import functools
from weft.decorating import asset
import weft.decorating as w
daily = functools.partial(asset, group="daily")
@asset(group="a")
def upstream(value):
    return value
@daily(retries=1)
def target(value):
    return upstream.function(value) if value else plain(value)
def plain(value):
    @w.asset(retries=3)
    def nested():
        return 1
    return nested
"""
DECORATING = """
class Definition:
    def __init__(self, function, options):
        self.function, self.options = function, options
def asset(**options):
    return lambda function: Definition(function, options)
"""


@pytest.fixture
def decorating(monkeypatch):
    """A module of the package weft with a decorator that makes definition objects."""
    import sys
    import types

    module = types.ModuleType("weft.decorating")
    exec(DECORATING, vars(module))
    monkeypatch.setitem(sys.modules, "weft.decorating", module)
    monkeypatch.setattr(sys.modules["weft"], "decorating", module, raising=False)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('group="a"', 'group="b", owners=["team:x"]', set()),
        ("retries=1", "retries=2", set()),
        ("retries=3", "retries=4", set()),
        ('group="daily"', 'group="weekly"', set()),
        ("    return value\n", "    return -value\n", {"changed etl.upstream"}),
        ("return 1", "return 2", {"changed etl.plain"}),
    ],
)
def test_policies_of_wefts_decorators_do_not_count_but_what_is_inside_does(
    workspace, decorating, before, after, expected
):
    assert before in WEFT
    assert workspace.changes({"etl": WEFT}, {"etl": WEFT.replace(before, after)}) == expected


def test_a_parameters_annotation_is_followed_to_the_config_class(workspace):
    etl = "class Config:\n    limit: int = 3\n\ndef target(config: 'Config'):\n    return config.limit"
    assert workspace.changes({"etl": etl}, {"etl": etl.replace("= 3", "= 4")}) == {"changed etl.Config"}
    assert workspace.changes({"etl": etl}, {"etl": etl.replace("'Config'", "Config")}) == set()


@pytest.mark.parametrize(
    ("constant", "other"),
    [
        ("re.compile('a')", "re.compile('b')"),
        ("(1, 2)", "(1, 3)"),
        ("{'a': [1]}", "{'a': [2]}"),
        ("frozenset({'a', 'b'})", "frozenset({'a', 'c'})"),
        ("Color.RED", "Color.BLUE"),
        ("Point(1, 2)", "Point(1, 3)"),
        ("functools.partial(shift, 1)", "functools.partial(shift, 2)"),
        ("pathlib.Path(__file__).parent / 'a'", "pathlib.Path(__file__).parent / 'b'"),
        ("datetime.timedelta(days=1)", "datetime.timedelta(days=2)"),
        ("[n for n in range(3)]", "[n for n in range(4)]"),
    ],
)
@pytest.mark.parametrize("held", ["global", "closure", "default"])
def test_constants_count_wherever_they_are_held(workspace, constant, other, held):
    preamble = (
        "import re, enum, dataclasses, functools, pathlib, datetime\n"
        "class Color(enum.Enum):\n    RED = 1\n    BLUE = 2\n"
        "@dataclasses.dataclass(frozen=True)\nclass Point:\n    x: int\n    y: int\n"
        "def shift(a, b):\n    return a + b\n"
    )
    body = {
        "global": f"HELD = {constant}\ndef target():\n    return HELD\n",
        "closure": (
            f"def make(held):\n    def inner():\n        return held\n    return inner\ntarget = make({constant})\n"
        ),
        "default": f"make = lambda held: lambda held=held: held\ntarget = make({constant})\n",
    }[held]
    assert workspace.changes({"etl": preamble + body}, {"etl": preamble + body.replace(constant, other)}) != set()
    assert workspace.manifest().untracked == ()


def test_a_constant_that_changes_while_the_program_runs_is_no_change_of_the_code(workspace):
    etl = "import time\nCACHE = {}\nSTARTED = time.time_ns()\ndef target(v):\n    return CACHE.setdefault(v, STARTED)"
    workspace.write(etl=etl)
    module = workspace.load().modules[0]
    before = fingerprint.Fingerprinter(workspace.root).manifest(module.target)
    module.target(3)
    module.STARTED += 1
    assert fingerprint.Fingerprinter(workspace.root).manifest(module.target) == before


def test_what_fills_a_constant_at_module_level_counts(workspace):
    etl = (
        "TABLE = {}\n"
        "for n in range(3):\n"
        "    TABLE[n] = double(n) if n else 0\n"
        "\n"
        "TABLE.update(a=1)\n"
        "def target(v):\n"
        "    return TABLE[v]\n"
    )
    etl = "def double(n):\n    return n * 2\n" + etl
    before = {"etl": etl}
    assert workspace.changes(before, {"etl": etl.replace("range(3)", "range(4)")}) == {"changed etl.TABLE"}
    assert workspace.changes(before, {"etl": etl.replace("a=1", "a=2")}) == {"changed etl.TABLE"}
    assert workspace.changes(before, {"etl": etl.replace("n * 2", "n * 3")}) == {"changed etl.double"}


@pytest.mark.parametrize(
    ("etl", "expected"),
    [
        (
            ("import threading\nLOCK = threading.Lock()\ndef target():\n    return LOCK"),
            "etl.LOCK (an object of _thread.lock)",
        ),
        (
            ("import helpers\ndef target(n):\n    return getattr(helpers, n)"),
            "etl.target (uses the module helpers as a value)",
        ),
        ("def target(n):\n    return eval(n)", "etl.target (calls eval)"),
        (
            ("import importlib\ndef target(n):\n    return importlib.import_module(n)"),
            "etl.target (imports modules by name)",
        ),
        (
            ("def make(held):\n    return lambda: held\ntarget = make(object())"),
            "etl.make.<locals>.<lambda>.held (an object of builtins.object)",
        ),
        ("def target(n):\n    import broken\n    return broken.x", "broken (cannot be imported: ZeroDivisionError)"),
    ],
)
def test_what_cannot_be_resolved_is_told(workspace, etl, expected):
    manifest = workspace.manifest(etl=etl, helpers=HELPERS, broken="1 / 0")
    assert manifest.untracked == (expected,)


def test_a_callable_of_a_library_is_untracked_and_has_a_digest(workspace):
    workspace.write(etl="")
    manifest = fingerprint.Fingerprinter(workspace.root).manifest(len)
    assert (set(manifest.entries), manifest.untracked) == ({"builtins.len"}, ("builtins.len (not the project's code)",))


@pytest.mark.parametrize(
    ("etl", "before", "after"),
    [
        ("async def target(v):\n    return [x async for x in v]", "[x", "[-x"),
        ("def target(v):\n    yield from v\n    yield 1", "yield 1", "yield 2"),
        (
            (
                "class Callable:\n"
                "    def __init__(self, n):\n"
                "        self.n = n\n"
                "    def __call__(self):\n"
                "        return self.n\n"
                "target = Callable(1)"
            ),
            "Callable(1)",
            "Callable(2)",
        ),
        (
            (
                "class Callable:\n"
                "    def __init__(self, n):\n"
                "        self.n = n\n"
                "    def __call__(self):\n"
                "        return self.n\n"
                "target = Callable(1)"
            ),
            "return self.n",
            "return -self.n",
        ),
        (
            ("class Owner:\n    step = 1\n    def run(self):\n        return self.step\ntarget = Owner().run"),
            "step = 1",
            "step = 2",
        ),
        ("import functools\ndef run(a, b):\n    return a + b\ntarget = functools.partial(run, 1)", "a + b", "a - b"),
        ("class target:\n    def run(self):\n        return 1", "return 1", "return 2"),
        (
            (
                "class Case:\n"
                "    def __class_getitem__(cls, k):\n"
                "        return k\n"
                "\n"
                "def target():\n"
                "    class Local(Case):\n"
                "        n = 1\n"
                "    return Local"
            ),
            "n = 1",
            "n = 2",
        ),
        (
            (
                "def make(n):\n"
                "    class Local:\n"
                "        size = n\n"
                "        def get(self):\n"
                "            return n\n"
                "    return Local\n"
                "Local = make(1)\n"
                "def target():\n"
                "    return Local()"
            ),
            "make(1)",
            "make(2)",
        ),
        ("def target():\n    global COUNT\n    COUNT += 1\nCOUNT = 1", "COUNT = 1", "COUNT = 2"),
        (
            ("import typing\nclass Row(typing.NamedTuple):\n    a: int = 1\ndef target():\n    return Row()"),
            "a: int = 1",
            "a: int = 2",
        ),
        ("def target(v):\n    match v:\n        case {'a': 1}:\n            return 1", "'a': 1", "'a': 2"),
    ],
)
def test_every_kind_of_callable_is_tracked(workspace, etl, before, after):
    assert before in etl
    assert workspace.changes({"etl": etl}, {"etl": etl.replace(before, after)}) != set()
    assert workspace.manifest().untracked == ()


def test_code_without_source_is_hashed_by_its_bytecode_and_says_so(workspace):
    def made(text: str):
        space = {"__name__": "cells"}
        exec(text, space)
        return fingerprint.Fingerprinter(workspace.root).manifest(space["target"])

    text = "RATE = 2\ndef helper(v):\n    '''Doc.'''\n    return v * RATE\ndef target(v):\n    return helper(v)"
    first = made(text)
    assert all(each.startswith("bytecode-") for name, each in first.entries.items() if name != "cells.RATE")
    assert made("# a comment\n" + text.replace("Doc.", "Other.")).entries == first.entries
    assert made(text.replace("v * RATE", "v + RATE")).digest != first.digest
    assert made(text.replace("RATE = 2", "RATE = 3")).digest != first.digest


def test_what_is_typed_into_a_notebook_keeps_its_source(workspace, monkeypatch):
    text = "RATE = 2\n\ndef target(v):\n    return v * 2\n\ndef other(v):\n    return v\n"
    monkeypatch.setitem(linecache.cache, "<cell-1>", (len(text), None, text.splitlines(keepends=True), "<cell-1>"))
    space = {"__name__": "cells"}
    exec(compile(text, "<cell-1>", "exec"), space)
    fingerprinter = fingerprint.Fingerprinter(workspace.root)
    manifest = fingerprinter.manifest(space["target"])
    assert manifest.entries["cells.target"].startswith("bytecode-")
    assert fingerprinter.sources(manifest) == {"cells.target": "def target(v):\n    return v * 2"}


def test_sources_are_the_text_of_each_entry(workspace):
    workspace.write(etl=BASE, helpers=HELPERS)
    module = workspace.load().modules[0]
    fingerprints = fingerprint.Fingerprinter(workspace.root)
    sources = fingerprints.sources(fingerprints.manifest(module.target))
    assert sources["etl.RATE"] == "RATE = 2"
    assert sources["helpers.trim"] == "def trim(value):\n    return min(value, LIMIT)"


def test_what_is_excluded_is_neither_counted_nor_followed(workspace):
    workspace.write(etl=BASE, helpers=HELPERS)
    module = workspace.load().modules[0]
    manifest = fingerprint.Fingerprinter(workspace.root).manifest(module.target, exclude=("helpers.*",))
    assert set(manifest.entries) == {"etl.target", "etl.RATE"}


def test_the_code_that_was_loaded_counts_and_not_an_edit_since(workspace):
    before = workspace.manifest(etl=BASE, helpers=HELPERS)
    module = workspace.load().modules[0]
    workspace.write(etl=BASE.replace("* RATE", "+ RATE"))
    assert fingerprint.Fingerprinter(workspace.root).manifest(module.target) == before


def test_a_global_is_not_taken_for_a_free_variable_of_the_same_name(workspace):
    workspace.write(etl="held = 1\ndef make(held):\n    return lambda: held\ntarget = make(2)\n")
    assert set(workspace.manifest().entries) == {"etl.make.<locals>.<lambda>"}


@pytest.mark.parametrize(
    "decorator",
    [
        """
        def memo(function):
            cache, calls = {}, 0
            def wrapper(value):
                nonlocal calls
                calls += 1
                cache[value] = function(value)
                return cache[value]
            return wrapper
        """,
        """
        class memo:
            def __init__(self, function):
                self.function, self.cache = function, {}
            def __call__(self, value):
                self.cache[value] = self.function(value)
                return self.cache[value]
        """,
        """
        def memo(function):
            def wrapper(value, seen=[]):
                seen.append(value)
                return function(value)
            return wrapper
        """,
    ],
)
def test_the_memory_of_a_decorator_is_no_code(workspace, decorator):
    body = "\n@memo\ndef helper(value):\n    return value\ndef target(value):\n    return helper(value)\n"
    etl = textwrap.dedent(decorator) + body
    before = workspace.manifest(etl=etl)
    module = workspace.load().modules[0]
    module.target(3)
    assert fingerprint.Fingerprinter(workspace.root).manifest(module.target) == before
    assert workspace.changes({"etl": etl}, {"etl": etl.replace("return value\n", "return -value\n")}) == {
        "changed etl.helper"
    }


def test_an_object_that_answers_for_every_attribute_is_no_trap(workspace):
    etl = """
    class Anything:
        def __getattr__(self, name):
            return Anything()
        def __call__(self, *args):
            return self
    anything = Anything()
    def target(value):
        return anything.other(value)
    """
    assert set(workspace.manifest(etl=etl).entries) >= {"etl.target", "etl.anything", "etl.Anything"}

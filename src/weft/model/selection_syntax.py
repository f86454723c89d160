"""The selection language: how an expression such as `+daily_metrics and not tag:slow` is read.

    expression  =  term { ("or" | ",") term }
    term        =  factor { "and" factor }
    factor      =  "not" factor  |  reach
    reach       =  [ [count] "+" ] atom [ "+" [count] ]        no space around the plus signs
    atom        =  "*"  |  name or glob  |  field ":" value { "|" value }  |  "(" expression ")"

A bare name is a key or the last part of one; a glob in it is matched with the whole key and with its last part, and `*`
goes across "/". `+x` adds all that x is made from, `2+x` what is at most two steps above, `x+` and `x+2` the same
below.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from weft.model import errors, spelling

Field: TypeAlias = Literal["key", "group", "tag", "owner", "kind", "status", "job"]
FIELDS: Final[tuple[Field, ...]] = ("key", "group", "tag", "owner", "kind", "status", "job")
STATUSES: Final = ("fresh", "stale", "missing", "failed", "blocked", "overdue", "running")
UNBOUNDED: Final = -1
"""The reach of a plus sign without a number."""


@dataclass(frozen=True, slots=True)
class All:
    """Every asset: `*`."""


@dataclass(frozen=True, slots=True)
class Named:
    """The asset of that key or last part, or what a glob matches. `column` (from 0) is where it stands in `source`."""

    name: str
    column: int = 0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Where:
    """Assets of which a field has one of some values, each of which may be a glob."""

    field: Field
    values: tuple[str, ...]
    column: int = 0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """A selection with what is above and below it: this many steps, 0 for none, `UNBOUNDED` for all."""

    of: Selection
    upstream: int = 0
    downstream: int = 0


@dataclass(frozen=True, slots=True)
class Not:
    """All assets but these."""

    of: Selection


@dataclass(frozen=True, slots=True)
class And:
    """What all of these select."""

    parts: tuple[Selection, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """What any of these selects."""

    parts: tuple[Selection, ...]


Selection: TypeAlias = All | Named | Where | Reach | Not | And | Or


class SelectionError(errors.UsageError):
    """A selection that can't be read, or that names what is not there; `column` counts from 0."""

    code = "selection"

    def __init__(self, problem: str, *, source: str, column: int, remedy: str | None = None) -> None:
        """Show the expression with a caret below the column."""
        line = source.replace("\n", " ").replace("\t", " ")
        super().__init__(f"{problem}\n  {line}\n  {' ' * column}^", remedy=None)
        self.problem = problem
        self.source = source
        self.column = column
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}" if self.remedy else self.message


_TokenKind: TypeAlias = Literal["word", "quoted", "field", "plus", "number", "(", ")", ",", "|", "end"]


@dataclass(frozen=True, slots=True)
class _Token:
    kind: _TokenKind
    text: str
    column: int
    end: int


_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_FIELD = re.compile(r"([A-Za-z_]+):(?!:)")
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[^\s()+,|\"':]+")
_VALUE = re.compile(r"[^\s()+,|\"']+")
_SPACE = re.compile(r"\s+")


def _tokens(source: str) -> list[_Token]:
    found: list[_Token] = []
    place, in_value = 0, False
    while place < len(source):
        if space := _SPACE.match(source, place):
            place, in_value = space.end(), False
            continue
        token = _token_at(source, place, in_value=in_value)
        in_value = token.kind == "field" or token.kind == "|"
        found.append(token)
        place = token.end
    found.append(_Token("end", "", len(source), len(source)))
    return found


def _token_at(source: str, place: int, *, in_value: bool) -> _Token:
    letter = source[place]
    match letter:
        case "(" | ")" | "," | "|":
            return _Token(letter, letter, place, place + 1)
        case "+":
            return _Token("plus", letter, place, place + 1)
        case '"' | "'":
            quoted = _QUOTED.match(source, place)
            if quoted is None:
                raise SelectionError("The quote is not closed.", source=source, column=place)
            return _Token("quoted", quoted[1] if quoted[1] is not None else quoted[2], place, quoted.end())
        case _:
            pass
    if not in_value:
        if field := _FIELD.match(source, place):
            return _Token("field", field[1], place, field.end())
        number = _NUMBER.match(source, place)
        if number and not _WORD.match(source, number.end()):
            return _Token("number", number[0], place, number.end())
    word = (_VALUE if in_value else _WORD).match(source, place)
    if word is None:
        raise SelectionError(f"{letter!r} means nothing here.", source=source, column=place, remedy=_HINTS.get(letter))
    return _Token("word", word[0], place, word.end())


_HINTS = {":": "A field goes before the colon: group:trading. Quote a name that has one."}
_OPERATORS = {"&": "and", "&&": "and", "||": "or", "!": "not", "~": "not", "-": "and not"}


@lru_cache(maxsize=256)
def parse(text: str) -> Selection:
    """Read an expression.

    Raises:
        SelectionError: it can't be read; points at the column and says what was expected.
    """
    return _Parser(text).parse()


class _Parser:
    """Reads one expression by recursive descent."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = _tokens(source)
        self._place = 0
        self._depth = 0

    def _peek(self) -> _Token:
        return self._tokens[self._place]

    def _take(self) -> _Token:
        token = self._tokens[self._place]
        self._place += 1
        return token

    def _error(self, problem: str, token: _Token | None = None, remedy: str | None = None) -> SelectionError:
        return SelectionError(problem, source=self._source, column=(token or self._peek()).column, remedy=remedy)

    def parse(self) -> Selection:
        if self._peek().kind == "end":
            raise self._error("The selection is empty.", remedy="Write the key of an asset, or * for all of them.")
        found = self._either()
        match self._peek().kind:
            case "end":
                return found
            case ")":
                raise self._error("There is no '(' for this ')'.")
            case "plus":
                raise self._error(
                    "A '+' stands right beside what it applies to, without a space.",
                    remedy="Write `+a` or `a+`, and `a or b` for both.",
                )
            case "|":
                raise self._error(
                    "'|' only stands between the values of a field.", remedy="Write `or` between selections."
                )
            case _:
                word = self._peek().text
                if word in _OPERATORS:
                    raise self._error(f"{word!r} is no operator.", remedy=f"Write `{_OPERATORS[word]}`.")
                raise self._error(
                    "Expected `and`, `or` or the end here.", remedy="Write `a or b` (or `a, b`) for both of them."
                )

    def _is_word(self, word: str) -> bool:
        return self._peek().kind == "word" and self._peek().text.lower() == word

    def _either(self) -> Selection:
        parts = [self._both()]
        while self._is_word("or") or self._peek().kind == ",":
            self._take()
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _both(self) -> Selection:
        parts = [self._negated()]
        while self._is_word("and"):
            self._take()
            parts.append(self._negated())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _negated(self) -> Selection:
        count = 0
        while self._is_word("not"):
            self._take()
            count += 1
        found = self._reach()
        return Not(found) if count % 2 else found

    def _reach(self) -> Selection:
        upstream = downstream = 0
        start = self._peek()
        if start.kind == "number":
            self._take()
            if self._peek().kind != "plus" or self._peek().column != start.end:
                raise self._error(
                    f"Expected the name of an asset, and {start.text!r} is a number.",
                    start,
                    remedy=f"Write `{start.text}+name` for what is so many steps above; names begin with a letter.",
                )
            upstream = int(start.text)
        if self._peek().kind == "plus":
            plus = self._take()
            upstream = upstream if start.kind == "number" else UNBOUNDED
            if self._peek().kind == "end" or self._peek().column != plus.end:
                raise self._error("Expected the name of an asset right behind the '+'.", plus)
        found, end = self._atom()
        if self._peek().kind == "plus" and self._peek().column == end:
            plus = self._take()
            downstream = UNBOUNDED
            if self._peek().kind == "number" and self._peek().column == plus.end:
                downstream = int(self._take().text)
        return Reach(found, upstream, downstream) if upstream or downstream else found

    def _atom(self) -> tuple[Selection, int]:
        token = self._take()
        match token.kind:
            case "(":
                return self._group(token)
            case "field":
                return self._where(token)
            case "quoted":
                return Named(token.text, token.column, self._source), token.end
            case "word" if token.text == "*":
                return All(), token.end
            case "word" if token.text.lower() in ("and", "or", "not"):
                raise self._error(f"Expected a selection, and {token.text!r} is an operator.", token)
            case "word" if token.text in _OPERATORS or token.text[0] in "!~&-":
                operator = _OPERATORS.get(token.text) or _OPERATORS.get(token.text[0], "and")
                raise self._error(f"{token.text!r} is no selection.", token, f"Write `{operator}` where you mean that.")
            case "word":
                return Named(token.text, token.column, self._source), token.end
            case "end":
                raise self._error("The selection ends where another name was expected.", token)
            case _:
                raise self._error(f"Expected the name of an asset or a field, and found {token.text!r}.", token)

    def _group(self, opened: _Token) -> tuple[Selection, int]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(f"Parentheses are nested more than {_DEEPEST} deep.", opened)
        found = self._either()
        if self._peek().kind != ")":
            if self._peek().kind == "end":
                raise self._error("There is no ')' for this '('.", opened)
            raise self._error(
                "Expected `and`, `or` or ')' here.", remedy="Write `a or b` (or `a, b`) for both of them."
            )
        self._depth -= 1
        return found, self._take().end

    def _where(self, token: _Token) -> tuple[Selection, int]:
        field = next((each for each in FIELDS if each == token.text.lower()), None)
        if field is None:
            near = spelling.did_you_mean(token.text, FIELDS)
            listed = f"There are {', '.join(FIELDS)}."
            raise self._error(f"There is no field {token.text!r}.", token, f"{near} {listed}" if near else listed)
        values: list[str] = []
        end = token.end
        while True:
            value = self._peek()
            if value.kind not in ("word", "quoted") or value.column != end or not value.text:
                raise self._error(
                    f"Expected a value right behind '{field}:'.", value, f'Write `{field}:value` or `{field}:"a b"`.'
                )
            self._take()
            if field == "status":
                self._check_status(value)
            values.append(value.text.lower() if field == "status" else value.text)
            end = value.end
            if self._peek().kind != "|" or self._peek().column != end:
                return Where(field, tuple(values), token.column, self._source), end
            end = self._take().end

    def _check_status(self, value: _Token) -> None:
        if value.text.lower() not in STATUSES:
            near = spelling.did_you_mean(value.text, STATUSES)
            listed = f"There are {', '.join(STATUSES)}."
            raise self._error(f"There is no status {value.text!r}.", value, f"{near} {listed}" if near else listed)


_DEEPEST = 50

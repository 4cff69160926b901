r"""Templates in the ``${x}`` syntax of DOE platforms (a small part of FreeMarker).

- ``${x}`` is the value; a name may hold dots and dashes (``${hp.lr}``).
- ``${x?string("0.00##")}`` formats a number by a pattern of Java's DecimalFormat; ``${x?int}`` cuts the fraction
  off, ``${x?round}``, ``${x?floor}`` and ``${x?ceiling}`` round; ``${x?c}`` and ``${x?string}`` are the plain text;
  ``${x?upper_case}`` and ``${x?lower_case}`` change letters; ``${x?string("yes", "no")}`` is for true and false.
- ``${x!0.5}``, ``${(x)!0.5}`` or ``${x!"none"}`` gives a default for a parameter that is inactive.
- ``$${x}`` is a literal ``${x}``. A ``$`` without a brace, and a backslash, are ordinary text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from boxwright.errors import TemplateError, nearest
from boxwright.materialise.numberformat import NumberFormat, parse_format
from boxwright.materialise.template import Uses, no_value
from boxwright.materialise.values import text_of

Step = Callable[[object], object]

_HOLE = re.compile(r"\$\$\{|\$\{")
_STRING = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\''
_EXPRESSION = re.compile(
    rf"""\s*(?P<open>\()?\s*(?P<name>[^\s?!(){{}}"']+)\s*
    (?P<default>!\s*(?P<default_value>{_STRING}|[^\s?(){{}}"']*))?\s*(?P<close>\))?\s*
    (?P<outer>!\s*(?P<outer_value>{_STRING}|[^\s?(){{}}"']*)\s*)?
    (?P<steps>(?:\?\s*\w+\s*(?:\(\s*(?:{_STRING})(?:\s*,\s*(?:{_STRING}))*\s*\))?\s*)*)""",
    re.VERBOSE,
)
_STEP = re.compile(rf"\?\s*(?P<name>\w+)\s*(?:\((?P<arguments>(?:{_STRING}|[\s,])*)\))?")


@dataclass(frozen=True, slots=True)
class Hole:
    """One ``${…}``.

    Attributes:
        source: Between the braces, as written.
        steps: What is done to the value, in order.
    """

    source: str
    line: int
    name: str
    has_default: bool
    default: object
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class DollarTemplate:
    """A compiled ``${x}`` template: text and holes in turn."""

    place: str
    parts: tuple[str | Hole, ...]
    uses: Uses = field(default_factory=lambda: Uses({}))

    def render(self, values: Mapping[str, object]) -> str:
        """Return the text; raises TemplateError with the line where a value is missing or does not fit."""
        return "".join(part if isinstance(part, str) else self._fill(part, values) for part in self.parts)

    def _fill(self, hole: Hole, values: Mapping[str, object]) -> str:
        place = f"{self.place}:{hole.line}"
        if hole.name in values:
            value = values[hole.name]
        elif hole.has_default:
            value = hole.default
        else:
            raise no_value(hole.name, place, guard=f"a default: ${{{hole.name}!0}}")
        try:
            for step in hole.steps:
                value = step(value)
        except (ValueError, OverflowError) as error:
            raise TemplateError(f"${{{hole.source}}}: {error}", place=place) from error
        if isinstance(value, Mapping):
            raise TemplateError(f'"{hole.name}" is no single value', place=place)
        return ",".join(map(text_of, value)) if isinstance(value, list | tuple) else text_of(value)


def compile_dollar(text: str, place: str) -> DollarTemplate:
    """Return the compiled template.

    Raises:
        TemplateError: With the file and line: a brace that is not closed, an unknown step, a wrong number format.
    """
    parts = tuple(_parts(text, place))
    holes = [part for part in parts if isinstance(part, Hole)]
    lines: dict[str, int] = {}
    for hole in holes:
        lines.setdefault(hole.name, hole.line)
    guarded = frozenset(hole.name for hole in holes if hole.has_default)
    return DollarTemplate(place, parts, Uses(lines, guarded))


def _parts(text: str, place: str) -> Iterator[str | Hole]:
    start = 0
    while match := _HOLE.search(text, start):
        yield text[start : match.start()]
        if match[0] == "$${":
            yield "${"
            start = match.end()
            continue
        line = text.count("\n", 0, match.start()) + 1
        hole, start = _hole(text, match.end(), line, f"{place}:{line}")
        yield hole
    yield text[start:]


def _hole(text: str, start: int, line: int, place: str) -> tuple[Hole, int]:
    rest_of_line = text[start:].partition("\n")[0]
    match = _EXPRESSION.match(text, start)
    end = match.end() if match else start
    if match is None or text[end : end + 1] != "}" or not _is_paired(match):
        if "}" not in rest_of_line:
            raise TemplateError(
                f'no "}}" for "${{{rest_of_line[:40]}". For a literal "${{" write "$${{".', place=place
            )
        shown = "${" + rest_of_line.partition("}")[0] + "}"
        problem = f'"{shown}" cannot be read. Write ${{name}}, ${{name!default}} or ${{name?string("0.00")}}.'
        raise TemplateError(problem, place=place)
    source = text[start:end]
    steps = tuple(_step(step, source, place) for step in _STEP.finditer(match["steps"]))
    has_default = bool(match["default"] or match["outer"])
    default = _literal(match["default_value"] or match["outer_value"] or "") if has_default else None
    return Hole(source, line, match["name"], has_default, default, steps), end + 1


def _is_paired(match: re.Match[str]) -> bool:
    """Return whether a bracket that opens is closed, and a default stands within it or behind it, not both."""
    if match["outer"] and (match["default"] or not match["close"]):
        return False
    return bool(match["open"]) == bool(match["close"])


def _literal(text: str) -> object:
    if text[:1] in ('"', "'"):
        return _unquote(text)
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text, text)


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", lambda escaped: {"n": "\n", "t": "\t"}.get(escaped[1], escaped[1]), text[1:-1])


def _step(match: re.Match[str], source: str, place: str) -> Step:
    arguments = [_unquote(text) for text in re.findall(_STRING, match["arguments"] or "")]
    name = match["name"]
    if name == "string" and len(arguments) == 1:
        try:
            return _formatter(parse_format(arguments[0]))
        except ValueError as error:
            raise TemplateError(f"${{{source}}}: {error}", place=place) from error
    if name == "string" and len(arguments) == 2:
        return _chooser(arguments[0], arguments[1])
    if name not in _STEPS:
        known = [*_STEPS, 'string("0.00")']
        raise TemplateError(f'"?{name}" is not known. {nearest(name, known)}', place=place)
    if arguments:
        raise TemplateError(f'"?{name}" takes no arguments like that, found {len(arguments)}', place=place)
    return _STEPS[name]


def _formatter(number_format: NumberFormat) -> Step:
    return lambda value: number_format.text(_number(value))


def _chooser(yes: str, no: str) -> Step:
    def choose(value: object) -> str:
        if not isinstance(value, bool):
            raise ValueError(f'"{text_of(value)}" is neither true nor false')
        return yes if value else no

    return choose


def _number(value: object) -> float:
    """Return the value as a number; texts that are numbers count, so that categories can be formatted."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f'"{text_of(value)}" is no number')
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ValueError(f'"{value}" is no number') from error


_STEPS: Mapping[str, Step] = {
    "int": lambda value: math.trunc(_number(value)),
    "round": lambda value: math.floor(_number(value) + 0.5),  # as FreeMarker: halves go up
    "floor": lambda value: math.floor(_number(value)),
    "ceiling": lambda value: math.ceil(_number(value)),
    "c": text_of,
    "string": text_of,
    "upper_case": lambda value: text_of(value).upper(),
    "lower_case": lambda value: text_of(value).lower(),
}

"""One pass over a run's stdout for all that is looked for in it: result lines, name<TAB>value lines, patterns."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from pathlib import Path

from boxwright.errors import RunError, one_line
from boxwright.parse.logs import LINE_LIMIT_BYTES, Line, quoted, read_lines, shortened
from boxwright.parse.numbers import finite
from boxwright.parse.readings import Readings
from boxwright.parse.result_line import RESULT_NEEDLE, ResultLine, read_result, result_body
from boxwright.scenario.model import Parse

_CAPTURE_LIMIT = 200


@dataclass(slots=True)
class ResultLines:
    """The result lines of one run.

    Attributes:
        places: ``stdout.log:40`` of the first two.
        last: The last one, as it stands in the log.
    """

    count: int = 0
    places: list[str] = field(default_factory=list)
    last: Line | None = None

    def add(self, line: Line, where: str) -> None:
        """Take one up."""
        self.count += 1
        self.last = line
        if len(self.places) < 2:
            self.places.append(where)

    def read(self, parse: Parse) -> ResultLine | None:
        """Return what the run's result line says; None if there is none.

        Raises:
            RunError: There are two, or the one that counts breaks a rule.
        """
        if self.last is None:
            return None
        if self.count > 1 and parse.duplicates == "error":
            number, more = ("two", "") if self.count == 2 else (str(self.count), ", …")
            raise RunError(f"{number} result lines ({', '.join(self.places)}{more}); a run prints one")
        return read_result(self.last)


@dataclass(slots=True)
class _LastMatch:
    """The match of a named pattern that counts: the last one."""

    pattern: re.Pattern[str]
    text: str | None = None
    line: int = 0

    def search(self, text: str, line: int) -> None:
        """Take up the last match in this line, if there is one."""
        if self.pattern.search(text):  # most lines hold none, and an iterator costs twice as much
            for match in self.pattern.finditer(text):
                self.text = match.group(1 if self.pattern.groups else 0) or ""
                self.line = line


def read_stdout(path: Path, parse: Parse, readings: Readings, *, result_lines: bool) -> ResultLines:
    """Return the result lines of a log, and add the metrics of the other sources to the readings."""
    found = ResultLines()
    matches = {name: _LastMatch(pattern) for name, pattern in _patterns(parse, readings).items()}
    needles = () if matches else (RESULT_NEEDLE,) * result_lines + (b"\t",) * parse.tab
    cut = 0
    if matches or needles:
        if parse.tab or matches:
            readings.searched.append(path.name)
        try:
            for line in read_lines(path, needles):
                if result_lines and RESULT_NEEDLE in line.text and result_body(line.text) is not None:
                    found.add(line, f"{path.name}:{line.number}")
                elif line.cut:
                    cut += 1
                    continue
                elif parse.tab and b"\t" in line.text:
                    read_tab_line(line, path.name, "tab", readings)
                if matches and not line.cut:
                    text = line.text.decode("utf-8", "replace")
                    for match in matches.values():
                        match.search(text, line.number)
        except OSError as error:
            readings.refuse(f"{path.name}: {error.strerror or error}")
    if cut:
        readings.refuse(f"{path.name}: {cut} lines longer than {LINE_LIMIT_BYTES // 1024} KiB were not searched")
    for name, match in matches.items():
        _give_match(name, match, path.name, readings)
    return found


def _patterns(parse: Parse, readings: Readings) -> dict[str, re.Pattern[str]]:
    patterns = {}
    for name, text in parse.regex.items():
        try:
            patterns[name] = compiled(text)
        except re.error as error:
            readings.refuse(f"parse.regex.{name}: {quoted(text)} is no regular expression: {error}")
    return patterns


@functools.lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return the pattern, compiled once.

    Raises:
        re.error: It is no regular expression.
    """
    return re.compile(pattern)


def _give_match(name: str, match: _LastMatch, file: str, readings: Readings) -> None:
    if match.text is None:
        return
    value = finite(match.text[:_CAPTURE_LIMIT])
    where = f"{file}:{match.line}"
    problem = "" if value is not None else not_finite(where, name, match.text)
    readings.give(name, value, source="regex", where=where, problem=problem)


def read_tab_line(line: Line, file: str, source: str, readings: Readings) -> None:
    """Add the metric of a ``name<TAB>value`` line to the readings, or the reason why it is none.

    A line that begins with a tab is indented text, not a metric, and is passed over.
    """
    where = f"{file}:{line.number}"
    parts = line.text.decode("utf-8", "replace").split("\t")
    name = parts[0].strip()
    if not name:
        return
    if len(parts) != 2:
        problem = f"{where}: {len(parts) - 1} tabs after {quoted(name)}; a metric is name<TAB>value"
        value = None
    else:
        value = finite(parts[1])
        problem = "" if value is not None else not_finite(where, name, parts[1])
    if problem and source == "tab" and name != readings.objective:
        readings.refuse(problem)  # a table that the run prints, perhaps: no metric of this name needs to exist
    else:
        readings.give(name, value, source=source, where=where, problem=problem)


def not_finite(where: str, name: str, text: str) -> str:
    """Return the reason why this text is no value of a metric."""
    return f"{where}: {shortened(one_line(name[:61]), 60)} is {quoted(text.strip())}, not a finite number"

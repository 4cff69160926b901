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
from boxwright.parse.searching import OverrunError, search_log
from boxwright.scenario.model import Parse


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
        if self.count > 1 and parse.duplicates != "last":
            number, more = ("two", "") if self.count == 2 else (str(self.count), ", …")
            raise RunError(f"{number} result lines ({', '.join(self.places)}{more}); a run prints one")
        return read_result(self.last)


def read_stdout(path: Path, parse: Parse, readings: Readings, *, result_lines: bool) -> ResultLines:
    """Return the result lines of a log, and add the metrics of the other sources to the readings."""
    found = ResultLines()
    patterns = _patterns(parse, readings)
    needles = (RESULT_NEEDLE,) * result_lines + (b"\t",) * parse.tab
    if parse.tab or patterns:
        readings.searched.append(path.name)
    cut = 0
    try:
        for line in read_lines(path, needles) if needles else ():
            if result_lines and RESULT_NEEDLE in line.text and result_body(line.text) is not None:
                found.add(line, f"{path.name}:{line.number}")
            elif line.cut:
                cut += 1
            elif parse.tab and b"\t" in line.text:
                read_tab_line(line, path.name, "tab", readings)
    except OSError as error:
        readings.refuse(f"{path.name}: {error.strerror or error}")
        return found
    if patterns:
        cut = max(cut, _search(path, patterns, readings))
    if cut:
        readings.refuse(f"{path.name}: {cut} lines longer than {LINE_LIMIT_BYTES // 1024} KiB were not searched")
    return found


def _patterns(parse: Parse, readings: Readings) -> dict[str, str]:
    """Return the patterns that are regular expressions."""
    patterns = {}
    for name, text in parse.regex.items():
        try:
            compiled(text)
            patterns[name] = text
        except re.error as error:
            readings.refuse(f"parse.regex.{name}: {quoted(text)} is no regular expression: {error}")
    return patterns


def _search(path: Path, patterns: dict[str, str], readings: Readings) -> int:
    """Add what the patterns find to the readings; return how many lines were too long to be searched.

    One that takes too long is left out and the others are searched once more: it may be of a metric that is only
    shown.
    """
    while patterns:
        try:
            found = search_log(path, patterns)
        except OverrunError as error:
            late = (error.name,) if error.name in patterns else tuple(patterns)
            for name in late:
                problem = f"parse.regex.{shortened(one_line(name), 60)} {error}"
                readings.give(name, None, source="regex", where=path.name, problem=problem)
            patterns = {name: text for name, text in patterns.items() if name not in late}
            continue
        except OSError as error:
            readings.refuse(f"parse.regex: {error}")
            return 0
        if found.problem:
            readings.refuse(f"{path.name}: {found.problem}")
        for name in patterns:
            if (match := found.matches.get(name)) is None:
                continue
            value = finite(match.text)
            where = f"{path.name}:{match.line}"
            problem = "" if value is not None else not_finite(where, name, match.text)
            readings.give(name, value, source="regex", where=where, problem=problem)
        return found.cut
    return 0


@functools.lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return the pattern, compiled once.

    Raises:
        re.error: It is no regular expression.
    """
    return re.compile(pattern)


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

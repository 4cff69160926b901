"""Where the objective is looked for, in words, and what a run has said elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from boxwright.parse.logs import quoted, read_lines
from boxwright.parse.numbers import finite
from boxwright.scenario.model import Parse


def reads_result_line(parse: Parse, *, has_postprocess: bool) -> bool:
    """Return whether the scenario asks for a result line: as it says, or else if it names no other source."""
    if parse.result_line is not None:
        return parse.result_line
    return not (parse.tab or parse.regex or parse.json is not None or has_postprocess)


def answer_sources(parse: Parse, metric: str, *, has_postprocess: bool) -> Iterator[str]:
    """Yield in words each source that may give the objective."""
    if reads_result_line(parse, has_postprocess=has_postprocess):
        yield "SMAC's result line on stdout (Result of algorithm run: STATUS, runtime, runlength, quality, seed)"
    if metric in parse.regex:
        yield f"the last match of {parse.regex[metric]} on stdout"
    if parse.tab:
        yield f"the line {metric}<TAB>value on stdout"
    if parse.json is not None:
        yield f"{metric} in the file {parse.json}"
    if has_postprocess:
        yield f"the line {metric}<TAB>value of the post-process command"


def tab_hint(path: Path, metric: str) -> str:
    """Return what to set, if a log without a result line gives metrics as ``name<TAB>value``; else an empty text."""
    first = ""
    with contextlib.suppress(OSError):
        for line in read_lines(path, (b"\t",)):
            name, *values = line.text.decode("utf-8", "replace").split("\t")
            name = name.strip()
            if line.cut or not name or len(values) != 1 or finite(values[0]) is None:
                continue
            if name == metric:
                return f", but {path.name}:{line.number} gives {quoted(name)} by a tab: set tab = true in [parse]"
            first = (
                first or f", but {path.name}:{line.number} gives {quoted(name)} by a tab: set tab = true in [parse]"
            )
    return f'{first}, and name it as the metric of the objective instead of "{metric}"' if first else ""

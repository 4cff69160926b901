"""The view of one run: what it was given, what it came to, what it wrote and what it left."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from boxwright.scenario.model import Scenario
from boxwright.scenario.targets import target_of
from boxwright.serve.desk import Desk
from boxwright.serve.differing import Line, differing_lines, differing_values
from boxwright.serve.inside import list_files, open_inside
from boxwright.serve.logs import Excerpt, learning_curves, plain_text, read_excerpt
from boxwright.serve.overview import shell
from boxwright.serve.rendering import page
from boxwright.serve.studies import desk_of, find_run, run_of
from boxwright.store.layout import RUN_RECORD
from boxwright.store.records import RunRecord

STREAMS = ("stdout", "stderr")
_MOST_BYTES = 512 * 1024
_MOST_RUNS = 50


def one_run(request: Request) -> Response:
    """Show one run; ``?with=12`` compares it with another one."""
    desk = desk_of(request)
    record = run_of(desk, request)
    folder = Path(record.folder)
    scenario = desk.scenario
    asked = request.query_params.get("with", "").strip()
    other = find_run(desk, asked) if asked else None
    files, is_all = list_files(desk.folder, folder)
    return page(
        request,
        "run",
        **shell(desk, "runs"),
        record=record,
        command=_command(desk, folder),
        logs={stream: _log(desk, folder, stream) for stream in STREAMS},
        has_curves=bool(learning_curves(desk.folder, folder / "stdout.log")),
        files=files,
        is_all=is_all,
        materialised=_materialised(desk, scenario, record, other),
        other=other,
        differing=differing_values(other.config, record.config) if other else [],
        siblings=_siblings(desk, record),
        neighbours=_neighbours(desk, record),
    )


def log_text(desk: Desk, record: RunRecord, stream: str) -> Excerpt | None:
    """Return the end of a log of a run; None if there is none."""
    return _log(desk, Path(record.folder), stream)


def _log(desk: Desk, folder: Path, stream: str) -> Excerpt | None:
    try:
        return read_excerpt(desk.folder, folder / f"{stream}.log")
    except OSError:
        return None


def _command(desk: Desk, folder: Path) -> str:
    """Return the words that a run was started with; empty where its record is gone or damaged."""
    try:
        with open_inside(desk.folder, folder / RUN_RECORD) as file:
            words = msgspec.json.decode(file.read(_MOST_BYTES) or b"", type=_Started).argv
    except (OSError, msgspec.MsgspecError):
        return ""
    return shlex.join(words)


class _Started(msgspec.Struct, frozen=True):
    argv: tuple[str, ...] = ()


def _materialised(desk: Desk, scenario: Scenario, record: RunRecord, other: RunRecord | None) -> list[dict[str, Any]]:
    """Return the files written for a run, with what differs from their templates and from another run's."""
    sources = {target_of(entry): Path(scenario.folder or "", entry.source) for entry in scenario.inputs.templates}
    found = []
    for target in (*sources, *(target_of(entry) for entry in scenario.inputs.parameters)):
        text = _text(desk.folder, Path(record.folder, target))
        template = _text_of_person(sources[target]) if target in sources else None
        others = _text(desk.folder, Path(other.folder, target)) if other else None
        found.append(
            {
                "name": target,
                "is_there": text is not None,
                "has_template": target in sources,
                "from_template": _differing(template, text),
                "from_other": _differing(others, text) if other else None,
            }
        )
    return found


def _differing(before: str | None, after: str | None) -> list[Line] | None:
    return None if before is None or after is None else differing_lines(before, after)


def _text(top: Path, path: Path) -> str | None:
    try:
        with open_inside(top, path) as file:
            return plain_text((file.read(_MOST_BYTES) or b"").decode("utf-8", "replace"))
    except OSError:
        return None


def _text_of_person(path: Path) -> str | None:
    """Return a template, which lies where the person has it, if it still does."""
    try:
        with path.open("rb") as file:
            return plain_text(file.read(_MOST_BYTES).decode("utf-8", "replace"))
    except OSError:
        return None


def _siblings(desk: Desk, record: RunRecord) -> list[RunRecord]:
    """Return the other runs of the same trial."""
    rows = desk.mirror.rows(
        "SELECT number FROM runs WHERE trial = ? ORDER BY number LIMIT ?", (record.trial, _MOST_RUNS)
    )
    return [each for each in desk.mirror.records([row[0] for row in rows]) if each.run != record.run]


def _neighbours(desk: Desk, record: RunRecord) -> tuple[int | None, int | None]:
    before = desk.mirror.rows("SELECT max(number) FROM runs WHERE number < ?", (record.run,))
    after = desk.mirror.rows("SELECT min(number) FROM runs WHERE number > ?", (record.run,))
    return before[0][0], after[0][0]

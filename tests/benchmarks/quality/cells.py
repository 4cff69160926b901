"""Cells: one problem, one optimizer, one seed. Carried out in processes of their own, each kept as one JSON line."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from functools import partial
from pathlib import Path

import msgspec
from quality.cache import Reference, cached, reference
from quality.catalogue import find
from quality.peer import Task
from quality.peers import maker
from quality.problem import Klass, Listed
from quality.processes import each
from quality.simulate import simulate
from quality.words import MistakeError


class Cell(msgspec.Struct, frozen=True, order=True):
    """What is to be done."""

    problem: str
    peer: str
    seed: int
    budget: int
    workers: int


class Record(msgspec.Struct, frozen=True):
    """What came of it; see ``simulate.Course``.

    Attributes:
        error: Why it ended early, empty otherwise.
    """

    cell: Cell
    klass: Klass
    held_back: bool
    incumbent: tuple[float | None, ...] = ()
    ends: tuple[float, ...] = ()
    ask_s: tuple[float, ...] = ()
    tell_s: float = 0.0
    error: str = ""

    def cost_after(self, runs: int) -> float | None:
        """Return the incumbent's true cost after so many runs, or after the last one if there were fewer."""
        return self.incumbent[min(runs, len(self.incumbent)) - 1] if self.incumbent else None


def read_records(file: Path) -> list[Record]:
    """Return what a file of JSON lines holds, of each cell the last record; a last line cut off is passed over.

    Raises:
        MistakeError: It cannot be read, or holds something else.
    """
    try:
        *lines, tail = file.read_bytes().split(b"\n")
    except OSError as error:
        raise MistakeError(f"{file}: {error.strerror}") from None
    if tail and not tail.startswith(_BEGINNING[: len(tail)]):
        lines.append(tail)
    decoder = msgspec.json.Decoder(Record)
    records = []
    for number, line in enumerate(lines, 1):
        try:
            records.append(decoder.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise MistakeError(f"{file}: line {number} is no record of this benchmark: {error}") from None
    return list({record.cell: record for record in records}.values())


_BEGINNING = b'{"cell":'
"""Of each line: what begins otherwise is no record that was cut off."""


def _cut_to_whole_lines(file: Path) -> None:
    """Take out a last line whose writer was killed, which ``read_records`` has passed over."""
    if file.exists():
        whole = file.read_bytes().rpartition(b"\n")
        os.truncate(file, len(whole[0]) + len(whole[1]))


def references(problems: Sequence[Listed], folder: Path, jobs: int) -> dict[str, Reference]:
    """Return what costs are measured by, for each problem by name."""
    found = each(partial(_reference, folder), [problem.name for problem in problems], jobs)
    return {name: future.result() for name, future in found}


def _reference(folder: Path, name: str) -> Reference:
    return reference(find(name), folder)


def carry_out(
    cells: Iterable[Cell], measures: Mapping[str, Reference], folder: Path, jobs: int, file: Path
) -> Iterator[Record]:
    """Carry out these cells and yield their records, each of which is in the file by then."""
    file.parent.mkdir(parents=True, exist_ok=True)
    _cut_to_whole_lines(file)
    with file.open("ab") as out:
        for cell, future in each(partial(_carry_out_one, measures, folder), cells, jobs):
            try:
                record = future.result()
            except BrokenProcessPool:  # killed, as for want of memory
                listed = find(cell.problem)
                record = Record(cell, listed.klass, listed.held_back, error="its process died")
            out.write(msgspec.json.encode(record) + b"\n")
            out.flush()
            yield record


def _carry_out_one(measures: Mapping[str, Reference], folder: Path, cell: Cell) -> Record:
    listed = find(cell.problem)
    problem = cached(listed, folder)
    task = Task(problem.space, cell.seed, cell.budget, cell.workers, is_noisy=problem.noise_share > 0)
    try:
        course = simulate(problem, measures[cell.problem], maker(cell.peer), task)
    except Exception:  # noqa: BLE001  an optimizer that gives up is a result, and the others go on
        return Record(cell, listed.klass, listed.held_back, error=traceback.format_exc(limit=-3))
    return msgspec.convert(
        {"cell": cell, "klass": listed.klass, "held_back": listed.held_back, **asdict(course)}, Record
    )


def progress(say: Callable[[str], None], total: int) -> Callable[[Record], None]:
    """Return what says each record in one line."""
    done = 0

    def one(record: Record) -> None:
        nonlocal done
        done += 1
        cell, cost = record.cell, record.cost_after(record.cell.budget)
        end = (
            f"failed: {record.error.splitlines()[-1]}"
            if record.error
            else f"cost {cost}, ask {sum(record.ask_s):.1f} s"
        )
        say(f"[{done}/{total}] {cell.problem} {cell.peer} seed {cell.seed} workers {cell.workers}: {end}")

    return one

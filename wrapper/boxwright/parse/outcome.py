"""Joins how a run ended with what it said, and says what it came to.

In this order, the first that holds decides the status:

1. The command never started, wrote too much, or was cancelled. Nothing it printed changes that.
2. Its result line says ABORT, or there are two where that means the same: the study must stop, even if the run then
   hung or ended with an exit code.
3. It was stopped at the cutoff or the memory limit, even if a result was printed before.
4. Its exit code is not 0 and matters.
5. Its result line, where one is read: none, two, refused, or a status other than SUCCESS.
6. The post-process command failed.
7. The objective is missing, doubled or not finite.

Metrics are kept whatever the status. The quality is set for SUCCESS, and for TIMEOUT where the run reported one
(SMAC v2 minimises the quality that a TIMEOUT reports; the study decides what it tells); for no other status, and
never when it is not finite. The runtime of a run without a result line is what it has told on the way, as with
SMAC v2; of one that was stopped at its cutoff it is at least that; ``parse.unread_runtime`` says what it is where
nothing was told. Metrics other than the objective that cannot be used are left out, and named in ``additional``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from boxwright.errors import RunError, one_line
from boxwright.execute.messages import Ended, Exit
from boxwright.parse.ending import failed, post_failed, stopped
from boxwright.parse.files import read_json, read_postprocess
from boxwright.parse.logs import last_words, shortened
from boxwright.parse.readings import Readings
from boxwright.parse.result_line import ResultLine
from boxwright.parse.sources import reads_result_line, tab_hint
from boxwright.parse.stdout import read_stdout
from boxwright.scenario.model import Objective, Parse
from boxwright.terms import Outcome, Status

_WITH_QUALITY = (Status.SUCCESS, Status.TIMEOUT)
_LONGEST_WHY = 200
_UNREAD = (Ended.NOT_STARTED, Ended.OUTPUT)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a run said.

    Attributes:
        wants_line: Whether a result line is read.
        line: The result line, None if there is none that can be used.
        where: Its place.
        problem: Why there is none.
        post_problem: Why there are no metrics of the post-process command.
        aborts: Whether two result lines ask for the study to stop.
    """

    readings: Readings
    wants_line: bool
    line: ResultLine | None = None
    where: str = ""
    problem: str = ""
    post_problem: str = ""
    aborts: bool = False


def read_outcome(
    parse: Parse,
    objective: Objective,
    exit: Exit,  # noqa: A002 - the word of the exit.json file
    folder: Path,
    *,
    has_postprocess: bool,
    exit_code_matters: bool,
    cutoff_s: float | None = None,
) -> Outcome:
    """Return what a run came to, from its folder and the way it ended; nothing is raised, whatever the run left.

    Args:
        parse: Where its answer stands.
        objective: What is looked for.
        exit: How it ended.
        folder: Its own.
        has_postprocess: Whether a command has read its files, and has printed metrics.
        exit_code_matters: Whether one other than 0 is a crash.
        cutoff_s: The scenario's, None for none.
    """
    if exit.ended_by in _UNREAD:
        status, reason = stopped(exit, folder) or (Status.CRASHED, "")
        return Outcome(status, runtime_s=_told_s(exit), reason=reason)
    answer = _read_answer(parse, objective, exit, folder, has_postprocess=has_postprocess)
    verdict = _judge_ending(answer, exit, folder, exit_code_matters=exit_code_matters)
    status, reason = verdict or _judge_answer(answer, parse, folder)
    if status is Status.CRASHED and exit.ended_by is Ended.EXITED and exit.detail:
        reason += f"; {one_line(exit.detail)}"  # such as a disk that is full
    metrics = answer.readings.metrics()
    line = answer.line
    additional = [line.additional] if line and line.additional else []
    if notes := answer.readings.notes():
        additional.append(f"left out: {'; '.join(notes)}")
    return Outcome(
        status,
        quality=metrics.get(objective.metric) if status in _WITH_QUALITY else None,
        metrics=metrics,
        runtime_s=line.runtime_s if line else _unread_s(answer, parse, exit, cutoff_s),
        runlength=line.runlength if line else None,
        additional="; ".join(additional),
        reason=reason,
    )


def _told_s(exit: Exit) -> float | None:  # noqa: A002
    if exit.told_s is not None and exit.ended_by is Ended.CUTOFF:
        return max(exit.told_s, exit.wall_s)
    return exit.told_s


def _unread_s(answer: _Answer, parse: Parse, exit: Exit, cutoff_s: float | None) -> float | None:  # noqa: A002
    """Return the runtime of a run that has no result line which can be used; None where the clock is to tell it."""
    if parse.unread_runtime == "clock" or exit.ended_by is not Ended.EXITED:
        return _told_s(exit)
    if answer.where and not answer.aborts and cutoff_s is not None:
        return cutoff_s
    return exit.told_s or 0.0


def _read_answer(parse: Parse, objective: Objective, exit: Exit, folder: Path, *, has_postprocess: bool) -> _Answer:  # noqa: A002
    readings = Readings(objective.metric, "last" if parse.duplicates == "last" else "error")
    wants_line = reads_result_line(parse, has_postprocess=has_postprocess)
    lines = read_stdout(folder / "stdout.log", parse, readings, result_lines=wants_line)
    line, where, problem, aborts = None, "", "", False
    if wants_line:
        where = f"stdout.log:{lines.last.number}" if lines.last else ""
        try:
            line = lines.read(parse)
            problem = "" if line else "no result line on stdout"
            if problem and not parse.tab:
                problem += tab_hint(folder / "stdout.log", objective.metric)
        except RunError as error:
            doubled = lines.count > 1 and parse.duplicates != "last"
            problem, aborts = (str(error), parse.duplicates == "abort") if doubled else (f"{where}: {error}", False)
    quality = line.runtime_s if line and objective.par is not None else line.quality if line else None
    if quality is not None:
        _give_quality(quality, where, readings)
    post_problem = post_failed(exit.post, folder) if has_postprocess else ""
    if has_postprocess and not post_problem:
        read_postprocess(folder / "postprocess.log", readings)
    if parse.json is not None:
        read_json(folder, parse.json, readings)
    return _Answer(readings, wants_line, line, where, problem, post_problem, aborts)


def _give_quality(quality: float, where: str, readings: Readings) -> None:
    usable = math.isfinite(quality)
    problem = "" if usable else f"{where}: quality is {quality!r}, not a finite number"
    readings.give(readings.objective, quality if usable else None, source="result line", where=where, problem=problem)


def _judge_ending(
    answer: _Answer,
    exit: Exit,  # noqa: A002
    folder: Path,
    *,
    exit_code_matters: bool,
) -> tuple[Status, str] | None:
    """Return status and reason if the way the run ended, or an ABORT, decides: steps 1 to 4."""
    says = answer.line.status if answer.line else None
    ended = stopped(exit, folder)
    if answer.line and says is Status.ABORT and exit.ended_by is not Ended.CANCELLED:
        why = f": {shortened(one_line(answer.line.additional), _LONGEST_WHY)}" if answer.line.additional else ""
        return Status.ABORT, f"the run asks for the study to stop{why} ({answer.where})"
    if answer.aborts and exit.ended_by is not Ended.CANCELLED:
        return Status.ABORT, answer.problem
    if ended:
        return ended
    if exit_code_matters and (failure := failed(exit.exit_code)):
        although = f" although its result line says {says} ({answer.where})" if says else ""
        return Status.CRASHED, f"{failure}{although}{_said(folder, 'stderr.log', 'stdout.log')}"
    return None


def _judge_answer(answer: _Answer, parse: Parse, folder: Path) -> tuple[Status, str]:
    """Return status and reason of a run that ended well, by what it said: steps 5 to 7."""
    if answer.problem:
        said = "" if answer.where else _said(folder, "stdout.log", "stderr.log")
        return Status.CRASHED, answer.problem + said
    if answer.line and not _is_success(answer.line.status, parse):
        return answer.line.status, f"the run says {answer.line.status} ({answer.where})"
    if answer.post_problem:
        return Status.CRASHED, answer.post_problem
    return _judge_objective(answer, folder)


def _is_success(says: Status, parse: Parse) -> bool:
    return says is Status.SUCCESS or (says is Status.UNSAT and parse.unsat == "success")


def _judge_objective(answer: _Answer, folder: Path) -> tuple[Status, str]:
    readings = answer.readings
    reading = readings.by_name.get(readings.objective)
    if reading:
        return (Status.CRASHED, reading.problem) if reading.problem else (Status.SUCCESS, "")
    reason = f'no metric "{readings.objective}" in {", ".join(readings.searched) or "anything that is read"}'
    if readings.by_name:
        names = list(readings.by_name)
        reason += f"; found {', '.join(names[:5])}{', …' if len(names) > 5 else ''}"
    if readings.refused:
        reason += f"; {readings.refused[0]}"
    return Status.CRASHED, reason + _said(folder, "stdout.log", "stderr.log")


def _said(folder: Path, *names: str) -> str:
    return last_words(*(folder / name for name in names))

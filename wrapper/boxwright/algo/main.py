"""``boxwright algo``: one evaluation from an optimizer's call to its answer."""

from __future__ import annotations

import os
import signal
import sys

from boxwright.algo.calls import Call, CallError, Reply
from boxwright.algo.line import NoStudyError, open_line, read_answer

DIALECTS = ("smac2", "aclib2", "paramils", "irace", "dakota", "plain")
USAGE = f"""\
Usage: boxwright algo [--dialect {"|".join(DIALECTS)}] [--study DIR] WORD …

  What an optimizer calls as its black box: one evaluation is run on a slot of the study, and
  answered in the optimizer's own format. Whoever ends this process withdraws the evaluation.

  --dialect  The optimizer's: smac2 (if not given; AClib2's --config is understood as well), …
  --study    The study folder; $BOXWRIGHT_STUDY if not given.
"""


def main(words: list[str]) -> int:
    """Do ``boxwright algo``; return the exit code."""
    # Nothing is to be tidied up: whatever ends this process closes its line, and the study withdraws the evaluation.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    dialect, study, words = "smac2", os.environ.get("BOXWRIGHT_STUDY", ""), list(words)
    while words and words[0].partition("=")[0] in ("--dialect", "--study", "-h", "--help"):
        option, equals, value = words.pop(0).partition("=")
        if option in ("-h", "--help"):
            sys.stdout.write(USAGE)
            return 0
        if not equals:
            if not words:
                return _complain(f"{option} has no value behind it")
            value = words.pop(0)
        if option == "--study":
            study = value
        elif value in DIALECTS:
            dialect = value
        else:
            return _complain(f'no dialect "{value}". Known: {", ".join(DIALECTS)}.')
    if not study:
        return _complain("which study? BOXWRIGHT_STUDY is not set here, and there is no --study.")
    try:
        call = _read(dialect, words)
        wanted = call.wanted()
    except CallError as error:
        return _complain(f"{error} ({dialect})")
    return _tell(dialect, call, _reply(study, wanted))


def _reply(study: str, wanted: dict[str, object]) -> Reply:
    copy = os.environ.get("BOXWRIGHT_COPY", "")
    if copy.isdigit():
        wanted["copy"] = int(copy)
    try:
        return Reply(read_answer(open_line(study, wanted)))
    except NoStudyError as error:
        return Reply({"state": "over", "text": str(error)})


def _read(dialect: str, words: list[str]) -> Call:
    if dialect == "dakota":
        from boxwright.algo.dakota import read_dakota

        return read_dakota(words)
    from boxwright.algo import dialects

    readers = {"aclib2": dialects.read_aclib2, "irace": dialects.read_irace, "plain": dialects.read_plain}
    return readers.get(dialect, dialects.read_smac2)(words)


def _tell(dialect: str, call: Call, reply: Reply) -> int:
    if dialect == "dakota":
        from boxwright.algo.dakota import tell_dakota

        return tell_dakota(call, reply)
    from boxwright.algo import dialects

    tellers = {
        "aclib2": dialects.tell_aclib2,
        "paramils": dialects.tell_paramils,
        "irace": dialects.tell_irace,
        "plain": dialects.tell_plain,
    }
    return tellers.get(dialect, dialects.tell_smac2)(call, reply)


def _complain(problem: str) -> int:
    sys.stderr.write(f"boxwright algo: {problem}\n")
    return 2

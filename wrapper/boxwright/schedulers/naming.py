"""Names of jobs, and other words that go into a job script."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Sequence

from boxwright.errors import UserError, one_line

LONGEST_NAME = 15
"""What old versions of PBS take."""

_WORD = re.compile(r"[A-Za-z0-9_.,:@/+-]+")


def clean_name(text: str) -> str:
    """Return the text as every scheduler takes it for a job's name: ASCII, no digit first, not long."""
    clean = re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-.")
    if not clean or not clean[0].isalpha():
        clean = f"bw-{clean}".rstrip("-")
    return clean[:LONGEST_NAME]


def job_name(text: str, study_id: str) -> str:
    """Return a name for the jobs of a study: readable, and other studies of that name have another one."""
    mark = hashlib.sha256(study_id.encode()).hexdigest()[:6]
    return f"{clean_name(text)[: LONGEST_NAME - 7].rstrip('-.')}-{mark}"


def quoted(text: object) -> str:
    """Return the text as one word of shell."""
    return shlex.quote(str(text))


def shell_command(argv: Sequence[str]) -> str:
    """Return the words as a command line of shell.

    Raises:
        UserError: A word cannot be handed to a program.
    """
    if any("\0" in word for word in argv):
        raise UserError("a word of the job's command holds a NUL byte.")
    return shlex.join(argv)


def refuse_hostile_word(word: str | None, key: str) -> None:
    """Refuse what would not stay one word in a directive.

    Raises:
        UserError: It holds something else than letters, digits and a few signs.
    """
    if word is not None and not _WORD.fullmatch(word):
        raise UserError(f'{key} = "{one_line(word)}": letters, digits and _.,:@/+- make such a name.')


def refuse_hostile_line(line: str, key: str) -> None:
    """Refuse what would not stay one directive.

    Raises:
        UserError: It is empty, or has line breaks or other control characters.
    """
    if not line.strip() or not line.isprintable():
        raise UserError(f'{key}: "{one_line(line)}" is not one line. Give one option of the scheduler each.')

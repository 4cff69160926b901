"""``run --detach``: a study whose controller goes on by itself, with its talk in ``controller.log``."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from boxwright.errors import BoxwrightError, StudyError, UserError

if TYPE_CHECKING:
    from typing import TextIO

LOG = "controller.log"


class Word(msgspec.Struct, frozen=True):
    """What the controller tells whoever has started it, as soon as it can.

    Attributes:
        study: The study's folder, once it is there.
        error: Why there will be none.
        is_users: Whether the person can mend it.
    """

    study: str = ""
    error: str = ""
    is_users: bool = False


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What the controller is to carry out; see :func:`boxwright.run`."""

    scenario: str
    study: str | None = None
    overrides: tuple[str, ...] = ()


def detach(scenario: str | Path, *, study: str | Path | None = None, overrides: Sequence[str] = ()) -> Path:
    """Start a controller for a new study and return its folder once it is there; the controller goes on by itself.

    Args:
        scenario: A scenario file, or a folder that holds ``scenario.toml``.
        study: The folder to make; ``studies/<name>`` if None.
        overrides: ``key=value`` texts that go before what the scenario says.

    Raises:
        UserError: The scenario, the folder or this machine is not as it should be; nothing was written.
        StudyError: The controller ended at once.
    """
    job = Job(scenario=str(scenario), study=None if study is None else str(study), overrides=tuple(overrides))
    read_fd, write_fd = os.pipe()
    with open(read_fd, "rb") as answers:  # noqa: PTH123 (a descriptor)
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "boxwright.commands.detaching", str(write_fd)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(write_fd,),
            start_new_session=True,  # neither Ctrl-C nor the end of the terminal reaches it
        )
        os.close(write_fd)
        assert process.stdin is not None
        with suppress(BrokenPipeError), process.stdin as stdin:
            stdin.write(msgspec.json.encode(job))
        answer = answers.read()
    if not answer:
        raise StudyError(f"the controller ended at once, with exit code {process.wait()}")
    word = msgspec.json.decode(answer, type=Word)
    if word.error:
        process.wait()
        raise (UserError if word.is_users else StudyError)(word.error)
    process.returncode = 0  # it goes on by itself: nobody waits for it
    return Path(word.study)


def detach_command(scenario: str, *, study: str | None, overrides: Sequence[str]) -> int:
    """Do ``boxwright run --detach``."""
    folder = detach(scenario, study=study, overrides=overrides)
    sys.stdout.write(f"study: {folder}\n")
    sys.stderr.write(f"follow it with: boxwright status -f {folder}\nit talks in: {folder / LOG}\n")
    return 0


def main(words: list[str]) -> int:
    """Be the controller: tell the descriptor how it began, and carry the study out."""
    from boxwright.commands.validate import validate_at_end
    from boxwright.report.progress import PlainProgress
    from boxwright.scenario import load_scenario
    from boxwright.study.session import new_study

    answers = os.fdopen(int(words[0]), "wb")
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    talk = _Talk()

    def tell(word: Word) -> None:
        if not answers.closed:
            answers.write(msgspec.json.encode(word))
            answers.close()

    folders: list[Path] = []

    def opened(folder: Path) -> None:
        folders.append(folder)
        talk.file = (folder / LOG).open("a", encoding="utf-8")
        tell(Word(study=str(folder)))

    try:
        objective = load_scenario(Path(job.scenario), job.overrides).scenario.study.objective.metric
        watcher = PlainProgress(talk, objective)  # type: ignore[arg-type]
        study = None if job.study is None else Path(job.study)
        summary = new_study(Path(job.scenario), study=study, overrides=job.overrides, watcher=watcher, opened=opened)
        found = validate_at_end(folders[0], summary, watcher)
        return summary.exit_code if found is None else max(summary.exit_code, found.summary.exit_code)
    except BoxwrightError as error:
        talk.write(f"{error}\n")
        tell(Word(error=str(error), is_users=isinstance(error, UserError)))
        return 2
    except BaseException as error:
        talk.write(f"{error!r}\n")
        tell(Word(error=f"{type(error).__name__}: {error}"))
        raise


class _Talk:
    """Takes what is said before there is a folder for it, too: nothing that matters."""

    def __init__(self) -> None:
        self.file: TextIO | None = None

    def write(self, text: str) -> None:
        """Write it, if there is a file."""
        if self.file is not None:
            self.file.write(text)
            self.file.flush()

    def flush(self) -> None:
        """Do nothing: each write is there at once."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

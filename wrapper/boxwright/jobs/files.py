"""What lies in ``jobs/000017/`` of a study: how the controller and the batch job of a run come to terms.

    request.json   what is to be done; it goes once the job has read it, since it holds the whole environment
    ticket.json    the job that the run was queued as
    claim.json     who has the run, for good: a job, or the controller that takes it back

A claim is made by a hard link, which only one can make, on NFS too. So a job that is started twice, or that was
queued by a controller that died before it could write down which job that is, does no harm.
"""

from __future__ import annotations

import errno
import os
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from boxwright.execute.messages import Request
from boxwright.execute.wire import encode_line

REQUEST, TICKET, CLAIM, BATCH = "request.json", "ticket.json", "claim.json", "batch.json"
UNKNOWN = "?"
"""The id of a job that does not know it: a template of a person's own need not tell."""

_LARGEST_BYTES = 1 << 24
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_T = TypeVar("_T")


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """The job that a run was queued as. Ids come round again, so the name belongs to it."""

    backend: str
    job: str
    name: str


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """Who has the run: a job, or nobody any more if ``job`` is empty."""

    job: str
    host: str = ""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What the jobs of one submission read first.

    Attributes:
        folders: Where the files of each run lie, by the index of its job.
        gpus: GPUs of each job.
        cores: Cores of each job.
        signal_before_end_s: So long before its job's end the run is told, None for never.
    """

    folders: tuple[str, ...]
    gpus: int = 0
    cores: int = 1
    signal_before_end_s: int | None = None


def job_folder(study: Path, run: int) -> Path:
    """Return where the files of a run's job lie."""
    return study / "jobs" / f"{run:06d}"


def write_file(path: Path, content: object) -> None:
    """Put a file in its place, all of it or nothing; only its owner may read it.

    Raises:
        OSError: The disk is full, or the folder is gone.
    """
    temporary = _write_beside(path, content)
    temporary.replace(path)


def read_file(path: Path, kind: type[_T]) -> _T | None:
    """Return the content, None where there is none or something else stands there."""
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            return None
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError):
        return None


def claim(folder: Path, claimant: Claim) -> bool:
    """Claim a run for good; return False where somebody else has.

    Raises:
        OSError: The disk is full, or the folder is gone.
    """
    temporary = _write_beside(folder / CLAIM, claimant)
    try:
        os.link(temporary, folder / CLAIM)
    except FileExistsError:
        # An answer that NFS has lost is asked for again, and the second one says that the link is there: it is ours.
        return temporary.stat().st_nlink > 1
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _claim_without_links(folder / CLAIM, claimant)
    finally:
        with suppress(OSError):
            temporary.unlink()
    return True


def _claim_without_links(path: Path, claimant: Claim) -> bool:
    """Claim where a file system has no hard links (SMB, sshfs).

    Whoever reads it half-written learns no more than that somebody has the run.
    """
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return False
    with open(fd, "wb") as file:  # noqa: PTH123 (a descriptor)
        file.write(encode_line(claimant))
    return True


def read_claim(folder: Path) -> Claim | None:
    """Return who has the run, None where nobody has claimed it."""
    return read_file(folder / CLAIM, Claim)


def take_back(folder: Path) -> Claim | None:
    """Have no job start the run from now on; return who has it, None if no job ever will.

    Raises:
        OSError: It cannot be written down.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not claim(folder, Claim(job="")):
        claimed = read_claim(folder)
        if claimed is None or claimed.job:
            return claimed or Claim(job=UNKNOWN)
    (folder / REQUEST).unlink(missing_ok=True)  # nobody will read it, and it holds the whole environment
    return None


def write_request(folder: Path, request: Request) -> None:
    """Leave what is to be done; raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    write_file(folder / REQUEST, request)


def _write_beside(path: Path, content: object) -> Path:
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(fd, "wb") as file:  # noqa: PTH123 (a descriptor)
        file.write(encode_line(content))
    return temporary

"""Which schedulers this machine can call, and whether a folder is one that the nodes of a cluster see, too."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from boxwright.schedulers.calling import submission_environment

_BY_PROGRAM = {"sbatch": "slurm", "bsub": "lsf", "condor_submit": "htcondor"}
_SHARED = re.compile(
    r"(fuse\.)?(nfs4?|lustre|gpfs|beegfs(_nodev)?|fhgfs|ceph|cifs|smb3|panfs|wekafs|glusterfs|orangefs|pvfs2|afs|9p|"
    r"virtiofs|juicefs|sshfs|daos|dfuse|ocfs2|gfs2|quobyte|moosefs|mfs)"
)
_PATIENCE_S = 10.0


def find_schedulers() -> dict[str, str]:
    """Return the schedulers whose commands are on PATH, as ``slots.backend`` names them, with where that is."""
    found = {name: path for program, name in _BY_PROGRAM.items() if (path := shutil.which(program))}
    if qsub := shutil.which("qsub"):
        found[_kind_of_qsub()] = qsub
    return found


def _kind_of_qsub() -> str:
    """Return whose qsub it is: three families have a command of that name."""
    if os.environ.get("SGE_ROOT"):
        return "sge"
    words = ""
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(
            ["qstat", "--version"],  # noqa: S607 (the person's own)
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_PATIENCE_S,
            stdin=subprocess.DEVNULL,
            env=submission_environment(),
        )
        words = (done.stdout + done.stderr)[:10_000]
    if re.search(r"pbs_version|PBSPro|OpenPBS", words, re.IGNORECASE):
        return "pbs"
    return "sge" if re.search(r"\bSGE\b|SGE_ROOT|qmaster|Grid Engine|GE \d", words) else "torque"


def file_system(folder: Path) -> str:
    """Return the type of the file system that holds a folder, empty where that cannot be told."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        path = os.path.realpath(folder)
    except OSError:
        return ""
    best, kind = "", ""
    for line in lines:
        left, _, right = line.partition(" - ")
        fields = left.split()
        if len(fields) < 5 or not right.split():
            continue
        # Blanks and the like stand there as \040.
        point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[4])
        # Of two mounts on the same place the later one is seen.
        if (path == point or path.startswith(point.rstrip("/") + "/")) and len(point) >= len(best):
            best, kind = point, right.split()[0]
    return kind


def is_shared(kind: str) -> bool:
    """Return whether a file system of this type is seen by other machines, too."""
    return _SHARED.fullmatch(kind) is not None

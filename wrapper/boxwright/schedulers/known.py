"""Which schedulers there are, and which of them can be called from here."""

from __future__ import annotations

import shutil

from boxwright.errors import UserError, nearest
from boxwright.schedulers.batch import QUIET_S, BatchScheduler
from boxwright.schedulers.dialect import Dialect
from boxwright.schedulers.htcondor import HtCondor
from boxwright.schedulers.lsf import Lsf
from boxwright.schedulers.pbs import Pbs, Torque
from boxwright.schedulers.sge import GridEngine
from boxwright.schedulers.slurm import Slurm

_ALL: tuple[type[Dialect], ...] = (Slurm, Pbs, Torque, Lsf, GridEngine, HtCondor)
DIALECTS = {dialect.name: dialect for dialect in _ALL}


def open_scheduler(name: str, *, quiet_s: float = QUIET_S) -> BatchScheduler:
    """Return the scheduler of that name; its commands are looked up when they are called.

    Raises:
        UserError: There is none of that name.
    """
    if name not in DIALECTS:
        raise UserError(f'slots.backend = "{name}" is no scheduler. {nearest(name, DIALECTS)}')
    return BatchScheduler(DIALECTS[name](), quiet_s=quiet_s)


def missing_programs(name: str) -> tuple[str, ...]:
    """Return the commands of a scheduler that are not on PATH."""
    return tuple(program for program in DIALECTS[name].programs if shutil.which(program) is None)

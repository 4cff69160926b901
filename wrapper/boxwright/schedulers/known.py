"""Which schedulers there are, and which of them can be called from here."""

from __future__ import annotations

import shutil

from boxwright.errors import UserError, nearest
from boxwright.schedulers.batch import BatchScheduler
from boxwright.schedulers.dialect import Dialect
from boxwright.schedulers.slurm import Slurm

DIALECTS: dict[str, type[Dialect]] = {dialect.name: dialect for dialect in (Slurm,)}


def open_scheduler(name: str) -> BatchScheduler:
    """Return the scheduler of that name; its commands are looked up when they are called.

    Raises:
        UserError: There is none of that name.
    """
    if name not in DIALECTS:
        raise UserError(f'slots.backend = "{name}" is no scheduler. {nearest(name, DIALECTS)}')
    return BatchScheduler(DIALECTS[name]())


def missing_programs(name: str) -> tuple[str, ...]:
    """Return the commands of a scheduler that are not on PATH."""
    return tuple(program for program in DIALECTS[name].programs if shutil.which(program) is None)

"""Job scripts from Jinja2 templates: those in ``templates/``, or a person's own."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from boxwright.errors import UserError
from boxwright.materialise.jinja import compile_jinja
from boxwright.schedulers.base import JobSpec
from boxwright.schedulers.dialect import Dialect
from boxwright.schedulers.naming import quoted, refuse_hostile_line, refuse_hostile_word, shell_command

TEMPLATES = Path(__file__).parent / "templates"
_MEBIBYTE = 1 << 20


def job_files(dialect: Dialect, spec: JobSpec) -> dict[str, str]:
    """Return what lies in the job's folder for a submission, by name; the last one is submitted.

    Raises:
        UserError: The template, or a setting, cannot be what is meant.
    """
    _refuse(spec)
    dialect.refuse(spec)
    names = sorted(path.name for path in TEMPLATES.glob(f"{dialect.name}.*"))  # …sh.j2 before …sub.j2
    paths = [TEMPLATES / name for name in names]
    values = _values(dialect, spec)
    files = {f"{spec.name}{Path(path.stem).suffix}": path for path in paths}
    if spec.job_script is not None:
        files[list(files)[-1]] = spec.job_script
    return {name: _render(path, values) for name, path in files.items()}


def _render(path: Path, values: dict[str, object]) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        words = getattr(error, "strerror", None) or "is no UTF-8"
        raise UserError(f"cannot be read: {words}.", place=str(path)) from error
    return compile_jinja(text, str(path), _environment(), has_lines=True).render(values)


def our_command(module: str, *words: str) -> tuple[str, ...]:
    """Return the command that runs a module of boxwright in a job: this interpreter, and these sources."""
    # -P: a file of the person's in the current folder must not stand in for a module.
    command = (sys.executable, "-P", "-m", module, *words)
    path = os.environ.get("PYTHONPATH")
    return ("env", f"PYTHONPATH={path}", *command) if path else command


def _environment() -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # a script is no HTML
    )
    environment.filters["quoted"] = quoted
    return environment


def _refuse(spec: JobSpec) -> None:
    refuse_hostile_word(spec.name, "name")
    refuse_hostile_word(spec.queue, "slots.queue")
    refuse_hostile_word(spec.account, "slots.account")
    for line in spec.extra:
        refuse_hostile_line(line, "slots.extra")


def _values(dialect: Dialect, spec: JobSpec) -> dict[str, object]:
    """Return what every template gets."""
    walltime_s = None if spec.walltime_s is None else max(1, math.ceil(spec.walltime_s))
    memory_mib = None if spec.memory_bytes is None else math.ceil(spec.memory_bytes / _MEBIBYTE)
    return {
        "name": spec.name,
        "folder": str(spec.folder),
        "command": shell_command(spec.argv),
        "identity": dialect.identity,
        "cores": spec.cores,
        "gpus": spec.gpus,
        "memory_mib": memory_mib,
        "walltime_s": walltime_s,
        "walltime": None if walltime_s is None else _clock(walltime_s),
        "walltime_min": None if walltime_s is None else math.ceil(walltime_s / 60),
        "queue": spec.queue,
        "account": spec.account,
        "setup": spec.setup,
        "extra": spec.extra,
        "signal_before_end_s": spec.signal_before_end_s,
        "is_notified": dialect.is_notified,
    }


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"

"""Where everything of a study lies. No other module spells these names."""

from __future__ import annotations

from pathlib import Path

DATABASE = "study.db"
SCENARIO = "scenario.toml"
SPACE = "space.json"
CSV_ROWS = "design.csv"
TRIAL_LINES = "design.jsonl"
VALIDATION = "validation"
WARM_RUNS = "warm_start.jsonl"
CONTROL_SOCKET = "control.sock"
CONTROLLER_LOCK = "controller.lock"
RESULTS = "results.csv"
LOG = "study.log"
PUBLISHED = "published.jsonl"
REPORTS = "reports.jsonl"
RUN_RECORD = "run.json"
EXIT_RECORD = "exit.json"
PILOTS = "pilots"
JOBS = "jobs"
"""The key under which the database keeps how many pilots of the study there are."""
EVALUATIONS = "evaluations."
"""How the keys begin under which the database counts what external optimizers ask for."""


def run_folder(study: Path, run: int) -> Path:
    """Return the folder of a run: ``runs/000/000017``, a thousand to a folder."""
    return Path(run_path(study, run))


def run_path(study: Path, run: int) -> str:
    """Return the folder of a run as a text, which takes a tenth of the time."""
    return f"{study}/runs/{run // 1000:03d}/{run:06d}"


def output_folder(study: Path, run: int) -> Path:
    """Return the folder that the collected outputs of a run go to."""
    return study / "outputs" / f"{run // 1000:03d}" / f"{run:06d}"


def optimizer_folder(study: Path) -> Path:
    """Return the folder of the optimizer seeds' logs."""
    return study / "optimizers"


def process_mark(study: Path, study_id: str) -> str:
    """Return what the processes of this study's runs are known by: no copy of the folder has the same.

    The folder's inode stays when the study is moved within its file system, and differs in a copy, which takes the
    study's id along.
    """
    folder = study.stat()
    return f"{study_id}-{folder.st_dev:x}-{folder.st_ino:x}"


def is_study(folder: Path) -> bool:
    """Return whether a study lies in this folder; not so if nobody may look, or if no folder has such a name."""
    try:
        return (folder / SCENARIO).is_file() and (folder / SPACE).is_file()
    except OSError:
        return False

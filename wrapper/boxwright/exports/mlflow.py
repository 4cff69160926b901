"""MLflow's file store: ``mlflow ui --backend-store-uri FOLDER`` opens it. Written without MLflow, which is large.

Newer ones of MLflow open such a folder only with ``MLFLOW_ALLOW_FILE_STORE=true``, or move it into a database.
Its layout: an experiment is a folder with ``meta.yaml``, a run a folder in it with one file for each parameter,
metric and tag (mlflow.store.tracking.file_store).
"""

from __future__ import annotations

import json
import os
import re
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

from boxwright.report.source import Source
from boxwright.report.words import value_text
from boxwright.store.records import RunRecord
from boxwright.terms import Status

_EXPERIMENT = "1"
_REFUSED = re.compile(r"[^\w\-. /:]", re.ASCII)
_STATUSES = {Status.RUNNING: 1, Status.SUCCESS: 3, Status.TIMEOUT: 3, Status.KILLED: 5}
"""As MLflow numbers its ``RunStatus``; whatever else there is has failed, 4."""


def write_mlflow(source: Source, path: Path) -> list[str]:
    """Write each run as a run of MLflow, in one experiment."""
    folder = path / _EXPERIMENT
    folder.mkdir(parents=True)
    now = int(time.time() * 1000)
    _meta(
        folder,
        {
            "artifact_location": folder.absolute().as_uri().replace(f".{os.getpid()}.new", ""),
            "creation_time": now,
            "experiment_id": _EXPERIMENT,
            "last_update_time": now,
            "lifecycle_stage": "active",
            "name": source.name,
        },
    )
    for record in source.store.runs():
        _write_run(folder, record, source)
    return []


def _write_run(experiment: Path, record: RunRecord, source: Source) -> None:
    run_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{source.folder}/{record.run}").hex
    folder = experiment / run_id
    for name in ("params", "metrics", "tags", "artifacts"):
        (folder / name).mkdir(parents=True)
    _meta(
        folder,
        {
            "artifact_uri": Path(record.folder).as_uri(),
            "end_time": _milliseconds(record.ended),
            "entry_point_name": "",
            "experiment_id": _EXPERIMENT,
            "lifecycle_stage": "active",
            "run_id": run_id,
            "run_name": f"run {record.run}",
            "run_uuid": run_id,
            "source_name": "",
            "source_type": 4,
            "source_version": "",
            "start_time": _milliseconds(record.started),
            "status": _STATUSES.get(record.status, 4),
            "tags": [],
            "user_id": "",
        },
    )
    stamp = _milliseconds(record.ended) or 0
    for name, value in record.config.items():
        _file(folder / "params", name, value_text(value))
    metrics = dict(record.metrics)
    if record.quality is not None:
        metrics.setdefault(source.objective.metric, record.quality)
    for name, number in metrics.items():
        _file(folder / "metrics", name, f"{stamp} {number!r} 0\n")
    tags = {"mlflow.runName": f"run {record.run}", "boxwright.run": record.run, "boxwright.status": record.status}
    for name, tag in {**tags, "boxwright.seed": record.seed, "boxwright.reason": record.reason}.items():
        _file(folder / "tags", name, str(tag))


def _file(folder: Path, name: str, text: str) -> None:
    """Write one entry; what MLflow refuses in a name becomes ``_``, and none leads out of the folder."""
    safe = _REFUSED.sub("_", name)
    parts = [part.strip(". ") or "_" for part in safe.split("/")]
    path = folder.joinpath(*parts) if not safe.startswith("mlflow.") else folder / safe
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", errors="backslashreplace")


def _milliseconds(stamp: float | None) -> int | None:
    return None if stamp is None else round(stamp * 1000)


def _meta(folder: Path, entries: Mapping[str, object]) -> None:
    # JSON is YAML, too
    (folder / "meta.yaml").write_text(json.dumps(entries, indent=1, ensure_ascii=True), encoding="utf-8")

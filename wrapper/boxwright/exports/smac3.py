"""SMAC3's folder of a run: for its ``RunHistory.load`` and for DeepCAVE, which opens such folders."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from boxwright.errors import UserError
from boxwright.report.source import Source
from boxwright.store.layout import SPACE
from boxwright.store.records import RunRecord
from boxwright.terms import Status, config_key

_STATUSES = {
    Status.RUNNING: 0,
    Status.SUCCESS: 1,
    Status.UNSAT: 1,
    Status.STOPPED: 1,
    Status.TIMEOUT: 3,
    Status.MEMOUT: 4,
}
"""As SMAC3's ``StatusType`` numbers them; whatever else there is has crashed."""

_CRASHED = 2
_CRASH_COST = float("inf")  # what SMAC3 writes, too


def write_smac(source: Source, path: Path) -> list[str]:
    """Write ``configspace.json``, ``scenario.json``, ``runhistory.json`` and ``intensifier.json`` into a folder."""
    path.mkdir()
    notes = _write_space(source, path / "configspace.json")
    numbers = _write_history(source, path)
    _write_json(path / "scenario.json", _scenario(source, len(numbers)))
    _write_json(path / "intensifier.json", _intensifier(source, numbers))
    return notes


def _write_space(source: Source, path: Path) -> list[str]:
    """Write the space; clauses that only boxwright knows are left out, since SMAC3 could not read them."""
    try:
        document = json.loads((source.folder / SPACE).read_text("utf-8"))["configspace"]
        clauses = document.get("forbiddens", [])
        document["forbiddens"] = [clause for clause in clauses if not _is_ours(clause)]
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise UserError(f"{SPACE} cannot be read as the space of a study.", place=str(source.folder)) from error
    _write_json(path, document)
    left_out = len(clauses) - len(document["forbiddens"])
    if not left_out:
        return []
    return [f"{left_out} forbidden clause{'' if left_out == 1 else 's'} left out, which SMAC3 has no words for"]


def _is_ours(clause: Mapping[str, Any]) -> bool:
    inner = clause.get("clauses", [])
    return clause["type"] in ("CLAUSE_LE", "EXPRESSION") or any(map(_is_ours, inner))


def _write_history(source: Source, path: Path) -> dict[str, int]:
    """Write the runs, one at a time; return the number of each configuration."""
    numbers: dict[str, int] = {}
    names = frozenset(source.parameters)
    configs = path / ".configs.new"
    finished = running = 0
    with (path / "runhistory.json").open("w", encoding="utf-8") as file, configs.open("w+", encoding="utf-8") as kept:
        file.write('{\n"data": [')
        for record in source.store.runs():
            if not (record.settles or record.status is Status.RUNNING):
                continue
            if not names.issuperset(record.config):
                continue  # from outside the space, as an external optimizer was allowed
            key = config_key(record.config)
            if key not in numbers:
                numbers[key] = len(numbers) + 1
                comma = "," if len(numbers) > 1 else ""
                kept.write(f'{comma}\n"{numbers[key]}": {json.dumps(dict(record.config))}')
            file.write(f"{',' if finished + running else ''}\n{json.dumps(_entry(record, numbers[key]))}")
            running += record.status is Status.RUNNING
            finished += record.status is not Status.RUNNING
        file.write('\n],\n"configs": {')
        kept.seek(0)
        for line in kept:
            file.write(line)
        stats = {"submitted": finished + running, "finished": finished, "running": running}
        origins = dict.fromkeys(map(str, numbers.values()))
        file.write(f'\n}},\n"config_origins": {json.dumps(origins)},\n"stats": {json.dumps(stats)}\n}}\n')
    configs.unlink()
    return numbers


def _entry(record: RunRecord, config: int) -> dict[str, object]:
    answered = record.cost is not None and record.status in (Status.SUCCESS, Status.TIMEOUT)
    status = _STATUSES.get(record.status, _CRASHED) if answered or record.status is not Status.SUCCESS else _CRASHED
    if not answered and status == 1:
        status = _CRASHED
    return {
        "config_id": config,
        "instance": record.instance,
        "seed": record.seed,
        "budget": record.budget,
        "cost": record.cost if answered else _CRASH_COST,
        "time": record.wall_s or 0.0,
        "cpu_time": record.cpu_s or 0.0,
        "status": status,
        "starttime": record.started or 0.0,
        "endtime": record.ended or 0.0,
        "additional_info": {"run": record.run, "status": str(record.status), **record.metrics},
    }


def _scenario(source: Source, configs: int) -> dict[str, object]:
    """Return what SMAC3's ``Scenario.load`` reads."""
    instances = source.scenario.instances.names
    return {
        "name": source.name,
        "output_directory": source.name,
        "deterministic": not source.scenario.is_noisy,
        "objectives": source.objective.metric,
        "crash_cost": _CRASH_COST,
        "termination_cost_threshold": _CRASH_COST,
        "walltime_limit": _CRASH_COST,
        "cputime_limit": _CRASH_COST,
        "trial_walltime_limit": None,
        "trial_memory_limit": None,
        "n_trials": max(1, sum(source.store.counts().values())),
        "use_default_config": False,
        "instances": list(instances) or None,
        "instance_features": {name: [index] for index, name in enumerate(instances)} or None,
        "min_budget": None,
        "max_budget": None,
        "seed": source.scenario.study.seed,
        "n_workers": 1,
        "_meta": {"facade": {"name": "boxwright"}, "version": _smac_version(), "configurations": configs},
    }


def _intensifier(source: Source, numbers: Mapping[str, int]) -> dict[str, object]:
    """Return what SMAC3's intensifier would have written: the incumbent and how it came."""
    best = source.store.incumbent()
    known = [] if best is None else [numbers[key] for key in [config_key(best.config)] if key in numbers]
    steps = [(numbers.get(config_key(step.config)), step) for step in source.trajectory()]
    sign = -1 if source.objective.direction == "maximize" else 1
    return {
        "incumbent_ids": known,
        "rejected_config_ids": [],
        "incumbents_changed": max(0, len(steps) - 1),
        "trajectory": [
            {"config_ids": [number], "costs": [sign * step.quality], "trial": step.settled, "walltime": step.ended}
            for number, step in steps
            if number is not None
        ],
        "state": {},
    }


def _smac_version() -> str:
    from importlib.metadata import version

    return version("smac")


def _write_json(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")

"""Carries a validation out: a study of its own inside the study, of the trials that its plan lists.

Its runs are in no model of the search, are no incumbents of it and cost nothing of its budget. As a study it is
resumed, killed and looked at like any other. A trial that has its outcome is not run again, so that the same
validation asked for twice answers at once, and one with more runs adds only those.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from boxwright.errors import ScenarioError
from boxwright.propose.trial_list import Listed
from boxwright.scenario.toml_text import to_toml
from boxwright.store.connecting import has_no_study
from boxwright.store.creating import create_study
from boxwright.store.database import Store
from boxwright.store.layout import DATABASE, SCENARIO, SPACE, TRIAL_LINES, VALIDATION, is_study
from boxwright.store.recovery import recover_runs, restore_database
from boxwright.study.control import controller_lock
from boxwright.study.session import resume_study
from boxwright.study.summary import Summary
from boxwright.study.validation_plan import Plan
from boxwright.study.watching import Watcher

_STUDY_LIMITS = ("wallclock_s", "runtime_s", "first_failures", "crashes")


def validation_folder(study: Path) -> Path:
    """Return the folder of a study's validation, itself a study."""
    return study / VALIDATION


def carry_out(study: Path, plan: Plan, *, overrides: Sequence[str], watcher: Watcher) -> Summary:
    """Run what a plan lists and has not run yet; hold the study meanwhile, whose slots it takes.

    Raises:
        UserError: Somebody is at work on the study.
        StudyError: It cannot go on.
    """
    with controller_lock(study):
        folder = validation_folder(study)
        if is_study(folder):
            with controller_lock(folder):
                _extend(study, folder, plan)
        else:
            _create(study, folder, plan)
        return resume_study(folder, overrides=overrides, watcher=watcher)


def _create(study: Path, folder: Path, plan: Plan) -> None:
    text = _scenario_text(study, folder, plan, before={})
    space_text = (study / SPACE).read_text(encoding="utf-8")
    copies = {TRIAL_LINES: _lines(plan.trials)}
    create_study(folder, scenario_text=text, space_text=space_text, meta={"stages": ""}, copies=copies).close()


def _extend(study: Path, folder: Path, plan: Plan) -> None:
    """Have a validation list what it has begun, and what is wanted now."""
    if has_no_study(folder / DATABASE):
        restore_database(folder)
    with Store(folder, write=True) as store:
        recover_runs(store)
        begun = [Listed(dict(trial.config), trial.instance, trial.seed, trial.origin) for trial in store.trials()]
    keys = {listed.key(0) for listed in begun}
    lines = _lines([*begun, *(listed for listed in plan.trials if listed.key(0) not in keys)])
    before = tomllib.loads((folder / SCENARIO).read_text(encoding="utf-8")).get("instances", {})
    text = _scenario_text(study, folder, plan, before=before)
    _replace(folder / TRIAL_LINES, lines)
    _replace(folder / SCENARIO, text.encode())


def _scenario_text(study: Path, folder: Path, plan: Plan, *, before: Mapping[str, Any]) -> str:
    """Return the study's scenario with the list of trials in place of its optimizer or design."""
    document = tomllib.loads((study / SCENARIO).read_text(encoding="utf-8"))
    for key in ("optimizer", "design", "instances", "validation", "publish"):
        document.pop(key, None)
    document.get("study", {}).pop("smac2", None)  # those files are about the search
    limits = document.setdefault("limits", {})
    for key in _STUDY_LIMITS:
        limits.pop(key, None)
    limits["first_failures"] = 0  # how often it fails is what is asked
    document["design"] = {"kind": "trials", "file": str(folder / TRIAL_LINES), "unknown": "accept"}
    names = dict.fromkeys([*before.get("names", ()), *(name for name, _ in plan.rows if name is not None)])
    specific = dict(before.get("specific", {}))
    for name, text in plan.specific.items():
        if specific.setdefault(name, text) != text:
            problem = f'"{name}" has the specific text "{text}", and had "{specific[name]}" in an earlier validation.'
            raise ScenarioError(problem, place="instances.test")
    if names:
        document["instances"] = {"names": list(names), **({"specific": specific} if specific else {})}
    return to_toml(document)


def _lines(trials: Sequence[Listed]) -> bytes:
    return b"".join(msgspec.json.encode(listed) + b"\n" for listed in trials)


def _replace(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(data)
    draft.replace(path)

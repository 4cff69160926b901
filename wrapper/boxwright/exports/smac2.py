"""The files that SMAC v2 leaves, of any study: as ``study.smac2`` would have left them."""

from __future__ import annotations

from pathlib import Path

from boxwright.errors import SpaceError, UserError
from boxwright.report.source import Source
from boxwright.space import space_from_json
from boxwright.store.database import Store
from boxwright.store.layout import SPACE, is_study
from boxwright.store.smac2.facts import Source as Smac2Source
from boxwright.study.candidates import own_candidates
from boxwright.study.smac2_validation import write_validations
from boxwright.study.validating import validation_folder
from boxwright.study.validation_plan import make_plan, unique_candidates


def write_smac2(source: Source, path: Path) -> list[str]:
    """Write trajectories, live runs, last states and the validation into a folder."""
    try:
        space = space_from_json((source.folder / SPACE).read_text("utf-8"))
    except (OSError, SpaceError, UnicodeDecodeError) as error:
        raise UserError(f"{SPACE} cannot be read as the space of a study.", place=str(source.folder)) from error
    study = Smac2Source(source.scenario, space, Path(source.scenario.folder or source.folder))
    study.check("--to smac2")
    path.mkdir()
    files, _ = study.files(source.store, path)
    files.finish(None)
    return [*([files.left_out] if files.left_out else []), *_validation(source, study, path)]


def _validation(source: Source, study: Smac2Source, path: Path) -> list[str]:
    """Write what the study's incumbents came to on the test instances, if they have been validated."""
    folder, scenario = validation_folder(source.folder), source.scenario
    if not is_study(folder):
        return []
    found = own_candidates(source.store, study.space, scenario.validation, study.first_number)
    try:
        taken = {trial.seed for trial in source.store.trials()}
        plan = make_plan(scenario, unique_candidates(found), tests=None, taken=taken)
    except UserError as error:
        return [f"the validation is left out: {error}"]
    with Store(folder) as validation:
        return list(write_validations(study, source.store, path, validation, plan, found))

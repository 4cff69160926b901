"""``validate``: judges configurations of a study by runs that its search has not seen."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from boxwright.errors import UserError
from boxwright.study.watching import NoWatcher, Watcher

if TYPE_CHECKING:
    from boxwright.store.database import Store
    from boxwright.store.smac2.facts import Source
    from boxwright.study.summary import Summary
    from boxwright.study.validated import Validated
    from boxwright.study.validation_plan import Candidate, Plan


@dataclass(frozen=True, slots=True)
class Validation:
    """What a validation came to.

    Attributes:
        folder: Its own study, inside the one that was validated.
        summary: How it was left.
        configs: A record for each configuration.
    """

    folder: Path
    summary: Summary
    configs: list[Validated]


def validate(
    study: str | Path,
    *,
    trajectory: bool = False,
    incumbents: Literal["last", "all", "times"] | None = None,
    trajectory_files: Sequence[str | Path] = (),
    configurations: Sequence[str] = (),
    files: Sequence[str | Path] = (),
    default: bool = False,
    random: int = 0,
    instances: str | Path | None = None,
    runs: int | None = None,
    seed: int | None = None,
    slots: int | None = None,
    watcher: Watcher | None = None,
) -> Validation:
    """Run configurations on the test instances, or with new seeds where there are no instances.

    The runs are kept in ``STUDY/validation``, a study of its own; those that are there already are not made again.

    Args:
        study: The study folder.
        trajectory: The same as ``incumbents="all"``; without this and the next six what the scenario says.
        incumbents: Which incumbents of the study, or of ``trajectory_files``: see ``validation.incumbents``.
        trajectory_files: Files ``traj-run-N.txt`` of SMAC v2, in place of the study's own incumbents.
        configurations: Texts such as ``-x '0.5' -kind 'a'``; a parameter that is not named takes its default.
        files: Files of such texts, one in a line, or CSV.
        default: The default configuration.
        random: So many drawn at random.
        instances: A file of test instances, in place of ``instances.test``.
        runs: How often a configuration runs on each test instance, or in all where there is none.
        seed: Of the random numbers that the seeds, and random configurations, are drawn from.
        slots: How many runs at a time.
        watcher: Hears what goes on.

    Raises:
        UserError: There is nothing to validate, a configuration is none, or somebody is at work on the study.
        StudyError: It cannot go on.
    """
    import msgspec

    from boxwright.commands.opening import open_study
    from boxwright.space import space_from_json
    from boxwright.store.database import Store
    from boxwright.store.layout import SPACE
    from boxwright.store.smac2.facts import Source, first_number
    from boxwright.study.candidates import Named, all_candidates
    from boxwright.study.smac2_files import smac2_target
    from boxwright.study.validated import validated
    from boxwright.study.validating import carry_out, validation_folder
    from boxwright.study.validation_plan import make_plan, unique_candidates
    from boxwright.terms import config_key

    watcher = watcher or NoWatcher()
    opened = open_study(study)
    scenario = opened.scenario
    given = {name: value for name, value in (("runs", runs), ("seed", seed)) if value is not None}
    settings = msgspec.structs.replace(scenario.validation, **given)
    scenario = msgspec.structs.replace(scenario, validation=settings)
    named = Named(
        incumbents or ("all" if trajectory else None),
        tuple(map(str, trajectory_files)),
        default,
        random,
        tuple(configurations),
        tuple(map(str, files)),
    )
    unknown = "refuse" if scenario.optimizer is None else scenario.optimizer.unknown
    space = space_from_json((opened.folder / SPACE).read_text(encoding="utf-8"))
    with opened.store as store:
        number = first_number(scenario)
        found = all_candidates(named, store, space, settings, unknown=unknown, number=number)
        candidates = unique_candidates(found)
        if not candidates:
            raise UserError("there is no incumbent to be validated: no run has succeeded.", place=str(opened.folder))
        taken = {trial.seed for trial in store.trials()}
        training = {config_key(config.config): config for config in store.by_config()}
    plan = make_plan(scenario, candidates, tests=None if instances is None else Path(instances), taken=taken)
    for warning in plan.warnings:
        watcher.note(f"warning: {warning}")
    overrides = [] if slots is None else [f"slots.count={slots}"]
    summary = carry_out(opened.folder, plan, overrides=overrides, watcher=watcher)
    folder = validation_folder(opened.folder)
    with Store(folder) as store:
        left = smac2_target(scenario, opened.folder)
        if left is not None:
            source = Source(scenario, space, Path(scenario.folder or opened.folder))
            for trouble in _leave_files(source, opened.folder, left, store, plan, found):
                watcher.note(f"warning: {trouble}")
        return Validation(folder, summary, validated(plan, store, training))


def _leave_files(
    source: Source, study: Path, left: Path, validation: Store, plan: Plan, found: Sequence[Candidate]
) -> Iterator[str]:
    """Leave what SMAC v2 leaves of a validation; yield in one line each what could not be."""
    from boxwright.store.database import Store
    from boxwright.study.smac2_validation import write_validations

    try:
        left.mkdir(parents=True, exist_ok=True)
        with Store(study) as store:
            yield from write_validations(source, store, left, validation, plan, found)
    except OSError as error:
        yield f"the files of SMAC v2 cannot be written: {error.strerror}"


def validate_command(
    study: str,
    *,
    trajectory: bool,
    incumbents: Literal["last", "all", "times"] | None,
    trajectory_files: Sequence[str],
    configurations: Sequence[str],
    files: Sequence[str],
    default: bool,
    random: int | None,
    instances: str | None,
    runs: int | None,
    seed: int | None,
    slots: int | None,
    form: str,
) -> int:
    """Do ``boxwright validate``; ``form`` is ``table``, ``csv`` or ``json``."""
    from boxwright.commands.opening import study_scenario
    from boxwright.report.progress import open_progress

    folder = Path(study).absolute()
    metric = study_scenario(folder).study.objective.metric
    with open_progress(sys.stderr, metric) as watcher:
        found = validate(
            folder,
            trajectory=trajectory,
            incumbents=incumbents,
            trajectory_files=trajectory_files,
            configurations=configurations,
            files=files,
            default=default,
            random=random or 0,
            instances=instances,
            runs=runs,
            seed=seed,
            slots=slots,
            watcher=watcher,
        )
    return _conclude(found, metric, form)


def validate_at_end(study: Path, summary: Summary, watcher: Watcher) -> Validation | None:
    """Validate what a study has come to, if its scenario wants that; None if not, or if there is nothing to validate.

    Raises:
        UserError, StudyError: See ``validate``.
    """
    from boxwright.commands.opening import open_study

    if summary.aborted or (summary.interrupted and not summary.reason):
        return None
    opened = open_study(study)
    with opened.store as store:
        if not opened.scenario.validation.at_end or store.incumbent() is None:
            return None
    watcher.note("validating")
    return validate(study, watcher=watcher)


def _conclude(found: Validation, metric: str, form: str) -> int:
    """Print what a validation came to; return the exit code."""
    if form == "json":
        json.dump([config.as_json() for config in found.configs], sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    elif form == "csv":
        _print_csv(found.configs)
    else:
        print_validation(found, metric)
    return found.summary.exit_code


def print_validation(found: Validation, metric: str) -> None:
    """Print what a validation came to as a table, and on stderr what its numbers are."""
    from boxwright.report.tables import print_table
    from boxwright.report.validation import validation_method, validation_table

    print_table(validation_table(found.configs, metric), sys.stdout)
    sys.stderr.write("".join(f"{line}\n" for line in validation_method(found.configs)))
    if found.summary.interrupted:
        sys.stderr.write(f"the validation is not finished; go on with: boxwright validate {found.folder.parent}\n")


def _print_csv(configs: Sequence[Validated]) -> None:
    names = list(dict.fromkeys(name for config in configs for name in config.config))
    records = [config.as_json() for config in configs]
    fields = [name for name in records[0] if name != "config"]
    taken = {*fields}
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([*fields, *(f"config.{name}" if name in taken else name for name in names)])
    for config, record in zip(configs, records, strict=True):
        cells = [record[name] for name in fields]
        writer.writerow([*cells, *(config.config.get(name) for name in names)])

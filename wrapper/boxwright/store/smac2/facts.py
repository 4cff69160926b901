"""Gathers what SMAC v2's files say of a study as a whole, and writes all of them from its database."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from boxwright.errors import ScenarioError, SpaceError
from boxwright.materialise.flags import NO_SPECIFIC
from boxwright.propose.kinds import seed_count
from boxwright.scenario import Scenario
from boxwright.scenario.instances import read_features
from boxwright.scenario.smac2.writing import option_lines
from boxwright.space import Space
from boxwright.space.pcs_text import space_to_pcs
from boxwright.store.database import Store
from boxwright.store.given import given_cutoff_s
from boxwright.store.records import RunRecord
from boxwright.store.smac2.encoding import Encoder
from boxwright.store.smac2.files import FEATURES_NAME, INSTANCES_NAME, Smac2Files, state_folder
from boxwright.store.smac2.live import PCS_NAME
from boxwright.store.smac2.told import NO_INSTANCE, Facts, Instance, algo_text, cutoff_of, workdir


def first_number(scenario: Scenario) -> int:
    """Return the number of a study's first optimizer seed; of a design, its only one."""
    return int(getattr(scenario.optimizer or scenario.design, "seed", 0))


@dataclass(frozen=True, slots=True)
class Source:
    """A study whose runs are written as files of SMAC v2.

    Attributes:
        folder: What the relative paths of its scenario start at.
        slots: How many it has, for the number of its optimizer seeds.
    """

    scenario: Scenario
    space: Space
    folder: Path
    slots: int = 1

    @property
    def first_number(self) -> int:
        """The number of its first optimizer seed; of a design, its only one."""
        return first_number(self.scenario)

    @property
    def numbers(self) -> range:
        """The numbers of its optimizer seeds."""
        optimizer = self.scenario.optimizer
        count = 1
        if optimizer is not None:
            count = seed_count(optimizer, self.slots) if optimizer.command is None else optimizer.copies
        return range(self.first_number, self.first_number + count)

    def check(self, place: str) -> None:
        """Refuse a space that no PCS file can hold.

        Raises:
            SpaceError: It is one.
        """
        try:
            space_to_pcs(self.space)
        except SpaceError as error:
            raise SpaceError(f"{error} SMAC v2's files cannot hold that.", place=place) from error

    def facts(self, store: Store, target: Path) -> Facts:
        """Return what the files in ``target`` say of the study as a whole.

        Raises:
            SpaceError: No PCS file can hold its space.
            StudyError: Its database cannot be read.
        """
        kept = state_folder(target, self.first_number) / FEATURES_NAME
        features = _features_file(self.scenario, self.folder, kept)
        names = list(dict.fromkeys((*self.scenario.instances.names, *store.instances()))) or [NO_INSTANCE]
        by_name = {} if features is None else _features(features)
        specific = self.scenario.instances.specific
        return Facts(
            created=float(store.meta("created", "0")),
            pcs=space_to_pcs(self.space)[0],
            scenario_text=_scenario_text(self.scenario, self.folder),
            instances=tuple(Instance(name, specific.get(name, NO_SPECIFIC), by_name.get(name, {})) for name in names),
            features_file=None if features is None else features.read_bytes(),
            cutoff_s=cutoff_of(self.scenario),
            is_runtime=self.scenario.study.objective.par is not None,
            algo=algo_text(self.scenario),
            folder=workdir(self.scenario, self.folder),
            is_deterministic=not self.scenario.is_noisy,
            least_runs=max(1, len(self.scenario.instances.rows)),
            first_number=self.first_number,
        )

    def files(self, store: Store, target: Path) -> tuple[Smac2Files, set[int]]:
        """Write the files anew, from the database; return them and the numbers of the runs in them.

        Raises:
            SpaceError: No PCS file can hold the study's space.
            StudyError: Its database cannot be read.
            OSError: They cannot be written; what was there before is as it was, or is complete.
        """
        encoder = Encoder(self.space, strict=self._accepts_anything)
        files = Smac2Files(target, self.facts(store, target), encoder, self.numbers)
        written: set[int] = set()
        try:
            for record in store.finished_runs():
                if record.settles:
                    files.add(record, self.cutoff_s(record))
                    written.add(record.run)
            files.publish()
        except BaseException:
            files.discard()
            raise
        return files, written

    @property
    def _accepts_anything(self) -> bool:
        return self.scenario.optimizer is not None and self.scenario.optimizer.unknown == "accept"

    def cutoff_s(self, record: RunRecord) -> float | None:
        """Return the cutoff that an external optimizer gave a run, None for the scenario's."""
        optimizer = self.scenario.optimizer
        if optimizer is None or optimizer.command is None:
            return None
        return given_cutoff_s(Path(record.folder), unknown=None)


def _scenario_text(scenario: Scenario, folder: Path) -> str:
    """Return the scenario as an option file; of one that SMAC v2 has no words for, what its readers look for."""
    instances = INSTANCES_NAME if scenario.instances.names else None
    try:
        lines = option_lines(scenario, folder=folder, pcs=PCS_NAME, instances=instances)
    except ScenarioError as error:
        run_obj = "QUALITY" if scenario.study.objective.par is None else "RUNTIME"
        lines = [f"# {error}", f"run-obj = {run_obj}", f"pcs-file = {PCS_NAME}"]
        lines += [] if instances is None else [f"instances = {instances}"]
        lines += [] if scenario.limits.cutoff_s is None else [f"cutoff_time = {scenario.limits.cutoff_s!r}"]
    return "".join(f"{line}\n" for line in lines)


def _features_file(scenario: Scenario, folder: Path, kept: Path) -> Path | None:
    """Return the file of features, or if that is gone the copy that was kept of it."""
    if scenario.instances.features is None:
        return None
    return next((path for path in (folder / scenario.instances.features, kept) if path.is_file()), None)


def _features(path: Path) -> dict[str, dict[str, float]]:
    """Return the features of each instance by name, without those that are missing."""
    try:
        values = read_features(path, str(path))
        with path.open(encoding="utf-8-sig", newline="") as file:
            names = [cell.strip() for cell in next(csv.reader(file, skipinitialspace=True))][1:]
    except (ScenarioError, OSError, UnicodeDecodeError):
        return {}
    return {name: dict(_known(names, row)) for name, row in values.items()}


def _known(names: list[str], row: tuple[float | None, ...]) -> Iterator[tuple[str, float]]:
    for name, value in zip(names, row, strict=False):
        if value is not None:
            yield name, value

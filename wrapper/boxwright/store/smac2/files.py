"""The files of SMAC v2 in one folder: those of each optimizer seed, which grow with its runs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from boxwright.errors import SpaceError
from boxwright.scenario.instances import instance_lines
from boxwright.store.records import RunRecord
from boxwright.store.smac2.encoding import Encoded, Encoder
from boxwright.store.smac2.growing import GrowingFile, draft_of, write_whole
from boxwright.store.smac2.live import PCS_NAME, LiveText
from boxwright.store.smac2.state import HEAD, StateText, paramstring, uniq_configuration
from boxwright.store.smac2.told import NO_INSTANCE, Facts
from boxwright.store.smac2.trajectory import DETAILED_HEAD, Row, Trajectory
from boxwright.store.smac2.trajectory import HEAD as TRAJECTORY_HEAD
from boxwright.terms import config_key

SCENARIO_NAME, INSTANCES_NAME, FEATURES_NAME = "scenario.txt", "instances.txt", "instance-features.csv"
_STATE = re.compile(r"(?:runs_and_results|paramstrings|uniq_configurations)-it([0-9]{1,18})\.(?:csv|txt)")


def live_file(folder: Path, number: int) -> Path:
    """Return where the runs of an optimizer seed are told as they end."""
    return folder / f"live-rundata-{number}.json"


def state_folder(folder: Path, number: int) -> Path:
    """Return where the states of an optimizer seed lie."""
    return folder / f"state-run{number}"


class SeedFiles:
    """The files of one optimizer seed. They are drafts until ``publish``.

    Args:
        folder: Where they go.
        number: The one in their names.
        facts: What is the same for all runs.

    Raises:
        OSError: The system refuses, here and in each call.
    """

    def __init__(self, folder: Path, number: int, facts: Facts) -> None:
        self._state = state_folder(folder, number)
        self._state.mkdir(parents=True, exist_ok=True)
        self._live = GrowingFile(live_file(folder, number))
        self._plain = GrowingFile(folder / f"traj-run-{number}.txt")
        self._detailed = GrowingFile(folder / f"detailed-traj-run-{number}.csv")
        # What is added up here is copied when a state is saved, so that nothing is made twice.
        self._rows, self._texts, self._arrays = (
            GrowingFile(self._state / name) for name in (".runs", ".paramstrings", ".configurations")
        )
        self._live_text, self._state_text = LiveText(facts), StateText(facts)
        self._trajectory = Trajectory(facts.created, facts.least_runs)
        self._facts = facts
        self._config_ids: dict[str, int] = {}
        self._live.add(self._live_text.head())
        self._plain.add(TRAJECTORY_HEAD)
        self._detailed.add(DETAILED_HEAD)
        self._rows.add(HEAD)

    @property
    def _files(self) -> tuple[GrowingFile, ...]:
        return self._live, self._plain, self._detailed, self._rows, self._texts, self._arrays

    def add(self, record: RunRecord, encoded: Encoded, cutoff_s: float | None, *, saves: bool) -> None:
        """Add a run.

        Args:
            record: The run.
            encoded: Its configuration.
            cutoff_s: What it was given, None for the scenario's.
            saves: Whether a state is saved where it is due: at 1, 2, 4, 8, … runs.
        """
        run, key = self._facts.told(record, cutoff_s), config_key(record.config)
        is_new = key not in self._config_ids
        config_id = self._config_ids.setdefault(key, len(self._config_ids) + 1)
        self._live.add(self._live_text.run(run, encoded, config_id))
        self._rows.add(self._state_text.row(run, config_id))
        if is_new:
            self._texts.add(paramstring(config_id, encoded))
            self._arrays.add(uniq_configuration(config_id, encoded))
        self._add_rows(self._trajectory.hear(record, config_id, encoded))
        if saves and self._state_text.runs.bit_count() == 1:
            self.save_state()

    def save_state(self) -> None:
        """Save the state as it is now; the last of its files is there only when the others are."""
        iteration = self._state_text.runs
        for source, name in (
            (self._arrays, f"uniq_configurations-it{iteration}.csv"),
            (self._texts, f"paramstrings-it{iteration}.txt"),
            (self._rows, f"runs_and_results-it{iteration}.csv"),
        ):
            draft = draft_of(self._state / name)
            shutil.copyfile(source.path, draft)
            draft.replace(self._state / name)

    def finish(self, ended: float | None) -> None:
        """Add the final row of the trajectory, and save the last state, if it has a run."""
        self._add_rows(self._trajectory.end(ended))
        if self._state_text.runs:
            self.save_state()

    def publish(self) -> None:
        """Put the files in their places, and take away states of runs that do not count any more."""
        self._write_copies()
        for file in self._files:
            file.publish()
        for path in self._state.iterdir():
            found = _STATE.fullmatch(path.name)
            if found and int(found[1]) > self._state_text.runs:
                path.unlink(missing_ok=True)

    def discard(self) -> None:
        """Take the drafts away."""
        for file in self._files:
            file.discard()

    def _write_copies(self) -> None:
        instances = [(each.name, each.specific) for each in self._facts.instances]
        write_whole(self._state / SCENARIO_NAME, self._facts.scenario_text.encode())
        write_whole(self._state / PCS_NAME, self._facts.pcs.encode())
        write_whole(self._state / INSTANCES_NAME, instance_lines(instances).encode())
        if self._facts.features_file is not None:
            write_whole(self._state / FEATURES_NAME, self._facts.features_file)

    def _add_rows(self, rows: list[Row]) -> None:
        for row in rows:
            self._plain.add(row.text)
            self._detailed.add(row.detailed)


class Smac2Files:
    """The files of all optimizer seeds of a study.

    Args:
        folder: Where they go.
        facts: What is the same for all runs.
        encoder: Encodes configurations.
        numbers: Seeds whose files are there from the start.

    Attributes:
        left_out: Why the first run that the files cannot tell was left out; empty if none was.

    Raises:
        OSError: The system refuses, here and in each call.
    """

    def __init__(self, folder: Path, facts: Facts, encoder: Encoder, numbers: range) -> None:
        self.left_out = ""
        self._folder = folder
        self._facts = facts
        self._encoder = encoder
        self._known = {instance.name for instance in facts.instances}
        self._seeds: dict[int, SeedFiles] = {}
        self._published = False
        for number in numbers:
            self._seed(number)

    def add(self, record: RunRecord, cutoff_s: float | None = None) -> None:
        """Add a run; one that the files cannot tell is left out."""
        instance = NO_INSTANCE if record.instance is None else record.instance
        if instance not in self._known:
            self._leave_out(record, f'the scenario does not list its instance "{instance}"')
            return
        try:
            encoded = self._encoder.encode(record.config)
        except SpaceError as error:
            self._leave_out(record, error.problem)
            return
        self._seed(self._facts.number(record.optimizer_seed)).add(record, encoded, cutoff_s, saves=self._published)

    def publish(self) -> None:
        """Put the files in their places."""
        for seed in self._seeds.values():
            seed.publish()
        self._published = True

    def finish(self, ended: float | None) -> None:
        """Add what stands at the end. The files are complete, and nothing can be added to them any more."""
        for seed in self._seeds.values():
            seed.finish(ended)

    def discard(self) -> None:
        """Take drafts away."""
        for seed in self._seeds.values():
            seed.discard()

    def _seed(self, number: int) -> SeedFiles:
        if number not in self._seeds:
            self._seeds[number] = SeedFiles(self._folder, number, self._facts)
            if self._published:
                self._seeds[number].publish()
        return self._seeds[number]

    def _leave_out(self, record: RunRecord, why: str) -> None:
        self.left_out = self.left_out or f"run {record.run} is left out of SMAC v2's files: {why}"

"""Everything that is checked and computed before a study starts: nothing is written, nothing is started."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from boxwright.errors import ScenarioError, UserError
from boxwright.materialise import Materialiser
from boxwright.propose import DesignProposer, Proposer, design_size, make_design
from boxwright.propose.first import refuse_wrong_first
from boxwright.propose.grid import space_size
from boxwright.propose.initial import refuse_nearly_forbidden
from boxwright.propose.kinds import refuse_missing_extra, seed_count
from boxwright.propose.trial_list import Listed, TrialListProposer, read_trials
from boxwright.propose.without_effect import optimizer_notes
from boxwright.publish.target import check_target
from boxwright.scenario import LoadedScenario, Scenario
from boxwright.scenario.designs import CsvDesign, Design, PointDesign, TrialList
from boxwright.scenario.instances import read_instances
from boxwright.scenario.layers import shorten
from boxwright.scenario.slot_faults import slot_notes
from boxwright.scenario.smac2.values import UNLIMITED
from boxwright.space import Space, load_space
from boxwright.store.layout import optimizer_folder
from boxwright.store.smac2.facts import Source
from boxwright.study.copy_words import copy_words
from boxwright.study.job_plan import planned_slots, refuse_bad_jobs
from boxwright.study.metrics import shown_metrics
from boxwright.study.warm_start import WarmStart, read_warm_start
from boxwright.terms import Slot, cost_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from boxwright.terms import Config


@dataclass(frozen=True, slots=True)
class Setup:
    """A scenario that was found sound, with all that follows from it.

    Attributes:
        text: The scenario as one self-contained TOML document.
        design: The scenario's, its rows where they are read from.
        metrics: Metrics with a column of their own, the objective first.
        stages: Sizes of the design asked for so far; the last one counts.
        total: Number of trials as far as it is known.
        budget: Number of trials after which an optimizer is not asked any more; None for a design.
        warm_start: Runs of elsewhere that the optimizer knows from the start.
        notes: What the scenario asks for that is not done here, in one line each.
    """

    scenario: Scenario
    folder: Path
    place: str
    text: str
    space: Space
    design: Design | None
    materialiser: Materialiser
    slots: tuple[Slot, ...]
    metrics: tuple[str, ...]
    stages: tuple[int, ...]
    total: int | None
    budget: int | None
    warm_start: WarmStart
    notes: tuple[str, ...] = ()

    @property
    def size_note(self) -> str:
        """Return in one line that there are fewer configurations than runs asked for; empty if there are enough."""
        asked = self.scenario.optimizer or self.scenario.design
        if asked is None or asked.runs is None or self.total is None or self.total >= asked.runs:
            return ""
        rows = "row" if isinstance(asked, CsvDesign) else "configuration"
        count = self.total // _runs_each(self.scenario)
        there = f"{count} {rows}{'' if count == 1 else 's'}"
        runs = f"{self.total} run{'' if self.total == 1 else 's'}"
        return f"{self.place}: {there}: {runs}, not the {asked.runs} asked for"

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what is no error but probably not meant, in one line each."""
        return (*self.notes, *self.materialiser.warnings, *filter(None, [self.size_note]))

    def configs(self) -> Iterator[Config]:
        """Yield the configurations of the design.

        Raises:
            UserError: The design cannot be made, at a known place.
        """
        assert self.design is not None
        if isinstance(self.design, TrialList):
            return (listed.config for listed in self.trials(self.design))
        return make_design(self.design, self.space, folder=self.folder, stages=self.stages)

    def sweeps(self, design: PointDesign) -> Iterator[Iterator[Config]]:
        """Yield the configurations of the design once for each of its replicates."""
        return (self.configs() for _ in range(design.replicates))

    def trials(self, design: TrialList) -> list[Listed]:
        """Return the trials of a list.

        Raises:
            ScenarioError: The file cannot be read, or a line is no trial.
        """
        return read_trials(design, self.space, self.folder, self.scenario.instances.names)


def prepare(
    loaded: LoadedScenario,
    *,
    space: Space | None = None,
    stages: Sequence[int] = (),
    rows: Path | None = None,
    warm_start: WarmStart | None = None,
    slots: tuple[Slot, ...] = (),
) -> Setup:
    """Check a scenario against its space, its files and this machine.

    Args:
        loaded: The scenario.
        space: Its space, where a study has it already.
        stages: Sizes of the design that were asked for before, oldest first.
        rows: Where the rows of a CSV design are read from, if not where the scenario says.
        warm_start: What a study has kept of ``optimizer.warm_start``, if it has begun.
        slots: Those of a study at work, which are not looked for anew.

    Returns:
        All that a study, or a dry run, needs.

    Raises:
        UserError: Something does not fit, at a known place.
    """
    try:
        return _prepared(loaded, space, stages, rows, warm_start, slots)
    except UserError as error:
        where = loaded.said_at(error.place)
        if where == error.place:
            raise
        raise type(error)(error.problem, place=where) from error


def _prepared(
    loaded: LoadedScenario,
    space: Space | None,
    stages: Sequence[int],
    rows: Path | None,
    warm_start: WarmStart | None,
    slots: tuple[Slot, ...],
) -> Setup:
    scenario = loaded.scenario
    place = str(loaded.path)
    folder = loaded.folder
    if space is None:
        # Asked of a new study only: an old one stands alone, if nothing of this folder is used.
        if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises where a name is too long
            raise ScenarioError(f'there is no folder "{shorten(str(folder), 200)}".', place=f"{place}: folder")
        space = load_space(scenario.space, place=place, folder=folder)
        if isinstance(scenario.instances.test, str):
            read_instances(folder / scenario.instances.test, scenario.instances.test)
    materialiser = Materialiser(scenario, folder, space, place=place)
    runs = scenario.optimizer.runs if scenario.optimizer else scenario.design.runs if scenario.design else None
    all_stages = tuple(stages) if runs is None or runs in stages[-1:] else (*stages, runs)
    # A design of fewer points is another design. An optimizer may be content with less than was asked for at first.
    if scenario.design is not None and stages and runs is not None and runs < stages[-1]:
        raise ScenarioError(f"{runs} runs are fewer than the {stages[-1]} that the study has. Give a higher number.")
    design = scenario.design
    if rows is not None and isinstance(design, CsvDesign | TrialList):
        design = msgspec.structs.replace(design, file=str(rows))
    setup = Setup(
        scenario=scenario,
        folder=folder,
        place=place,
        text=loaded.text,
        space=space,
        design=design,
        materialiser=materialiser,
        slots=slots or planned_slots(scenario.slots),
        metrics=shown_metrics(scenario),
        stages=all_stages,
        total=_total(scenario, design, space, folder),
        budget=_whole(scenario, scenario.optimizer.runs) if scenario.optimizer else None,
        warm_start=read_warm_start(scenario, folder, space, place) if warm_start is None else warm_start,
        notes=(
            *loaded.notes,
            *slot_notes(scenario),
            *(f"{place}: {note}" for note in optimizer_notes(scenario.optimizer, noisy=scenario.is_noisy)),
        ),
    )
    if scenario.optimizer is not None and scenario.optimizer.follow_s is not None and not scenario.study.smac2:
        problem = "there is no study.smac2, in whose folder others leave their runs. Set it, or leave this out."
        raise ScenarioError(problem, place=f"{place}: optimizer.follow_s")
    if scenario.study.smac2:
        Source(scenario, space, folder).check(f"{place}: study.smac2")
    refuse_bad_jobs(scenario, folder, place)
    if scenario.publish is not None:
        check_target(scenario.publish.to, f"{place}: publish.to")
    if design is not None:
        next(setup.configs(), None)  # reads and checks the whole CSV, or shows that nothing can be drawn
    elif scenario.optimizer is not None and scenario.optimizer.command is None:
        if space.unbounded:
            raise ScenarioError(
                f"{place}: space.{space.unbounded[0]}: an optimizer needs bounds. Give lower and upper."
            )
        refuse_missing_extra(scenario.optimizer, place)
        refuse_nearly_forbidden(space, scenario.optimizer)
        refuse_wrong_first(space, scenario.optimizer, place)
    else:
        copy_words(setup, 1, folder)  # finds its program
    return setup


def planned_folder(scenario: Scenario) -> Path:
    """Return the folder of a new study that nobody has named, starting where the person is."""
    study = scenario.study
    return Path(study.folder) if study.folder else Path("studies") / str(study.name)


def make_proposer(setup: Setup, study: Path, log: Callable[[str], None]) -> Proposer:
    """Return what says what runs next: the design, or SMAC seeds that share a model."""
    if setup.scenario.optimizer is None:
        design, study_seed = setup.design, setup.scenario.study.seed
        assert design is not None
        if isinstance(design, TrialList):
            return TrialListProposer(setup.trials(design), study_seed=study_seed)
        return DesignProposer(setup.sweeps(design), design, noisy=setup.scenario.is_noisy, study_seed=study_seed)
    from boxwright.propose.on_instances import OnInstances
    from boxwright.propose.shared import SharedModel

    seeds = seed_count(setup.scenario.optimizer, len(setup.slots))
    rows = setup.scenario.instances.rows
    settings, direction = setup.scenario.optimizer, setup.scenario.study.objective.direction
    if len(rows) > 1:  # what it counts as a run is a configuration on all instances
        settings = msgspec.structs.replace(settings, runs=max(1, settings.runs // len(rows)))
    shared = SharedModel(
        setup.space,
        settings,
        seeds=seeds,
        log_dir=optimizer_folder(study),
        log=log,
        noisy=setup.scenario.is_noisy,
        study_seed=setup.scenario.study.seed,
        warm=setup.warm_start.told(direction, noisy=setup.scenario.is_noisy),
        target=None if settings.target is None else cost_of(settings.target, direction),
    )
    inner: Proposer = shared
    if settings.follow_s is not None:
        from boxwright.study.others import Following

        inner = Following(shared, setup, study, log)
    return OnInstances(inner, rows, study_seed=setup.scenario.study.seed) if rows else inner


def _whole(scenario: Scenario, runs: int) -> int:
    """Return how many of these runs make whole evaluations: a configuration on part of the instances says little.

    An optimizer that asks for each run by itself knows what it does.
    """
    optimizer = scenario.optimizer
    if optimizer is not None and optimizer.command is not None and optimizer.protocol == "algo":
        return runs
    return runs - runs % max(1, len(scenario.instances.rows))


def _runs_each(scenario: Scenario) -> int:
    """Return how many runs a configuration has at most."""
    if scenario.design is not None:
        return scenario.design.replicates
    assert scenario.optimizer is not None
    calls = scenario.optimizer.max_config_calls if scenario.is_noisy else 1
    return calls * max(1, len(scenario.instances.rows))


def _total(scenario: Scenario, design: Design | None, space: Space, folder: Path) -> int | None:
    optimizer = scenario.optimizer
    if optimizer is not None:
        if optimizer.runs >= UNLIMITED:
            return None
        runs, each = _whole(scenario, optimizer.runs), _runs_each(scenario)
        size = space_size(space, -(-runs // each)) if optimizer.command is None else None
        return runs if size is None else min(size * each, runs)
    assert design is not None
    if isinstance(design, TrialList):
        listed = read_trials(design, space, folder, scenario.instances.names)
        return len({each.key(scenario.study.seed) for each in listed})
    return design_size(design, space, folder)

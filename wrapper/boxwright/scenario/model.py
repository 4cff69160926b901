"""The scenario as frozen types: exactly what a scenario file may say, and nothing else.

msgspec decodes a TOML document into these and makes the JSON Schema from them, so a field, its type and its
docstring stand once, here or, where a section is large, in a file of its name beside this one. Units are in the
names; a size may be a number of bytes or a text such as ``"4 GiB"``. What can only be checked with the space or the
machine at hand is checked by whoever uses it.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, field

from boxwright.scenario.designs import Design, TrialList
from boxwright.scenario.optimizer import Optimizer
from boxwright.scenario.parameters import SpaceTable
from boxwright.scenario.publish import Publish
from boxwright.scenario.section import Positive, PositiveSeconds, Section, Size
from boxwright.scenario.slots import Slots
from boxwright.scenario.validation import Validation
from boxwright.terms import Direction

# ---------------------------------------------------------------------------------------------- study


class Objective(Section, frozen=True, kw_only=True):
    """Which metric drives the study, and which way is better.

    Attributes:
        metric: Its name; a result line gives it without naming it.
        direction: Whether less of it is better, or more.
        par: The objective is the runtime in seconds that result lines report, and a run without a solution within the
            cutoff counts as this many times the cutoff (PAR10 is 10; SMAC v2's MEAN10).
        penalty: What a CRASHED run counts as, unless what it reported is worse (SMAC v2: 1e9); a TIMEOUT then counts
            with the quality that it reports. Absent: both are told to optimizers as failures, without a value.
    """

    metric: str = "quality"
    direction: Direction = Direction.MINIMIZE
    par: Annotated[float, Meta(ge=1)] | None = None
    penalty: float | None = None


class Study(Section, frozen=True, kw_only=True):
    """What the study is called and what it is after.

    Attributes:
        name: Names the study folder; the scenario's folder or file name if absent.
        folder: The study folder, from where boxwright is started; ``studies/<name>`` if absent.
        objective: What is to be made as small, or as large, as possible.
        metrics: Further metrics that get a column of their own in tables and ``results.csv``.
        seed: The number handed to the command as its seed.
        retries: How often a CRASHED run is tried again before the trial counts as crashed.
        noisy: Whether one configuration may come out differently each time (SMAC: ``deterministic = 0``). Then it may
            run more than once, and its k-th repeat is handed ``seed + k``, so that all see the same numbers.
        smac2: Whether the study leaves the files of SMAC v2, too, that its users' tools read; as a text, the folder
            that they go to, starting at the scenario's folder, in place of the study's own.
    """

    name: str | None = None
    folder: str | None = None
    objective: Objective = field(default_factory=Objective)
    metrics: tuple[str, ...] = ()
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] = 0
    retries: Annotated[int, Meta(ge=0)] = 0
    noisy: bool = False
    smac2: bool | str = False


class Instances(Section, frozen=True, kw_only=True):
    """The problem instances: each configuration runs on all of them, and its cost is their mean.

    Attributes:
        file: A file of them, starting at the scenario's folder, one in a line as SMAC v2 has them: name, or
            ``name,specific``, ``seed,name`` or ``seed,name,specific``.
        names: Their names, in place of a file.
        specific: By name, the text that ``flags = "smac2"`` hands to the command beside it; ``0`` if absent.
        seeds: By name, the seeds with which it is run, in place of ``study.seed``.
        test: A file of test instances, in the same form, or their names; ``boxwright validate`` runs them.
        features: A CSV file of their features; no model knows them yet.
    """

    file: str | None = None
    names: tuple[str, ...] = ()
    specific: dict[str, str] = {}
    seeds: dict[str, tuple[Positive, ...]] = {}
    test: str | tuple[str, ...] | None = None
    features: str | None = None

    @property
    def rows(self) -> tuple[tuple[str, int | None], ...]:
        """Return name and seed of each, None for the study's."""
        return tuple((name, seed) for name in self.names for seed in self.seeds.get(name) or (None,))


# ---------------------------------------------------------------------------------------------- command

FlagDialect: TypeAlias = Literal[
    "none", "-name value", "--name value", "--name=value", "name=value", "smac2", "smac2-quoted", "aclib2"
]


class Command(Section, frozen=True, kw_only=True):
    """What is run. Either ``argv``, a list of words, or ``line``, one text that is cut into words like a shell would.

    Every word is a Jinja2 template.

    Attributes:
        folder: The working directory, starting at the scenario's folder, and where a program given by path is looked
            up; if absent, each run works in a folder of its own.
        argv: Program and words. A program with a slash is looked up beside the scenario, another one on PATH.
        line: The same as one text.
        flags: How the active parameters are appended to the words; ``smac2`` is the full call line of SMAC v2, in
            which a ``study.seed`` of 0 reads -1, SMAC v2's word for a deterministic run, unless ``study.noisy``;
            ``smac2-quoted`` puts each value into single quotes, as its older versions did; ``aclib2`` is AClib2's
            ``[--instance I] [--cutoff C] --seed S --config -name value …``.
        skip: Parameters that are not appended as flags.
        shell: Hand ``line`` to ``/bin/sh -c``; every value put into it is quoted.
        exit_code: Whether an exit code other than 0 is a crash.
    """

    argv: tuple[str, ...] = ()
    line: str | None = None
    folder: str | None = None
    flags: FlagDialect = "none"
    skip: tuple[str, ...] = ()
    shell: bool = False
    exit_code: bool = True


# ---------------------------------------------------------------------------------------------- files


class InputFile(Section, frozen=True, kw_only=True):
    """A file or folder put into each run folder.

    Attributes:
        source: Its path, starting at the scenario's folder.
        target: Its path in the run folder; the same name if absent.
        mode: ``link``, a hard link (a copy where there can be none); ``copy``, for files that a run changes;
            ``archive``, unpacked into the run folder.
    """

    source: str
    target: str | None = None
    mode: Literal["link", "copy", "archive"] = "link"


class Template(Section, frozen=True, kw_only=True):
    """A text file rendered into each run folder.

    Attributes:
        source: Its path, starting at the scenario's folder.
        target: Path of what comes out, in the run folder; the same name without ``.j2`` or ``.tmpl`` if absent.
        syntax: ``{{ }}`` is Jinja2; ``${}`` is the syntax of DOE platforms, ``${x?string("0.00")}`` included.
    """

    source: str
    target: str | None = None
    syntax: Literal["{{ }}", "${}"] = "{{ }}"


class ParameterFile(Section, frozen=True, kw_only=True):
    """The active parameters written as a file; the format by its suffix: .json, .yaml, .yml, .toml.

    Attributes:
        target: Its path in the run folder.
        nested: Whether dots in names open tables (``a.b.0.c``).
    """

    target: str
    nested: bool = True


class Inputs(Section, frozen=True, kw_only=True):
    """What is put into each run folder before the command starts.

    Attributes:
        files: Files, folders and archives as they are.
        templates: Text files with values filled in.
        parameters: Files that hold all active parameters.
    """

    files: tuple[InputFile, ...] = ()
    templates: tuple[Template, ...] = ()
    parameters: tuple[ParameterFile, ...] = ()


class Outputs(Section, frozen=True, kw_only=True):
    """What becomes of the files that a run leaves; patterns as in ``glob``, inside the run folder.

    Attributes:
        collect: Copied (hard link where possible) to ``outputs/<run>/`` of the study.
        require: A run that leaves none of a pattern has crashed.
        discard: Deleted after the run.
    """

    collect: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    discard: tuple[str, ...] = ()


class Environment(Section, frozen=True, kw_only=True):
    """The environment of each run.

    Attributes:
        inherit: Whether a run sees the environment that boxwright was started in.
        set: Variables by name; the values are Jinja2 templates.
        unset: Names of variables that a run does not see.
    """

    inherit: bool = True
    set: dict[str, str] = {}
    unset: tuple[str, ...] = ()


# ---------------------------------------------------------------------------------------------- limits, results


class Limits(Section, frozen=True, kw_only=True):
    """What one run, and the study, may use.

    Attributes:
        cutoff_s: Seconds after which a run is stopped.
        cutoff_factor: It is stopped after this many times the cutoff, for a command that keeps the cutoff by itself
            (SMAC v2: 10).
        grace_s: Seconds between asking (TERM) and insisting (KILL).
        memory: Sum over the run's processes.
        output: Size of stdout and stderr together.
        wallclock_s: Seconds after which the study starts no new run.
        runtime_s: Seconds that all runs together may report; then no new run is started. Each counts at least 0.1 s.
        first_failures: After so many crashes for one reason, before any answer, no new run is started; 0: never.
        crashes: After so many crashed trials no new run is started; 0: never.
    """

    cutoff_s: PositiveSeconds | None = None
    cutoff_factor: Annotated[float, Meta(ge=1)] = 1.0
    grace_s: PositiveSeconds = 3.0
    memory: Size | None = None
    output: Size = "1 GiB"
    wallclock_s: PositiveSeconds | None = None
    runtime_s: PositiveSeconds | None = None
    first_failures: Annotated[int, Meta(ge=0)] = 5
    crashes: Annotated[int, Meta(ge=0)] = 0


class Parse(Section, frozen=True, kw_only=True):
    """How a run's answer is read. Several sources may be named; the objective must come from exactly one.

    Attributes:
        result_line: SMAC's ``Result of algorithm run: STATUS, runtime, runlength, quality, seed`` in any dialect,
            and AClib2's JSON. Its quality is the objective. None means: yes if no other source is named and
            there is no post-process command.
        tab: ``name<TAB>value`` lines on stdout.
        regex: Name of a metric → regular expression with one group, searched in stdout; the last match counts.
        json: A file the run leaves: an object of names and numbers, dots for nested ones.
        duplicates: Whether two result lines are an error, the last one counts, or they stop the study (SMAC v2).
        unsat: Whether UNSAT means an invalid combination or a success (SMAC v2's reading).
        unread_runtime: What the runtime of a run without a result line that can be read is: the time on the
            ``clock``, or, as SMAC v2 counts it, 0 without a line and the cutoff for one that cannot be read
            (``smac2``). What the run has told on the way comes before the clock and before 0.
    """

    result_line: bool | None = None
    tab: bool = False
    regex: dict[str, str] = {}
    json: str | None = None
    duplicates: Literal["error", "last", "abort"] = "error"
    unsat: Literal["invalid", "success"] = "invalid"
    unread_runtime: Literal["clock", "smac2"] = "clock"


class Postprocess(Section, frozen=True, kw_only=True):
    """A command run in the run folder after the run; its stdout holds ``name<TAB>value`` lines.

    The words are templates, as those of the command.

    Attributes:
        argv: Program and words.
        cutoff_s: Seconds after which it is stopped, and the run has crashed.
    """

    argv: tuple[str, ...]
    cutoff_s: PositiveSeconds = 60.0


# ---------------------------------------------------------------------------------------------- all of it


class Scenario(Section, frozen=True, kw_only=True):
    """One scenario: what is run, over which space, how, within which limits.

    Attributes:
        command: What is run.
        space: The parameters.
        extends: Another scenario file, whose keys hold where this one says nothing (tables are merged).
        folder: What relative paths and ``scenario_dir`` refer to; the folder of the scenario file if absent. A
            study's own copy of its scenario says it, so that the copy stands alone.
        study: What the study is called and what it is after.
        instances: The problem instances that each configuration is run on.
        inputs: What is put into each run folder.
        outputs: What becomes of the files that a run leaves.
        environment: The environment of each run.
        limits: What one run, and the study, may use.
        parse: Where the metrics of a run are read.
        postprocess: A command run in the run folder after the run.
        design: Configurations chosen without a model. Either this or an optimizer.
        optimizer: Configurations chosen by a model of what came out.
        slots: Where runs are carried out, and how many at a time.
        validation: What judges the result.
        publish: Where results and files go while the study runs.
    """

    command: Command
    space: SpaceTable
    extends: str | None = None
    folder: str | None = None
    study: Study = field(default_factory=Study)
    instances: Instances = field(default_factory=Instances)
    inputs: Inputs = field(default_factory=Inputs)
    outputs: Outputs = field(default_factory=Outputs)
    environment: Environment = field(default_factory=Environment)
    limits: Limits = field(default_factory=Limits)
    parse: Parse = field(default_factory=Parse)
    postprocess: Postprocess | None = None
    design: Design | None = None
    optimizer: Optimizer | None = None
    slots: Slots = field(default_factory=Slots)
    validation: Validation = field(default_factory=Validation)
    publish: Publish | None = None

    @property
    def is_noisy(self) -> bool:
        """Return whether one configuration may run more than once with other seeds."""
        return self.study.noisy or (self.design is not None and self.design.replicates > 1)

    @property
    def example_instance(self) -> str | None:
        """Return what the first run would have as its instance; of an optimizer's command, a name in its place."""
        if self.instances.names:
            return self.instances.names[0]
        calls = (
            self.optimizer is not None and self.optimizer.command is not None and self.optimizer.protocol == "algo"
        )
        return "INSTANCE" if calls else None

    @property
    def gathers_runs(self) -> bool:
        """Return whether a configuration is judged by several runs: with other seeds, or on other instances."""
        return self.is_noisy or len(self.instances.rows) > 1 or isinstance(self.design, TrialList)

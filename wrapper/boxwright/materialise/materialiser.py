"""Turns a trial into the plan of a run: everything is compiled once per study and rendered once per run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright.errors import ScenarioError, TemplateError, nearest
from boxwright.materialise.beside import files_beside
from boxwright.materialise.commandline import CommandLine, Words, command_words
from boxwright.materialise.context import OWN_NAMES, RunContext, constant_values, template_values
from boxwright.materialise.dollar import compile_dollar
from boxwright.materialise.environment import added_environment, inherited_environment
from boxwright.materialise.jinja import compile_jinja, make_environment
from boxwright.materialise.paramfile import name_clash, parameter_bytes
from boxwright.materialise.plan import Plan, PlannedFile, Stage
from boxwright.materialise.staging import check_archive
from boxwright.materialise.template import CompiledTemplate, check_names
from boxwright.materialise.values import is_identifier, text_of
from boxwright.scenario.model import Scenario, Template
from boxwright.scenario.targets import target_of
from boxwright.terms import Slot, Trial

if TYPE_CHECKING:
    from boxwright.space import Space


class Materialiser:
    """Plans the runs of one study.

    Attributes:
        warnings: What is no error but probably not meant: parameters that nothing uses, names that hide others.
    """

    def __init__(
        self, scenario: Scenario, scenario_folder: Path, space: Space, *, place: str = "scenario.toml"
    ) -> None:
        """Compile every template, and try all of them on the default configuration.

        Args:
            scenario: From ``load_scenario``.
            scenario_folder: What relative paths start at, and ``scenario_dir`` stands for; absolute.
            space: The parameters.
            place: The name of the scenario file, for messages.

        Raises:
            TemplateError: A template cannot be read, or asks for a name that nobody gives.
            ScenarioError: There is no such program, an archive cannot be read, names clash.
        """
        self._scenario = scenario
        self._folder = scenario_folder
        self._space = space
        self._place = place
        self._constants = constant_values(scenario, scenario_folder)
        self._inherited = inherited_environment(scenario, os.environ)
        self._executable: dict[str, bool] = {}
        self._templates = {target_of(entry): self._compile_file(entry) for entry in scenario.inputs.templates}
        in_words = make_environment(finalize=text_of)
        self._settings = {
            name: compile_jinja(text, f"{place}: environment.set.{name}", in_words, has_lines=False)
            for name, text in scenario.environment.set.items()
        }
        reals = frozenset(name for name in space.names if space.domain(name).kind == "float")
        inside = scenario.command.folder
        self._workdir = None if inside is None else os.path.normpath(scenario_folder / inside)
        self._command = CommandLine(
            scenario.command,
            reals,
            scenario.limits.cutoff_s,
            Path(self._workdir or scenario_folder),
            place,
            noisy=scenario.is_noisy,
            specific=scenario.instances.specific,
        )
        self._post = (
            Words(scenario.postprocess.argv, f"{place}: postprocess.argv", scenario_folder)
            if scenario.postprocess
            else None
        )
        self._stages = tuple(
            Stage(scenario_folder / entry.source, target_of(entry), entry.mode) for entry in scenario.inputs.files
        )
        self._check()
        self.warnings: tuple[str, ...] = tuple(self._find_warnings())

    def plan(self, context: RunContext) -> Plan:
        """Return what the run would be; nothing is written.

        Raises:
            TemplateError: A template asks for a parameter that is inactive in this configuration.
            ScenarioError: The program that this configuration names does not exist.
        """
        values = template_values(context, self._constants)
        settings = {name: template.render(values) for name, template in self._settings.items()}
        self._refuse_nul(settings)
        added = added_environment(context, self._scenario, settings)
        env = {**self._inherited, **added}
        search_path = env.get("PATH")
        return Plan(
            argv=self._command.render(context.trial, values, search_path),
            env=env,
            added_env=added,
            files=self._files(context.trial, values),
            stages=self._stages,
            post_argv=self._post.render(values, search_path) if self._post else None,
            workdir=self._workdir,
        )

    def _files(self, trial: Trial, values: dict[str, object]) -> dict[str, PlannedFile]:
        files = {
            target: PlannedFile(template.render(values).encode("utf-8", "surrogateescape"), self._executable[target])
            for target, template in self._templates.items()
        }
        for entry in self._scenario.inputs.parameters:
            files[target_of(entry)] = PlannedFile(parameter_bytes(trial.config, entry.target, nested=entry.nested))
        return files

    def _compile_file(self, entry: Template) -> CompiledTemplate:
        source, place = self._folder / entry.source, entry.source
        try:
            text = source.read_bytes().decode("utf-8")
            self._executable[target_of(entry)] = os.access(source, os.X_OK)
        except OSError as error:
            raise TemplateError(f"cannot be read: {error.strerror}", place=place) from error
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            problem = f"byte {error.object[error.start]:#04x} is no UTF-8. Save the template as UTF-8."
            raise TemplateError(problem, place=f"{place}:{line}") from error
        if entry.syntax == "${}":
            return compile_dollar(text, place)
        return compile_jinja(text, place, make_environment(), has_lines=True)

    # ------------------------------------------------------------------------------------------ checks

    def _words(self) -> Iterator[CompiledTemplate]:
        yield from self._settings.values()
        yield from self._command.templates
        yield from self._post.templates if self._post else ()

    def _check(self) -> None:
        """Find out now what would otherwise fail in the first run."""
        names = self._space.names
        known = {*names, *OWN_NAMES}
        shown = sorted(names) + [name for name in OWN_NAMES if name not in names]
        for template in (*self._templates.values(), *self._words()):
            check_names(template, known, shown, has_lines=template in self._templates.values())
            for key in template.uses.keys - set(names):
                raise TemplateError(f'no parameter "{key}" for config. {nearest(key, names)}', place=template.place)
        for name in self._scenario.command.skip:
            if name not in names:
                problem = f'no parameter "{name}". {nearest(name, names)}'
                raise ScenarioError(problem, place=f"{self._place}: command.skip")
        for entry in self._scenario.inputs.parameters:
            clash = name_clash(names) if entry.nested else ""
            if clash:
                raise ScenarioError(clash, place=f"{self._place}: inputs.parameters: {entry.target}")
        for index, stage in enumerate(self._stages):
            if stage.mode == "archive":
                check_archive(stage.source, place=f"{self._place}: inputs.files[{index}].source")
        for problem, place, is_program in self._beside():
            if is_program:
                raise ScenarioError(problem, place=place)
        scenario = self._scenario
        config, instance = self._space.default(), scenario.example_instance
        trial = Trial(number=1, config=config, instance=instance, seed=scenario.study.seed)
        folder = self._folder / "run"
        self.plan(RunContext(1, trial, Slot(0), folder, self._folder, "check"))

    def _refuse_nul(self, settings: dict[str, str]) -> None:
        for name, value in settings.items():
            if "\0" in value:
                raise TemplateError("the value holds a NUL character", place=f"{self._place}: environment.set.{name}")

    def _beside(self) -> Iterator[tuple[str, str, bool]]:
        """Yield problem, place and whether it is a program, for words that name a file where no run will find it."""
        command, post = self._scenario.command, self._scenario.postprocess
        commands: dict[str, Sequence[str]] = {}
        if self._workdir is None:
            commands[f"{self._place}: command.{'argv' if command.argv else 'line'}"] = command_words(command)
        commands[f"{self._place}: postprocess.argv"] = post.argv if post else ()
        for place, words in commands.items():
            for index, word, is_program in files_beside(words, self._folder, self._scenario.inputs):
                where = place if place.endswith(".line") else f"{place}[{index}]"
                problem = (
                    f'"{word}" lies beside the scenario, not in the run\'s folder. '
                    f'Write "{{{{ scenario_dir }}}}/{word}", or name it in [inputs].'
                )
                yield problem, where, is_program

    def _find_warnings(self) -> Iterator[str]:
        used = self._used()
        unused = [name for name in self._space.names if name not in used]
        if unused:
            what = "parameter" if len(unused) == 1 else "parameters"
            yield f"{self._place}: {what} that no template, flag or file uses: {', '.join(unused)}"
        hidden = [name for name in self._space.names if name in OWN_NAMES and is_identifier(name)]
        if hidden:
            yield f"{self._place}: in templates, these names are the parameters, not boxwright's: {', '.join(hidden)}"
        for problem, place, _ in self._beside():
            yield f"{place}: {problem}"

    def _used(self) -> set[str]:
        """Return the parameters that reach the run, or that decide whether another one does."""
        names = set(self._space.names)
        uses = [template.uses for template in (*self._templates.values(), *self._words())]
        if self._scenario.inputs.parameters or any(use.all_config for use in uses):
            return names
        used = {name for use in uses for name in (*use.lines, *use.guarded, *use.keys)}
        if self._scenario.command.flags != "none":
            used |= names - set(self._scenario.command.skip)
        constants = {name for name in names if self._space.domain(name).size == 1}
        parents = {name for name in names if self._space.configspace.children_of[name]}
        return used | constants | parents

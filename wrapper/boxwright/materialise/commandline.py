"""The words of a command: compiled once, rendered for each run, with the program found."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from jinja2.sandbox import SandboxedEnvironment

from boxwright.errors import ScenarioError, TemplateError
from boxwright.materialise.flags import flag_words
from boxwright.materialise.jinja import JinjaTemplate, compile_jinja, make_environment
from boxwright.materialise.programs import find_program
from boxwright.materialise.shellwords import cut_words, quote_value, shell_fault
from boxwright.materialise.values import text_of
from boxwright.scenario.model import Command
from boxwright.terms import Trial


class Words:
    """A command as a list of words, each a template.

    A word with a ``{% … %}`` in it that comes out empty is left out, so that a flag can depend on a condition;
    any other word stays a word even when it is empty.
    """

    def __init__(self, words: Sequence[str], place: str, folder: Path, *, numbered: bool = True) -> None:
        """Compile the words.

        Args:
            words: The templates.
            place: File and key, for messages.
            folder: Folder of the scenario, where a relative program starts.
            numbered: Whether messages count the words; not so for a line that was cut into words.
        """
        environment = make_environment(finalize=text_of)
        self._place, self._folder, self._numbered = place, folder, numbered
        self._words = [self._compile(word, index, environment) for index, word in enumerate(words)]
        self._may_vanish = ["{%" in word for word in words]

    @property
    def templates(self) -> list[JinjaTemplate]:
        """The words that are templates."""
        return [word for word in self._words if not isinstance(word, str)]

    def render(self, values: Mapping[str, object], search_path: str | None) -> tuple[str, ...]:
        """Return the words of one run, the first one an absolute path."""
        words = []
        for word, may_vanish in zip(self._words, self._may_vanish, strict=True):
            text = word if isinstance(word, str) else word.render(values)
            if "\0" in text:
                raise TemplateError("a word holds a NUL character", place=self._place)
            if text or not may_vanish:
                words.append(text)
        place = f"{self._place}[0]" if self._numbered else self._place
        program = find_program(words[0] if words else "", folder=self._folder, search_path=search_path, place=place)
        return (program, *words[1:])

    def _compile(self, word: str, index: int, environment: SandboxedEnvironment) -> str | JinjaTemplate:
        if "{" not in word:
            return word
        place = f"{self._place}[{index}]" if self._numbered else self._place
        return compile_jinja(word, place, environment, has_lines=False)


def command_words(command: Command) -> Sequence[str]:
    """Return the words of a command as they are written; none of a shell line, which only the shell can cut.

    Raises:
        ValueError: The line cannot be cut.
    """
    if command.line is None:
        return command.argv
    return () if command.shell else cut_words(command.line)


class CommandLine:
    """The main command: words or a shell line, and the flags."""

    def __init__(
        self,
        command: Command,
        reals: Collection[str],
        cutoff_s: float | None,
        folder: Path,
        place: str,
        *,
        noisy: bool = False,
        specific: Mapping[str, str] | None = None,
    ) -> None:
        """Cut and compile the command; see ``Words`` and ``flag_words`` for the arguments."""
        self._noisy = noisy
        self._specific = specific or {}
        self._command, self._reals, self._cutoff_s = command, reals, cutoff_s
        self._shell_line: JinjaTemplate | None = None
        self._words: Words | None = None
        line_place = f"{place}: command.line"
        if command.line is None:
            self._words = Words(command.argv, f"{place}: command.argv", folder)
        elif command.shell:
            fault = shell_fault(command.line)
            if fault:
                raise ScenarioError(fault, place=line_place)
            environment = make_environment(finalize=quote_value)
            self._shell_line = compile_jinja(command.line, line_place, environment, has_lines=False)
        else:
            try:
                words = command_words(command)
            except ValueError as error:
                raise ScenarioError(f"cannot be cut into words: {error}", place=line_place) from error
            self._words = Words(words, line_place, folder, numbered=False)

    @property
    def templates(self) -> list[JinjaTemplate]:
        """Every template in the command."""
        return [self._shell_line] if self._shell_line else self._words.templates if self._words else []

    def render(self, trial: Trial, values: Mapping[str, object], search_path: str | None) -> tuple[str, ...]:
        """Return argv of one run."""
        flags = flag_words(
            trial,
            self._command.flags,
            skip=self._command.skip,
            reals=self._reals,
            cutoff_s=self._cutoff_s if trial.cutoff_s is None else trial.cutoff_s,
            noisy=self._noisy,
            specific=self._specific,
        )
        if self._shell_line:
            line = self._shell_line.render(values)
            return ("/bin/sh", "-c", f"{line} {shlex.join(flags)}" if flags else line)
        assert self._words is not None
        return (*self._words.render(values, search_path), *flags)

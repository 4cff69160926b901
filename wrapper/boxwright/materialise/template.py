"""What a compiled template is, whatever its syntax, and how its faults read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from boxwright.errors import TemplateError, nearest

_ABSENT = {
    "cutoff_s": "the scenario has no limits.cutoff_s",
    "instance": "the trial has no instance",
    "budget": "the trial has no budget",
}


@dataclass(frozen=True, slots=True)
class Uses:
    """Which names a template asks for.

    Attributes:
        lines: Name → first line that asks for it.
        guarded: Names that the template can do without (``is defined``, a default).
        keys: Names asked for as ``config["name"]``.
        all_config: Whether ``config`` is used in another way, so that every parameter counts as used.
    """

    lines: Mapping[str, int]
    guarded: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    all_config: bool = False


class CompiledTemplate(Protocol):
    """A template that was read and found correct in itself."""

    @property
    def place(self) -> str:
        """Where the template stands, for messages: a file, or ``scenario.toml: command.argv[1]``."""
        ...

    @property
    def uses(self) -> Uses:
        """Which names it asks for."""
        ...

    def render(self, values: Mapping[str, object]) -> str:
        """Return the text.

        Raises:
            TemplateError: A name has no value, or an expression cannot be computed.
        """
        ...


def check_names(
    template: CompiledTemplate, known: Collection[str], shown: Collection[str], *, has_lines: bool
) -> None:
    """Refuse a template that asks for a name that nobody gives.

    Args:
        template: The template.
        known: Every name that may have a value.
        shown: The names worth listing in the message.
        has_lines: Whether the place is a file, so that a line number says more.

    Raises:
        TemplateError: With the file, the line and the known names.
    """
    for name, line in sorted(template.uses.lines.items(), key=lambda use: use[1]):
        if name not in known and name not in template.uses.guarded:
            place = f"{template.place}:{line}" if has_lines else template.place
            raise TemplateError(f'no value for "{name}". {_hint(name, shown)}', place=place)


def _hint(name: str, shown: Collection[str]) -> str:
    hint = nearest(name, shown)
    if hint.startswith("Did"):
        return hint
    listed = list(shown)  # in the given order: parameters first
    return f"Known: {', '.join(listed[:12] + ['…'] * (len(listed) > 12))}."


def no_value(name: str, place: str, *, guard: str) -> TemplateError:
    """Return the error for a known name that has no value in this configuration."""
    reason = _ABSENT.get(name, "it is inactive in this configuration")
    return TemplateError(f'no value for "{name}": {reason}. Guard it with {guard}.', place=place)

"""Where inputs land in the run folder, and which names there are not free."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from boxwright.scenario.model import InputFile, Inputs, ParameterFile, Template

RESERVED = frozenset({"run.json", "stdout.log", "stderr.log", "exit.json", "postprocess.log", "postprocess.err"})
"""Names in the top of a run folder that boxwright writes itself."""

_TEMPLATE_ENDINGS = (".j2", ".jinja", ".jinja2", ".tmpl", ".ftl")
PARAMETER_ENDINGS = (".json", ".yaml", ".yml", ".toml")


def target_of(entry: InputFile | Template | ParameterFile) -> str:
    """Return where the entry lands: a normalised path relative to the run folder, ``.`` for the folder itself.

    Without a target, a file keeps its name, a template loses an ending such as ``.j2``, and an archive is unpacked
    into the run folder itself.
    """
    if entry.target is not None:
        return str(PurePosixPath(entry.target))
    assert not isinstance(entry, ParameterFile)
    if isinstance(entry, InputFile) and entry.mode == "archive":
        return "."
    name = PurePosixPath(entry.source).name
    if isinstance(entry, Template):
        for ending in _TEMPLATE_ENDINGS:
            if name.endswith(ending) and name != ending:
                return name.removesuffix(ending)
    return name


def target_faults(inputs: Inputs) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield ``(key, problem)`` for every target outside the run folder, taken by us, or taken twice."""
    taken: dict[PurePosixPath, str] = {}
    for section in ("files", "templates", "parameters"):
        for index, entry in enumerate(getattr(inputs, section)):
            key = ("inputs", section, index, "target")
            is_archive = isinstance(entry, InputFile) and entry.mode == "archive"
            problem = _target_fault(entry.target, target_of(entry), is_archive=is_archive)
            if problem:
                yield key, problem
                continue
            target = PurePosixPath(target_of(entry))
            if is_archive:
                continue  # shares its folder with other inputs
            for other, where in taken.items():
                if target == other or target in other.parents or other in target.parents:
                    yield key, f'"{target}" clashes with "{other}" of {where}. Give one of them another target.'
                    break
            taken[target] = f"inputs.{section}[{index}]"


def _target_fault(written: str | None, target: str, *, is_archive: bool) -> str:
    shown = f'"{target if written is None else written}"'
    path = PurePosixPath(target)
    if written is not None and (not written.strip() or path.is_absolute() or ".." in path.parts):
        return f"{shown} is no path inside the run folder. Write a relative path without '..'."
    if target == "." and not is_archive:
        return f"{shown} is the run folder itself. Name a file in it."
    if path.parts and path.parts[0] in RESERVED:
        return f"{shown} is a name that boxwright writes itself ({', '.join(sorted(RESERVED))}). Choose another."
    return ""

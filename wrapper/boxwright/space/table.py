"""The ``[space]`` table of a scenario → Space."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from boxwright.errors import SpaceError, nearest
from boxwright.scenario.parameters import Parameter, SpaceTable
from boxwright.space.draft import Draft
from boxwright.space.json_form import read_configspace_json
from boxwright.space.model import Space
from boxwright.space.pcs import read_pcs

_KEYS = ("file", "forbidden")
_LARGEST_FILE = 64 * 2**20


def load_space(table: SpaceTable, *, place: str, folder: Path, forbidden: Sequence[str] = ()) -> Space:
    """Return the space that a table says, together with the parameter file it names.

    Args:
        table: Parameters by name; ``file`` and ``forbidden``.
        place: Name of the scenario file, for messages.
        folder: What ``file`` is relative to.
        forbidden: Further forbidden clauses.

    Raises:
        SpaceError: Something is wrong; the message says where.
    """
    draft = Draft()
    own: dict[str, Parameter] = {}
    clauses: list[str] = []
    for key, entry in table.items():
        if key == "file" and isinstance(entry, str):
            read_parameter_file(folder / entry, entry, draft)
        elif key == "forbidden" and isinstance(entry, tuple):
            clauses += entry
        elif isinstance(entry, get_args(Parameter)):
            own[key] = entry
        else:
            raise _unknown_key(key, entry, place)
    for name, parameter in own.items():
        draft.add(name, parameter, _place(place, name))
    for name, parameter in own.items():
        if parameter.when is not None:
            draft.add_condition(name, parameter.when, f"{_place(place, name)}.when")
    for text in (*clauses, *forbidden):
        draft.add_forbidden(text, f'{place}: space.forbidden: "{text}"')
    return draft.finish(f"{place}: space" if place else "space")


def read_parameter_file(path: Path, shown: str, draft: Draft) -> None:
    """Take up a PCS file (``.pcs``, ``.txt``), or a ConfigSpace file ``.json``.

    Raises:
        SpaceError: It cannot be read, is of neither form, or is wrong.
    """
    suffix = path.suffix.lower()
    if suffix not in (".pcs", ".txt", ".json"):
        raise SpaceError("a parameter file ends in .pcs, .txt or .json. Rename it, or write its form.", place=shown)
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise SpaceError(f"this file is larger than {_LARGEST_FILE >> 20} MiB.", place=shown)
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SpaceError(f"byte {error.start} is no UTF-8 text.", place=shown) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SpaceError(f"this parameter file cannot be read: {reason}.", place=shown) from error
    if suffix != ".json":
        read_pcs(text, shown, draft)
    else:
        read_configspace_json(text, shown, draft)


def _place(place: str, name: str) -> str:
    return f"{place}: space.{name}" if place else f"space.{name}"


def _unknown_key(key: str, entry: object, place: str) -> SpaceError:
    if key in _KEYS:
        wanted = "a text" if key == "file" else "an array of texts"
        return SpaceError(f"{key} must be {wanted}.", place=_place(place, key))
    kind = "a text" if isinstance(entry, str) else "an array"
    return SpaceError(
        f'no key "{key}" that is {kind}. {nearest(key, _KEYS)} A parameter is a table with a type: '
        f'{key} = {{ type = "float", lower = 0, upper = 1 }}.',
        place=_place(place, key),
    )

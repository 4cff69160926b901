"""Spaces as JSON: reading ConfigSpace's own files, and the study's ``space.json``, which comes back exactly."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from ConfigSpace import CategoricalHyperparameter, Constant, OrdinalHyperparameter
from ConfigSpace.conditions import ConditionLike
from ConfigSpace.hyperparameters import Hyperparameter, NumericalHyperparameter

from boxwright.errors import SpaceError
from boxwright.space.decoding import decode_conditions, decode_forbidden, decode_parameters
from boxwright.space.distributions import Distribution, DistributionParameter, make_distribution
from boxwright.space.draft import Draft
from boxwright.space.model import Space
from boxwright.space.values import check_float, check_integer, check_name, check_value

FORMAT = "boxwright space 1"

# whatever ConfigSpace's decoders raise when they are handed data of a wrong shape
_DECODING_ERRORS = (ValueError, TypeError, KeyError, AttributeError, IndexError, ArithmeticError, RuntimeError)


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    """The content of ``space.json``."""

    format: str
    names: list[str]
    configspace: dict[str, Any]
    distributions: dict[str, DistributionParameter]


def read_configspace_json(text: str, file: str, draft: Draft) -> None:
    """Take up all that a ConfigSpace JSON file says.

    Raises:
        SpaceError: It is no such file, or holds what no command could be given.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SpaceError(f"this is no JSON: {_first_line(error)}.", place=file) from error
    if not isinstance(document, dict) or "hyperparameters" not in document:
        raise SpaceError('this is no ConfigSpace file: it has no "hyperparameters".', place=file)
    _take_up(document, file, draft)


def space_to_json(space: Space) -> str:
    """Return the text of a study's ``space.json``: distributions and expressions included."""
    document = _Document(
        format=FORMAT,
        names=list(space.names),
        configspace=space.configspace.to_serialized_dict(),
        distributions={name: found.parameter for name, found in space.distributions.items()},
    )
    return json.dumps(msgspec.to_builtins(document), indent=1, ensure_ascii=False) + "\n"


def space_from_json(text: str) -> Space:
    """Return the space that ``space_to_json`` wrote.

    Raises:
        SpaceError: It wrote no such text.
    """
    place = "space.json"
    try:
        document = msgspec.json.decode(text, type=_Document)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as error:
        raise SpaceError(f"this is no space of a study: {_first_line(error)}.", place=place) from error
    if document.format != FORMAT:
        raise SpaceError(f'the format is "{document.format}", but only "{FORMAT}" is known.', place=place)
    read = Draft()
    _take_up(document.configspace, place, read)
    if (
        sorted(read.parameters) != sorted(document.names)
        or not document.distributions.keys() <= read.parameters.keys()
    ):
        raise SpaceError("its names are not those of its parameters.", place=place)
    read.parameters = {name: read.parameters[name] for name in document.names}
    read.distributions = {
        name: _distribution(name, parameter, place) for name, parameter in document.distributions.items()
    }
    return read.finish(place)


def _distribution(name: str, parameter: DistributionParameter, place: str) -> Distribution:
    return make_distribution(parameter, f"{place}: {name}")


def _take_up(document: dict[str, Any], file: str, draft: Draft) -> None:
    with _as_space_error(file):
        found = decode_parameters(document["hyperparameters"])
        for parameter in found:
            _check_parameter(parameter, f"{file}: {parameter.name}")
            draft.add_made(parameter, f"{file}: {parameter.name}")
        # the parameters are sound by now: expressions are compiled against them, and rely on their values
        own = {parameter.name: parameter for parameter in found}
        for condition in decode_conditions(document.get("conditions", []), own):
            _add_condition(condition, file, draft)
        draft.forbidden += [(clause, file) for clause in decode_forbidden(document.get("forbiddens", []), own)]


def _add_condition(condition: ConditionLike, file: str, draft: Draft) -> None:
    child = condition.child.name
    if child in draft.conditions:
        raise SpaceError("a second condition. Join them in an AND or an OR.", place=f"{file}: {child}")
    draft.conditions[child] = condition, f"{file}: {child}"


def _check_parameter(parameter: Hyperparameter[Any, Any], place: str) -> None:
    check_name(parameter.name, place)
    if isinstance(parameter, NumericalHyperparameter):
        numeric: Any = parameter
        for bound in (numeric.lower, numeric.upper, numeric.default_value):
            check = check_integer if isinstance(bound, int) else check_float
            check(bound, place)
        return
    values: Any = ()
    if isinstance(parameter, CategoricalHyperparameter):
        values = parameter.choices
    elif isinstance(parameter, OrdinalHyperparameter):
        values = parameter.sequence
    elif isinstance(parameter, Constant):
        values = (parameter.value,)
    for value in values:
        if not isinstance(value, bool | int | float | str):
            raise SpaceError(f"the value {value!r} is no text, number or boolean.", place=place)
        check_value(value, place)


@contextmanager
def _as_space_error(file: str) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            # ConfigSpace warns about fields of its older files; they are read all the same
            warnings.simplefilter("ignore")
            yield
    except SpaceError:
        raise
    except _DECODING_ERRORS as error:
        what = f"no {error}" if isinstance(error, KeyError) else _first_line(error)
        raise SpaceError(f"ConfigSpace cannot read this: {what}.", place=file) from error


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")[:200]

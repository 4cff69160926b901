"""ConfigSpace's JSON document → our parameters, conditions and forbidden clauses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ConfigSpace.conditions import ConditionLike
from ConfigSpace.forbidden import ForbiddenLike
from ConfigSpace.hyperparameters import Hyperparameter, UniformFloatHyperparameter
from ConfigSpace.read_and_write.dictionary import CONDITION_DECODERS, FORBIDDEN_DECODERS, HYPERPARAMETER_DECODERS

from boxwright.space.conditions import (
    ActiveNotEquals,
    ExactAnd,
    ExactEquals,
    ExactGreaterThan,
    ExactIn,
    ExactLessThan,
    ExactOr,
    Parameters,
)
from boxwright.space.forbidden import ForbiddenAtMost, ForbiddenExpression
from boxwright.space.parameters import with_default

Decoder: TypeAlias = Callable[[dict[str, Any], Any, Any], Any]


def decode_parameters(entries: list[Any]) -> list[Hyperparameter[Any, Any]]:
    """Return the parameters in the order of the document.

    Raises:
        Exception: Whatever ConfigSpace raises when the data are of a wrong shape.
    """
    return [_decode_parameter(entry) for entry in entries]


def decode_conditions(entries: list[Any], parameters: Parameters) -> list[ConditionLike]:
    """Return the conditions.

    Raises:
        Exception: As above.
    """
    return [_decode({**CONDITION_DECODERS, **CONDITIONS}, entry, parameters) for entry in entries]


def decode_forbidden(entries: list[Any], parameters: Parameters) -> list[ForbiddenLike]:
    """Return the forbidden clauses.

    Raises:
        Exception: As above.
    """
    return [_decode({**FORBIDDEN_DECODERS, **CLAUSES}, entry, parameters) for entry in entries]


def _decode_parameter(entry: Any) -> Hyperparameter[Any, Any]:
    made: Hyperparameter[Any, Any] = _decode(HYPERPARAMETER_DECODERS, entry, {})
    default = entry.get("default_value")
    if isinstance(made, UniformFloatHyperparameter) and isinstance(default, float):
        return with_default(made, min(max(default, made.lower), made.upper))
    return made


def _decode(decoders: Mapping[str, Decoder], entry: Any, parameters: Parameters) -> Any:
    """Decode one entry; the decoders of conjunctions call back for their parts."""

    def decode(item: dict[str, Any], known: Parameters, again: Any) -> Any:
        kind = item["type"]
        if kind not in decoders:
            raise ValueError(f"{kind!r} is not known")
        return decoders[kind]({key: value for key, value in item.items() if key != "type"}, known, again)

    return decode(entry, parameters, decode)


def _decoder(kind: type, key: str) -> Decoder:
    return lambda item, known, decode: kind(known[item["child"]], known[item["parent"]], item[key])


def _decoder_of_parts(kind: type) -> Decoder:
    return lambda item, known, decode: kind(*(decode(part, known, decode) for part in item["conditions"]))


CONDITIONS: Mapping[str, Decoder] = {
    "EQ": _decoder(ExactEquals, "value"),
    "NEQ": _decoder(ActiveNotEquals, "value"),
    "LT": _decoder(ExactLessThan, "value"),
    "GT": _decoder(ExactGreaterThan, "value"),
    "IN": _decoder(ExactIn, "values"),
    "AND": _decoder_of_parts(ExactAnd),
    "OR": _decoder_of_parts(ExactOr),
}

CLAUSES: Mapping[str, Decoder] = {
    "CLAUSE_LE": lambda item, known, decode: ForbiddenAtMost(known[item["name"]], item["value"]),
    "EXPRESSION": lambda item, known, decode: ForbiddenExpression(item["expression"], known),
}

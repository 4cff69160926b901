"""Says in words, with the full key, why a document is no scenario. Used only once msgspec has refused it.

msgspec's own messages do not name the key of an open table (``$.space[...]``), nor the nearest known key; this
walks the document beside the same types that msgspec decodes into.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec.inspect as types

from boxwright.scenario.forms import array_form, known_key, known_type, known_word, parameter_form, section_form
from boxwright.scenario.layers import show

Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one key of a document."""

    key: Key
    problem: str


def find_fault(document: object, kind: type) -> Fault | None:
    """Return the first thing in the document that does not fit the type, None if nothing is found."""
    return next(_faults(document, types.type_info(kind), ()), None)


def _faults(value: object, kind: types.Type, key: Key) -> Iterator[Fault]:
    if isinstance(kind, types.StructType):
        yield from _struct_faults(value, kind, key)
    elif isinstance(kind, types.UnionType):
        yield from _union_faults(value, kind.types, key)
    elif isinstance(kind, types.DictType):
        if not isinstance(value, Mapping):
            yield _wrong(value, kind, key)
            return
        for name, item in value.items():
            yield from _faults(item, kind.value_type, (*key, name))
    elif isinstance(kind, types.VarTupleType):
        if not isinstance(value, list | tuple):
            yield _wrong(value, kind, key)
            return
        for index, item in enumerate(value):
            yield from _faults(item, kind.item_type, (*key, index))
    elif not _fits(value, kind):
        yield _wrong(value, kind, key)


def _struct_faults(value: object, kind: types.StructType, key: Key) -> Iterator[Fault]:
    if not isinstance(value, Mapping):
        yield _wrong(value, kind, key)
        return
    fields = {field.encode_name: field for field in kind.fields}
    known = [*fields, kind.tag_field] if kind.tag_field else list(fields)
    for name in value:
        if name not in known:
            yield Fault((*key, name), f"unknown key. {known_key(name, known)}")
    for name, field in fields.items():
        if name in value:
            yield from _faults(value[name], field.type, (*key, name))
        elif field.required:
            yield Fault(key, f'the key "{name}" is missing. It takes {_expected(field.type)}.')


def _union_faults(value: object, kinds: Iterable[types.Type], key: Key) -> Iterator[Fault]:
    kinds = tuple(kinds)
    structs = [kind for kind in kinds if isinstance(kind, types.StructType)]
    if isinstance(value, Mapping) and structs:
        tag_field = structs[0].tag_field
        if tag_field is None:
            yield from _struct_faults(value, structs[0], key)
            return
        by_tag = {str(kind.tag): kind for kind in structs}
        tag = value.get(tag_field)
        if tag is None:
            yield Fault(key, f'the key "{tag_field}" is missing. Known: {", ".join(by_tag)}.')
        elif not isinstance(tag, str) or tag not in by_tag:
            yield Fault((*key, tag_field), f"{show(tag)} is not known here. {known_type(str(tag), by_tag)}")
        else:
            yield from _struct_faults(value, by_tag[tag], key)
        return
    if len(key) == 2 and key[0] == "space" and key[1] not in ("file", "forbidden") and not isinstance(value, Mapping):
        problem = f"found {_found(value)}, expected a table such as {parameter_form(value)}"
        yield Fault(key, problem)
        return
    for kind in kinds:
        is_table = isinstance(kind, types.DictType) and isinstance(value, Mapping)
        if is_table or (isinstance(kind, types.VarTupleType) and isinstance(value, list | tuple)):
            yield from _faults(value, kind, key)
            return
    if not any(_fits(value, kind) for kind in kinds):
        yield Fault(key, _unlike(value, kinds) + _form(value, kinds, key))


def _fits(value: object, kind: types.Type) -> bool:
    if isinstance(kind, types.IntType | types.FloatType):
        return _fits_number(value, kind)
    if isinstance(kind, types.EnumType | types.LiteralType):
        return value in _words(kind)
    if isinstance(kind, types.BoolType):
        return isinstance(value, bool)
    return isinstance(kind, types.StrType) and isinstance(value, str)


def _fits_number(value: object, kind: types.IntType | types.FloatType) -> bool:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole and (isinstance(kind, types.IntType) or not isinstance(value, float)):
        return False
    assert isinstance(value, int | float)
    return not (
        (kind.ge is not None and value < kind.ge)
        or (kind.gt is not None and value <= kind.gt)
        or (kind.le is not None and value > kind.le)
    )


def _wrong(value: object, kind: types.Type, key: Key) -> Fault:
    return Fault(key, _unlike(value, (kind,)) + _form(value, (kind,), key))


def _form(value: object, kinds: Iterable[types.Type], key: Key) -> str:
    """Return how the value is written where one of these belongs; empty if there is no saying."""
    form = ""
    for kind in kinds:
        if isinstance(kind, types.StructType):
            form = form or section_form(value, kind.cls.__name__)
        elif isinstance(kind, types.VarTupleType) and any(
            _fits_roughly(value, item) for item in _one_of(kind.item_type)
        ):
            form = form or array_form(value, key[-1] if key else "")
    return f".{form}" if form else ""


def _one_of(kind: types.Type) -> tuple[types.Type, ...]:
    return kind.types if isinstance(kind, types.UnionType) else (kind,)


def _fits_roughly(value: object, kind: types.Type) -> bool:
    """Say whether a value may be meant as one of this kind: of a table, what it holds is not looked at."""
    if isinstance(kind, types.StructType | types.DictType):
        return isinstance(value, Mapping)
    return _fits(value, kind)


def _unlike(value: object, kinds: Iterable[types.Type]) -> str:
    """Return what was found and what would be right."""
    kinds = [kind for kind in kinds if not isinstance(kind, types.NoneType)]
    words = [word for kind in kinds for word in _words(kind)]
    others = [kind for kind in kinds if not _words(kind)]
    if words and isinstance(value, str) and not others:
        return f"{show(value)} is not known here. {known_word(value, list(map(str, words)))}"
    expected = [*map(_expected, others), *([_listed(words)] if words else [])]
    return f"found {_found(value)}, expected {' or '.join(dict.fromkeys(expected))}"


def _listed(words: Iterable[object]) -> str:
    shown = [show(word) for word in words]
    return shown[0] if len(shown) == 1 else "one of " + ", ".join(shown)


def _words(kind: types.Type) -> tuple[object, ...]:
    if isinstance(kind, types.EnumType):
        return tuple(member.value for member in kind.cls)
    return tuple(kind.values) if isinstance(kind, types.LiteralType) else ()


def _found(value: object) -> str:
    names = {bool: "", int: "the number ", float: "the number ", str: "the text ", list: "the array "}
    if isinstance(value, Mapping):
        return "a table"
    return names.get(type(value), f"the {type(value).__name__} ") + show(value)


def _expected(kind: types.Type) -> str:
    if isinstance(kind, types.IntType | types.FloatType):
        noun = "a whole number" if isinstance(kind, types.IntType) else "a number"
        bounds = [
            f"{word} {bound if isinstance(bound, int) else f'{bound:g}'}"
            for word, bound in (("of at least", kind.ge), ("above", kind.gt), ("of at most", kind.le))
            if bound is not None
        ]
        return f"{noun} {' and '.join(bounds)}".rstrip()
    if isinstance(kind, types.VarTupleType):
        return f"an array, each {_expected(kind.item_type)}"
    if isinstance(kind, types.UnionType):
        expected = [_expected(option) for option in kind.types if not isinstance(option, types.NoneType)]
        return " or ".join(dict.fromkeys(expected))
    if isinstance(kind, types.LiteralType | types.EnumType):
        return _listed(_words(kind))
    if isinstance(kind, types.StructType | types.DictType):
        return "a table"
    return {types.StrType: "a text", types.BoolType: "true or false"}.get(type(kind), "another kind of value")

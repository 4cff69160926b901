"""What all sections of a scenario share."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

Positive: TypeAlias = Annotated[int, Meta(ge=1)]
Places: TypeAlias = Annotated[int, Meta(ge=1, le=4096)]
"""Slots and optimizer processes: more than that no machine has."""

Repeats: TypeAlias = Annotated[int, Meta(ge=1, le=100_000)]
"""How often one configuration runs, each time with another seed."""

Levels: TypeAlias = Annotated[int, Meta(ge=1, le=100_000)]
PositiveSeconds: TypeAlias = Annotated[float, Meta(gt=0)]
Size: TypeAlias = Annotated[int, Meta(ge=1)] | str
"""Bytes as a number, or a text with a unit: ``512 MiB``, ``4 GB``."""


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all sections share: immutable, and a key that is not known is an error."""

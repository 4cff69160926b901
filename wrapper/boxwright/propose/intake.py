"""What an external optimizer proposes, as a configuration of the study."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Literal

from boxwright.errors import SpaceError
from boxwright.space import Space
from boxwright.space.values import number_from, whole_number_from
from boxwright.terms import Config, Value


class RefusedError(Exception):
    """This evaluation is not carried out; the text says why."""


class Intake:
    """Checks what comes in.

    Args:
        unknown: What becomes of a configuration that is not in the space.
        count: Counts one more that was ``refused``, or that lies ``outside`` the space.
    """

    def __init__(self, space: Space, unknown: Literal["refuse", "accept"], count: Callable[[str], None]) -> None:
        self._space = space
        self._unknown = unknown
        self._count = count

    def config(self, texts: Mapping[str, str], values: Mapping[str, Value]) -> Config:
        """Return the configuration that these parameters make; one that is not named takes its default.

        Raises:
            RefusedError: It is none of this space, and such are not accepted.
        """
        try:
            return self._checked(texts, values)
        except SpaceError as error:
            if self._unknown == "refuse":
                self._count("refused")
                raise RefusedError(str(error)) from error
        self._count("outside")
        plain = {name: self._as_far_as_possible(name, text) for name, text in texts.items()}
        return {**self._space.default(), **plain, **values}

    def _checked(self, texts: Mapping[str, str], values: Mapping[str, Value]) -> Config:
        space = self._space
        for name in (*texts, *values):
            if name not in space.configspace:
                space.check({name: 0})  # says which name may have been meant
        named = {name: space.domain(name).from_text(text) for name, text in texts.items()}
        named |= {name: space.domain(name).from_value(value) for name, value in values.items()}
        return space.allowed(space.composed(lambda domain: named.get(domain.name, domain.default)))

    def _as_far_as_possible(self, name: str, text: str) -> Value:
        with contextlib.suppress(SpaceError, KeyError):
            return self._space.domain(name).from_text(text)
        whole, number = whole_number_from(text), number_from(text)
        return text if number is None else number if whole is None else whole

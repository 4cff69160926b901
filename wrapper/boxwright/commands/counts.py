"""Whole numbers as options of the command line take them."""

from __future__ import annotations

from typing import Any

import click


class Count(click.IntRange):
    """A whole number of at least 1, refused in our words."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number.

        Raises:
            click.BadParameter: It is none, or out of range.
        """
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            most = "" if self.max is None else f" and at most {self.max}"
            self.fail(f'found "{value}"; give a whole number of at least {self.min}{most}.', param, ctx)

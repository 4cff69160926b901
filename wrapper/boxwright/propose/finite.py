"""What is left of a space towards its end, when chance finds nothing new any more."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from itertools import islice

from boxwright.propose.grid import all_configs
from boxwright.space import Space
from boxwright.terms import Config, config_key

COUNT_LIMIT = 20_000
"""Up to so many configurations are listed, so that the model may choose among those that are left."""


class Remaining:
    """The configurations of a finite space that are not taken yet, listed once and only when asked for."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._listed: dict[str, Config] | None = None
        self._is_small = False

    def without(self, taken: AbstractSet[str]) -> list[Config]:
        """Return what is left: all of it in a small space, one of it in a large one, nothing at the end.

        A space without end that chance cannot find a new configuration in counts as used up.

        Args:
            taken: Keys of configurations (``config_key``).
        """
        if self._space.size() is None:
            return []
        if self._listed is None:
            configs = list(islice(all_configs(self._space), COUNT_LIMIT + 1))
            self._is_small = len(configs) <= COUNT_LIMIT
            self._listed = {
                config_key(config): config
                for config in (configs if self._is_small else [])
                if config_key(config) not in taken
            }
        if not self._is_small:
            return self._first_free(taken)
        self._listed = {key: config for key, config in self._listed.items() if key not in taken}
        return list(self._listed.values())

    def _first_free(self, taken: AbstractSet[str]) -> list[Config]:
        free = (config for config in all_configs(self._space) if config_key(config) not in taken)
        return list(islice(free, 1))

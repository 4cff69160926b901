"""What is left of a space towards its end, when chance finds nothing new any more."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from itertools import islice

from boxwright.propose.grid import all_steps
from boxwright.space import Space
from boxwright.terms import Config, config_key

COUNT_LIMIT = 20_000
"""Up to so many configurations are listed at a time, so that the model may choose among those that are left."""

STEPS_LIMIT = 1_000_000
"""So many combinations, forbidden ones included, are looked at for what is left: some seconds, once in a study."""


class Remaining:
    """The configurations of a finite space that are not taken yet, listed only when asked for, and a part at a time.

    No more than ``STEPS_LIMIT`` combinations are looked at in all: of a wide space next to all may be forbidden.

    Attributes:
        is_whole: Whether what ``without`` last returned is all that is left.
    """

    def __init__(self, space: Space) -> None:
        self.is_whole = False
        self._steps: Iterator[Config | None] = iter(()) if space.size() is None else all_steps(space)
        self._walked = 0
        self._listed: dict[str, Config] = {}

    def without(self, taken: AbstractSet[str]) -> list[Config]:
        """Return what is left: all of it in a small space, some of it in a large one.

        Nothing at the end, and where no more is found in the time there is. A space without end that chance cannot
        find a new configuration in counts as used up.

        Args:
            taken: Keys of configurations (``config_key``).
        """
        while True:
            left = [config for key, config in self._listed.items() if key not in taken]
            if left or not self._list_more():
                return left

    def _list_more(self) -> bool:
        """List what comes next in place of what is listed, all of which is taken; return whether there is any."""
        found: dict[str, Config] = {}
        for config in islice(self._steps, STEPS_LIMIT - self._walked):
            self._walked += 1
            if config is not None:
                found[config_key(config)] = config
                if len(found) > COUNT_LIMIT:
                    break
        else:
            self.is_whole = self._walked < STEPS_LIMIT
        self._listed = found or self._listed
        return bool(found)

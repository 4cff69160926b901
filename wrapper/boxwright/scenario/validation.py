"""The section ``validation``: how a result is judged by runs that no optimizer has seen."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from boxwright.scenario.section import Positive, Repeats, Section

LEAST_FACTOR = 1.01
"""With it there are some thousand moments in a week; with 1.000001 they would hardly come to an end."""


class Validation(Section, frozen=True, kw_only=True):
    """What ``boxwright validate`` runs: incumbents, on the test instances or with seeds that are new to them.

    Attributes:
        at_end: Whether it is done at the end of ``run`` and ``resume`` as well.
        incumbents: ``last``, the incumbent alone; ``all`` that there have been; ``times``, those of the last moment,
            of ``factor`` times earlier, and so on.
        factor: By how much each moment of ``times`` lies before the next one.
        from_s: Seconds from the study's first run before which ``times`` looks at nothing.
        until_s: Seconds from the study's first run of the last moment; its last run's end if absent.
        runs: How often a configuration runs on each test instance, each time with another seed. If absent, as often
            as ``instances.test`` names seeds, or once; without test instances 10 times, once if the study is not
            noisy.
        instances: Only the first so many of the test instances.
        seed: Of the random numbers that the seeds are.
    """

    at_end: bool = False
    incumbents: Literal["last", "all", "times"] = "last"
    factor: Annotated[float, Meta(ge=LEAST_FACTOR)] = 2.0
    from_s: Annotated[float, Meta(ge=0)] = 0.0
    until_s: Annotated[float, Meta(gt=0)] | None = None
    runs: Repeats | None = None
    instances: Positive | None = None
    seed: Annotated[int, Meta(ge=0)] = 0

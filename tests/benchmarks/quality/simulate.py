"""One optimizer on one problem: W workers on a virtual clock."""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from quality.cache import Reference
from quality.peer import CpuTime, Make, Task
from quality.problem import Problem

from boxwright.propose.base import ExhaustedError
from boxwright.terms import Config, config_key

DURATION_SIGMA = 0.5
"""Of the logarithm of a run's duration, whose median is one unit of time: one in twenty runs takes over 2.2."""


@dataclass
class Course:
    """What came of it, run by run in the order of their ends.

    Attributes:
        incumbent: True cost of the incumbent after each run; None while every run has failed. The incumbent is the
            configuration with the lowest mean of the costs observed.
        ends: Virtual time of each run's end.
        ask_s: CPU seconds of the ask behind each run, in the order of asking.
        tell_s: CPU seconds of all tells.
    """

    incumbent: list[float | None] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    ask_s: list[float] = field(default_factory=list)
    tell_s: float = 0.0


@dataclass
class _Incumbent:
    """Chooses by what was observed, and tells the true cost."""

    observed: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    true: dict[str, float] = field(default_factory=dict)

    def hear(self, config: Config, true: float | None, observed: float | None) -> None:
        if true is not None and observed is not None:
            key = config_key(config)
            self.observed[key].append(observed)
            self.true[key] = true

    def cost(self) -> float | None:
        if not self.true:
            return None
        best = min(self.observed, key=lambda key: sum(self.observed[key]) / len(self.observed[key]))
        return self.true[best]


def simulate(problem: Problem, measure: Reference, make: Make, task: Task) -> Course:
    """Return the course of an optimizer on a problem.

    Durations and noise are those of the run's number, so that all optimizers meet the same; the noise is another one
    where there are to be more runs.
    """
    rng = np.random.default_rng([17, task.seed])
    durations = rng.lognormal(0.0, DURATION_SIGMA, task.budget)
    noise = rng.normal(0.0, problem.noise_share * (measure.median - measure.drawn_best), task.budget)
    peer = make(task)
    course, incumbent = Course(), _Incumbent()
    running: list[tuple[float, int, Config]] = []
    now, begun, exhausted = 0.0, 0, False
    while True:
        while not exhausted and begun < task.budget and len(running) < task.workers:
            watch = CpuTime.start()
            try:
                config = peer.ask()
            except ExhaustedError:
                exhausted = True
                break
            course.ask_s.append(watch.spent_s())
            heapq.heappush(running, (now + float(durations[begun]), begun, config))
            begun += 1
        if not running:
            return course
        now, number, config = heapq.heappop(running)
        true = problem.evaluate(config)
        observed = None if true is None else true + float(noise[number])
        incumbent.hear(config, true, observed)
        watch = CpuTime.start()
        peer.tell(config, observed)
        course.tell_s += watch.spent_s()
        course.incumbent.append(incumbent.cost())
        course.ends.append(now)

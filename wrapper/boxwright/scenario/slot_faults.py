"""What the section ``slots`` must fulfil beyond its types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from boxwright.scenario.durations import parse_duration, parse_ports
from boxwright.scenario.model import Scenario
from boxwright.scenario.sizes import parse_size
from boxwright.scenario.slots import Slots

LOCAL_ONLY = ("per_gpu", "gpu_ids", "skip_busy_gpus")
JOBS_ONLY = (
    "per_job",
    "per_run_job",
    "memory",
    "walltime",
    "queue",
    "account",
    "setup",
    "extra",
    "job_script",
    "interface",
    "ports",
    "signal_before_end_s",
)
END_MARGIN_S = 10.0
"""So long before its walltime is over, and its runs' grace before that, a batch job ends by itself."""

Faults = Iterator[tuple[tuple[str | int, ...], str]]


def slot_faults(scenario: Scenario) -> Faults:
    """Yield ``(key, problem)`` for everything that does not fit together."""
    slots, plain = scenario.slots, Slots()
    if slots.backend != "local":
        for name in LOCAL_ONLY:
            if getattr(slots, name) != getattr(plain, name):
                yield (
                    ("slots", name),
                    f'goes with slots.backend = "local" only, found "{slots.backend}". Leave it out.',
                )
    if slots.per_run_job and slots.backend == "subprocess":
        yield (
            ("slots", "per_run_job"),
            'goes with a scheduler only, found slots.backend = "subprocess". Leave it out.',
        )
    if slots.per_run_job and slots.per_job > 1:
        yield ("slots", "per_job"), f"{slots.per_job}, but slots.per_run_job has one run in each job. Leave one out."
    yield from _value_faults(scenario)


def _value_faults(scenario: Scenario) -> Faults:
    slots = scenario.slots
    for name, parse in (("walltime", parse_duration), ("memory", parse_size), ("ports", parse_ports)):
        value = getattr(slots, name)
        if value is not None:
            try:
                parse(value)
            except ValueError as error:
                yield ("slots", name), str(error)
                return
    if slots.job_script is not None and not Path(scenario.folder or "", slots.job_script).is_file():
        yield ("slots", "job_script"), f'there is no file "{slots.job_script}"'
    if slots.count is not None and slots.count % slots.per_job and slots.backend != "local":
        fewer = slots.count // slots.per_job * slots.per_job
        right = f"{fewer} or {fewer + slots.per_job}" if fewer else f"{slots.per_job}"
        yield ("slots", "count"), f"{slots.count} slots are no multiple of per_job = {slots.per_job}. Write {right}."
    if slots.backend != "local":
        yield from _time_faults(scenario)


def _time_faults(scenario: Scenario) -> Faults:
    slots, limits = scenario.slots, scenario.limits
    if slots.walltime is None:
        if slots.signal_before_end_s is not None:
            yield ("slots", "signal_before_end_s"), "counts from the end of the walltime. Set slots.walltime."
        return
    walltime_s = parse_duration(slots.walltime)
    least_s = END_MARGIN_S + limits.grace_s
    if slots.signal_before_end_s is not None:
        if not least_s < slots.signal_before_end_s < walltime_s:
            right = f"more than {least_s:g} (10 s and limits.grace_s) and less than the walltime, {walltime_s} s"
            yield ("slots", "signal_before_end_s"), f"{slots.signal_before_end_s:g} must be {right}."
        return  # runs that go on where they stopped may take longer than a job
    if walltime_s <= least_s:
        yield (
            ("slots", "walltime"),
            f"{walltime_s} s: a job ends {least_s:g} s before (10 s and limits.grace_s). Write a longer one.",
        )
        return
    longest_s = longest_run_s(scenario)
    if longest_s is not None and longest_s + least_s > walltime_s:
        yield (
            ("slots", "walltime"),
            f"{walltime_s} s end before a run that takes until its cutoff: {longest_s + least_s:g} s with all that "
            "belongs to it. Write a longer one, or a lower limits.cutoff_s.",
        )


def longest_run_s(scenario: Scenario) -> float | None:
    """Return how long a run may take at most, without its grace; None where it has no cutoff."""
    limits = scenario.limits
    if limits.cutoff_s is None:
        return None
    post_s = scenario.postprocess.cutoff_s if scenario.postprocess else 0.0
    return limits.cutoff_s * limits.cutoff_factor + post_s


def slot_notes(scenario: Scenario) -> tuple[str, ...]:
    """Return in one line what is said of batch jobs where there will be none.

    No fault: the same scenario runs here, or with ``--backend`` there.
    """
    slots, plain = scenario.slots, Slots()
    said = [f"slots.{name}" for name in JOBS_ONLY if getattr(slots, name) != getattr(plain, name)]
    if scenario.optimizer is not None and scenario.optimizer.where == "job":
        said.append("optimizer.where")
    if slots.backend != "local" or not said:
        return ()
    return (f'{", ".join(said)}: for batch jobs, and without effect while slots.backend is "local"',)

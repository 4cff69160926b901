"""The active parameters as words of the command, in the dialect that the command understands.

Each flag and each value is an argument of its own (or one ``name=value``); nothing is quoted, because no shell
reads it. True and false are ``true`` and ``false``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from boxwright.materialise.values import java_double, text_of
from boxwright.scenario.model import FlagDialect
from boxwright.terms import Trial, Value

UNLIMITED_S = 1.7976931348623157e308
"""What SMAC v2 writes for no cutoff: the largest double."""

RUN_LENGTH = 2147483647
"""What SMAC v2 writes for the run length, always."""

DETERMINISTIC_SEED = -1
"""What SMAC v2 writes where the seed does not matter, as ours of 0 does not; any other seed of it is above 0."""

NO_SPECIFIC = "0"
"""What SMAC v2 writes where an instance has no specific text."""


def flag_words(
    trial: Trial,
    dialect: FlagDialect,
    *,
    skip: Collection[str] = (),
    reals: Collection[str] = (),
    cutoff_s: float | None = None,
    noisy: bool = False,
    specific: Mapping[str, str] | None = None,
) -> list[str]:
    """Return the words that are appended to the command.

    Args:
        trial: Its configuration holds the active parameters only, in the order in which they are written.
        dialect: ``smac2`` is the full call line of SMAC v2: instance, instance-specific text, cutoff, run length
            and seed come before the flags; ``aclib2`` names those of them that there are, and ``--config`` is the
            last before the flags.
        skip: Parameters that are left out.
        reals: Parameters that are real numbers: for SMAC v2 they are written as Java writes doubles, while a
            category that is a number stays as it was written.
        cutoff_s: The cutoff of the run, None for none.
        noisy: Whether the seed matters, so that 0 is one like any other.
        specific: By instance, the text that SMAC v2 hands on beside its name.
    """
    active = [(name, value) for name, value in trial.config.items() if name not in skip]
    if dialect in ("smac2", "smac2-quoted"):
        text = (specific or {}).get(trial.instance or "", NO_SPECIFIC)
        return [
            *_smac2_head(trial, text, cutoff_s, noisy=noisy),
            *_smac2_flags(active, reals, "'" * (dialect == "smac2-quoted")),
        ]
    if dialect == "aclib2":
        return [*_aclib2_head(trial, cutoff_s), *_smac2_flags(active, (), "")]
    return [word for name, value in active for word in _flag(name, text_of(value), dialect)]


def _flag(name: str, text: str, dialect: FlagDialect) -> tuple[str, ...]:
    match dialect:
        case "-name value":
            return f"-{name}", text
        case "--name value":
            return f"--{name}", text
        case "--name=value":
            return (f"--{name}={text}",)
        case "name=value":
            return (f"{name}={text}",)
        case _:
            return ()


def _smac2_head(trial: Trial, specific: str, cutoff_s: float | None, *, noisy: bool) -> list[str]:
    instance = "no_instance" if trial.instance is None else trial.instance
    cutoff = java_double(UNLIMITED_S if cutoff_s is None else cutoff_s)
    seed = trial.seed if noisy else trial.seed or DETERMINISTIC_SEED
    return [instance, specific, cutoff, str(RUN_LENGTH), str(seed)]


def _aclib2_head(trial: Trial, cutoff_s: float | None) -> list[str]:
    instance = [] if trial.instance is None else ["--instance", trial.instance]
    cutoff = [] if cutoff_s is None else ["--cutoff", text_of(cutoff_s)]
    return [*instance, *cutoff, "--seed", str(trial.seed), "--config"]


def _smac2_flags(active: list[tuple[str, Value]], reals: Collection[str], quote: str) -> Iterator[str]:
    for name, value in active:
        yield f"-{name}"
        text = java_double(float(value)) if name in reals else text_of(value)
        yield f"{quote}{text}{quote}"

"""What a validation came to: its table, how its numbers were got, and what it says of a study's incumbent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from boxwright.errors import one_line
from boxwright.report.fitting import Table
from boxwright.report.words import config_text, counted, number
from boxwright.store.config_records import ConfigRecord
from boxwright.store.connecting import has_no_study
from boxwright.store.database import Store
from boxwright.store.layout import DATABASE, VALIDATION, is_study
from boxwright.terms import config_key

if TYPE_CHECKING:
    from boxwright.report.source import Source
    from boxwright.study.validated import Validated
    from boxwright.study.validation_plan import Plan


def read_validation(source: Source, best: ConfigRecord | None) -> list[Validated]:
    """Return what a study's validation says of its incumbent, and after it of whatever has had the same test runs.

    Args:
        source: The study.
        best: Its incumbent.

    Returns:
        The incumbent first; nothing where it was not validated: an earlier incumbent says nothing of it.
    """
    from boxwright.study.validated import validated

    folder = source.folder / VALIDATION
    if best is None or not is_study(folder) or has_no_study(folder / DATABASE):
        return []
    training = {config_key(record.config): record for record in source.store.by_config()}
    with Store(folder) as store:
        plan = _plan(store, config_key(best.config))
        return [each for each in validated(plan, store, training) if each.missing < len(plan.rows)]


def _plan(store: Store, best: str) -> Plan:
    """Return the test runs of one configuration, and who else has had some of them."""
    from boxwright.study.validation_plan import Candidate, Plan

    trials = list(store.trials())
    rows = {(trial.instance, trial.seed): None for trial in trials if config_key(trial.config) == best}
    trials.sort(key=lambda trial: config_key(trial.config) != best)  # the best first, all else in its order
    found: dict[str, Candidate] = {}
    for trial in trials:
        if (trial.instance, trial.seed) in rows:
            key = config_key(trial.config)
            label = "the best configuration" if key == best else trial.origin
            found.setdefault(key, Candidate(trial.config, label.replace("incumbent (", "earlier incumbent (")))
    return Plan(tuple(found.values()), tuple(rows), {})


def validation_table(configs: Sequence[Validated], metric: str) -> Table:
    """Return a row for each configuration, without the columns that no row fills."""
    name = one_line(metric)
    header: tuple[str, ...] = (
        "of",
        f"test {name}",
        "standard error",
        "95 % from",
        "to",
        f"training {name}",
        "runs",
        "failed",
        "configuration",
    )
    rows = tuple(
        (
            one_line(config.label),
            number(config.quality),
            number(config.standard_error),
            number(config.lower),
            number(config.upper),
            number(config.training),
            f"{config.runs}" if not config.missing else f"{config.runs} of {config.runs + config.missing}",
            str(config.failed or ""),
            config_text(config.config),
        )
        for config in configs
    )
    kept = [index for index in range(len(header)) if index < 2 or any(row[index] for row in rows)]
    return Table(
        tuple(header[index] for index in kept),
        tuple(tuple(row[index] for index in kept) for row in rows),
        wrapped=True,
    )


def validation_method(configs: Sequence[Validated]) -> list[str]:
    """Return in one line each what the numbers are."""
    first = max(configs, key=lambda config: config.units)
    lines = []
    if first.standard_error is not None:
        what = counted(first.units, first.over.removesuffix("s"))
        lines.append(
            f"mean over {what}, with its standard error; interval: Student's t, {counted(first.units - 1, 'degree')} "
            "of freedom; the training mean is of the runs by which the search has chosen"
        )
    if any(config.failed for config in configs):
        lines.append("failed runs are in no mean: compare them, too")
    return lines


def validation_words(best: Validated) -> str:
    """Return what the validation of the best configuration says of it, in a sentence or two."""
    made = counted(best.runs + best.failed, "run")
    what = f"{made} on test instances" if best.over == "instances" else f"{made} that the search has not seen"
    if best.quality is None:
        return f"Validated by {what}, it has come to nothing: all of them failed."
    text = f"Validated by {what}, it came to {number(best.quality)}"
    if best.standard_error is None:
        text += "; how sure that is, one run cannot say."
    elif not best.standard_error:
        text += ", each time the same."
    else:
        over = counted(best.units, "test instance" if best.over == "instances" else "seed")
        text += (
            f" on average; with 95 % confidence its true mean is between {number(best.lower)} and "
            f"{number(best.upper)} (Student's t, over {over})."
        )
    if best.failed:
        text += f" {best.failed} of them failed, and {'is' if best.failed == 1 else 'are'} in no mean."
    if best.missing:
        text += f" The validation is not finished: {best.missing} more to come."
    return text

"""A study in words: what was searched, what was found, how much better than the default, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from boxwright.errors import one_line
from boxwright.report.charts import Axis
from boxwright.report.source import Source
from boxwright.report.validation import validation_words
from boxwright.report.words import counted, mean_quality, number, seconds, value_text
from boxwright.scenario import Scenario
from boxwright.store.config_records import ConfigRecord, ConfigRecords
from boxwright.store.records import RunRecord
from boxwright.study.validated import Validated
from boxwright.terms import Config, Direction, Value

_MOST_NAMES = 8


def prose(
    source: Source,
    default: ConfigRecord | None,
    best: ConfigRecord | None,
    median: float | None,
    validation: Sequence[Validated] = (),
) -> list[str]:
    """Return the study in words, a paragraph each.

    Args:
        source: The study.
        default: What the default configuration came to; None if it was not run.
        best: The incumbent.
        median: Of the qualities of all trials with an answer.
        validation: What the incumbent came to when it was validated, first of all; nothing if it was not.
    """
    return [
        " ".join(_searched(source)),
        " ".join(_found(source, best)),
        *([" ".join(_gained(source, default, best, median))] if best else []),
        *([" ".join(_certainty(source, default, best, validation))] if best else []),
    ]


def find_default(records: Iterable[RunRecord], axes: Sequence[Axis], *, noisy: bool) -> ConfigRecord | None:
    """Return what the default configuration came to, over all its runs; None if none of them has an answer."""
    mine = [record for record in records if record.settles and _is_default(record.config, axes)]
    return next((found for found in ConfigRecords(mine, noisy=noisy) if found.quality is not None), None)


def _is_default(config: Config, axes: Sequence[Axis]) -> bool:
    known = {axis.name: axis for axis in axes}
    return all(name in known and _at_default(known[name], value) for name, value in config.items())


def _at_default(axis: Axis, value: Value) -> bool:
    return math.isclose(axis.position(value), axis.default, rel_tol=1e-9, abs_tol=1e-12)


def _searched(source: Source) -> Iterable[str]:
    objective = source.objective
    way = "large" if objective.direction is Direction.MAXIMIZE else "small"
    varied = [one_line(axis.name) for axis in source.axes if not axis.is_constant]
    names = ", ".join(varied[:_MOST_NAMES]) + (", …" if len(varied) > _MOST_NAMES else "")
    yield (
        f"The study looked for the configuration that makes {one_line(objective.metric)} as {way} as possible, over "
        f"{counted(len(varied), 'parameter')}{f' ({names})' if names else ''}, chosen by {_chooser(source.scenario)}."
    )
    total, settled = source.store.trial_counts()
    failed = source.store.failed_trials()
    without = f", {failed} of them without an answer" if failed else ""
    yield f"{counted(settled, 'trial')} of {total} came to an end{without}."


def _chooser(scenario: Scenario) -> str:
    if scenario.design is not None:
        return f"a design ({scenario.design.__struct_config__.tag or 'design'!s})"
    optimizer = scenario.optimizer
    if optimizer is None:
        return "nobody"
    if optimizer.command is not None:
        return "an external optimizer"
    seeds = optimizer.seeds
    if seeds == 1:
        return "one optimizer seed"
    return f"{seeds if isinstance(seeds, int) else 'several'} optimizer seeds that share one model"


def _found(source: Source, best: ConfigRecord | None) -> Iterable[str]:
    if best is None:
        yield "Nothing was found: no run has succeeded."
        return
    metric = one_line(source.objective.metric)
    values = ", ".join(f"{one_line(name)} = {value_text(value)}" for name, value in best.config.items())
    yield f"The best configuration is that of run {best.run}, with {metric} {mean_quality(best)}: {values}."


def _gained(source: Source, default: ConfigRecord | None, best: ConfigRecord, median: float | None) -> Iterable[str]:
    assert best.quality is not None
    if default is None or default.quality is None:
        yield (
            "The default configuration was not run, or not with success, so how much better this is than the default "
            'is not known; optimizer.first = ["default"] runs it.'
        )
        if median is not None and _gap(source, best.quality, median) >= 0:
            yield f"Half of the trials came to {number(median)} or worse: the best is {_apart(best.quality, median)}."
        return
    if default.run == best.run:
        yield "That is the default configuration: nothing better was found."
        return
    came = f"The default configuration (run {default.run}) came to {mean_quality(default)}"
    if _gap(source, best.quality, default.quality) >= 0:
        yield f"{came}: the best is {_apart(best.quality, default.quality)}."
    elif default.failed:
        yield f"{came}, which is better, but {default.failed} of its runs failed."
    else:
        yield f"{came}, which is better, but in {counted(default.runs, 'run')}, and luck explains it."


def _gap(source: Source, quality: float, other: float) -> float:
    """Return by how much the first is better; negative if it is worse."""
    return quality - other if source.objective.direction is Direction.MAXIMIZE else other - quality


def _apart(quality: float, other: float) -> str:
    """Return by how much one is better than the other, which is no better."""
    gap = abs(quality - other)
    if not gap:
        return "no better"
    # Across zero, or from it, a share would say nothing.
    share = f", or {gap / abs(other):.1%} of it" if quality * other > 0 else ""
    return f"better by {number(gap)}{share}"


def _certainty(
    source: Source, default: ConfigRecord | None, best: ConfigRecord, validation: Sequence[Validated]
) -> Iterable[str]:
    is_known = source.store.is_noisy and best.runs > 1 and best.standard_error is not None
    if is_known:
        yield from _spread(source, default, best)
    elif validation:
        yield "The search cannot tell luck and merit apart: the best ran once, and is more often lucky than not."
    elif source.store.is_noisy:
        yield (
            "How sure this is cannot be said: the best configuration ran once only, so that its spread is not known, "
            "and the best of many is more often lucky than not."
        )
    else:
        yield (
            "How sure this is, the study does not say: each configuration ran once, so that luck and merit cannot be "
            "told apart. If the command is deterministic, its answer is what it is. If not, run it again with other "
            "seeds (study.noisy = true, or replicates in a design). The best of many is more often lucky than not."
        )
    if validation:
        yield validation_words(validation[0])
    else:
        yield "boxwright validate judges it by runs that the search has not seen."


def _spread(source: Source, default: ConfigRecord | None, best: ConfigRecord) -> Iterable[str]:
    yield (
        f"It ran {best.runs} times; the standard error of its mean is {number(best.standard_error)}. As the best of "
        "many it was chosen by these very runs, so its true mean is rather worse than better."
    )
    if default is None or default.standard_error is None or default.quality is None or default.run == best.run:
        return
    assert best.quality is not None
    assert best.standard_error is not None
    gap = _gap(source, best.quality, default.quality)
    error = math.hypot(best.standard_error, default.standard_error)
    if gap < 0 or not 0 < error < math.inf:
        return
    shares = [((each.standard_error or 0.0) / error) ** 2 for each in (best, default)]
    # Degrees of freedom by Welch and Satterthwaite (Welch 1947, Biometrika 34)
    freedom = 1 / sum(share**2 / (each.runs - 1) for share, each in zip(shares, (best, default), strict=True))
    weight = "more" if gap > error * _t_quantile(freedom) else "no more"
    yield (
        f"The gap to the default is {gap / error:.1f} standard errors, {weight} than luck explains well "
        "(Welch's t test at 5 %)."
    )


def _t_quantile(freedom: float) -> float:
    """Return what Student's t exceeds in absolute value once in twenty."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.975))


def duration_text(records: Sequence[RunRecord]) -> str:
    """Return from the first start to the last end, and the time of all runs together."""
    starts = [record.started for record in records if record.started is not None]
    ends = [record.ended for record in records if record.ended is not None]
    if not starts or not ends:
        return ""
    together = sum(record.wall_s or 0.0 for record in records)
    return f"{seconds(max(ends) - min(starts))} from first start to last end; {seconds(together)} of runs"

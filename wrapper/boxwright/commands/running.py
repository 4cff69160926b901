"""``run`` and ``resume``: carry a study out, with progress on stderr and the table of runs on stdout."""

from __future__ import annotations

import contextlib
import errno
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright.commands.validate import Validation, print_validation, validate_at_end
from boxwright.errors import UserError, nearest
from boxwright.study.watching import NoWatcher, Watcher
from boxwright.terms import Status

if TYPE_CHECKING:
    from boxwright.report.fitting import Table
    from boxwright.scenario import Scenario
    from boxwright.store.database import Store
    from boxwright.study.summary import Summary

_SHOWN_RUNS = 20
"""So many runs, the best first, are shown at the end of a study."""


def overrides(
    given: Scenario | None, *, runs: int | None, slots: int | None, seeds: int | None, settings: Sequence[str]
) -> list[str]:
    """Return the ``key=value`` texts that the options stand for; ``--set`` comes first, the options win.

    What they change has to be given where there are ``runs`` or ``seeds``.

    Raises:
        UserError: ``seeds`` would replace the kinds that the scenario lists.
    """
    is_design = given is not None and given.design is not None
    if given is not None:
        _refuse_to_replace_kinds(given, seeds)
    texts = list(settings)
    if slots is not None:
        texts.append(f"slots.count={slots}")
    if seeds is not None:
        texts.append(f"optimizer.seeds={seeds}")
    if runs is not None:
        texts.append(f"{'design' if is_design else 'optimizer'}.runs={runs}")
    return texts


def run(
    scenario: str | Path,
    *,
    study: str | Path | None = None,
    slots: int | None = None,
    seeds: int | None = None,
    runs: int | None = None,
    warm_start: Sequence[str | Path] = (),
    settings: Sequence[str] = (),
    watcher: Watcher | None = None,
    opened: Callable[[Path], None] = lambda _: None,
) -> tuple[Path, Summary]:
    """Carry a scenario out in a new study folder, and validate the result where it says ``validation.at_end``.

    Args:
        scenario: A scenario file, or a folder that holds ``scenario.toml``.
        study: The folder to make; ``studies/<name>`` if None.
        slots: How many runs at a time.
        seeds: How many optimizer seeds.
        runs: How many runs in all.
        warm_start: Studies and CSV files whose runs the optimizer knows from the start, in place of the scenario's.
        settings: ``key=value`` texts that go before what the scenario says.
        watcher: Hears what goes on.
        opened: Called with the study folder once it is there.

    Returns:
        The study folder, and how it was left.

    Raises:
        UserError: The scenario, the folder or this machine is not as it should be; nothing was written.
        StudyError: The study cannot go on.
    """
    watcher = watcher or NoWatcher()
    folder, summary = _run(
        scenario,
        study=study,
        slots=slots,
        seeds=seeds,
        runs=runs,
        warm_start=warm_start,
        settings=settings,
        watcher=watcher,
        opened=opened,
    )
    validate_at_end(folder, summary, watcher)
    return folder, summary


def _run(
    scenario: str | Path,
    *,
    study: str | Path | None,
    slots: int | None,
    seeds: int | None,
    runs: int | None,
    warm_start: Sequence[str | Path],
    settings: Sequence[str],
    watcher: Watcher,
    opened: Callable[[Path], None],
) -> tuple[Path, Summary]:
    from boxwright.study.session import new_study

    refuse_empty_name(study)
    texts = new_overrides(scenario, slots=slots, seeds=seeds, runs=runs, warm_start=warm_start, settings=settings)
    folders: list[Path] = []

    def hear(folder: Path) -> None:
        folders.append(folder)
        opened(folder)

    summary = new_study(
        Path(scenario),
        study=None if study is None else Path(study),
        overrides=texts,
        watcher=watcher,
        opened=hear,
    )
    return folders[0], summary


def refuse_empty_name(study: str | Path | None) -> None:
    """Refuse a study without a name; raises UserError."""
    if study is not None and not str(study).strip():
        raise UserError("the name is empty. Name a folder, or leave --study out.", place="--study")


def new_overrides(
    scenario: str | Path,
    *,
    slots: int | None = None,
    seeds: int | None = None,
    runs: int | None = None,
    warm_start: Sequence[str | Path] = (),
    settings: Sequence[str] = (),
) -> list[str]:
    """Return the ``key=value`` texts that all options of :func:`run` stand for.

    Raises:
        UserError: The scenario cannot be read, or has no place for one of them.
    """
    from boxwright.scenario import load_scenario

    is_needed = runs is not None or seeds is not None or bool(warm_start)
    given = load_scenario(Path(scenario), settings).scenario if is_needed else None
    texts = overrides(given, runs=runs, slots=slots, seeds=seeds, settings=settings)
    return [*texts, _warm_start(warm_start, given)] if warm_start else texts


def resume(
    study: str | Path,
    *,
    slots: int | None = None,
    seeds: int | None = None,
    runs: int | None = None,
    settings: Sequence[str] = (),
    retry: Sequence[str] = (),
    watcher: Watcher | None = None,
) -> Summary:
    """Take a study up where it was left; with ``runs`` also extend it. See :func:`run` for the rest.

    Args:
        study: The study folder.
        slots: How many runs at a time.
        seeds: How many optimizer seeds.
        runs: How many runs in all.
        settings: ``key=value`` texts that go before what the study says, and are kept in it.
        retry: Statuses; trials with such an outcome are run once more.
        watcher: Hears what goes on.

    Raises:
        UserError: It is no study, somebody else is at work on it, or a setting would change what its runs mean.
        StudyError: The study cannot go on.
    """
    watcher = watcher or NoWatcher()
    summary = _resume(study, slots=slots, seeds=seeds, runs=runs, settings=settings, retry=retry, watcher=watcher)
    validate_at_end(Path(study).absolute(), summary, watcher)
    return summary


def _resume(
    study: str | Path,
    *,
    slots: int | None,
    seeds: int | None,
    runs: int | None,
    settings: Sequence[str],
    retry: Sequence[str],
    watcher: Watcher,
) -> Summary:
    from boxwright.commands.opening import study_scenario
    from boxwright.study.session import resume_study

    given = study_scenario(Path(study)) if runs is not None or seeds is not None else None
    texts = overrides(given, runs=runs, slots=slots, seeds=seeds, settings=settings)
    statuses = [_failure(word) for word in retry]
    return resume_study(Path(study), overrides=texts, watcher=watcher, retry=statuses)


def _refuse_to_replace_kinds(scenario: Scenario, seeds: int | None) -> None:
    optimizer = scenario.optimizer
    if seeds is not None and optimizer is not None and isinstance(optimizer.seeds, tuple):
        kinds = ", ".join(kind.name for kind in optimizer.seeds)
        raise UserError(
            f"{seeds} would replace the kinds that optimizer.seeds lists ({kinds}). Leave it out and give each a"
            f" count there, or replace them with --set optimizer.seeds={seeds}.",
            place="--seeds",
        )


def _warm_start(paths: Sequence[str | Path], given: Scenario | None) -> str:
    """Return the ``key=value`` text for paths that start where the person is."""
    from boxwright.scenario.toml_text import to_toml

    if given is not None and given.design is not None:
        raise UserError("a design does not look at earlier runs. Leave it out.", place="--warm-start")
    texts = [str(Path(path).absolute()) for path in paths]
    return f"optimizer.{to_toml({'warm_start': texts}).strip()}"


def _failure(word: str) -> Status:
    """Return the status that a word names."""
    known = [status for status in Status if status.is_failure]
    status = next((status for status in known if status == word.strip().upper()), None)
    if status is None:
        hint = nearest(word.strip().lower(), [status.lower() for status in known])
        raise UserError(f'"{word}" is no outcome that could be run again. {hint}', place="--retry")
    return status


def run_command(
    scenario: str,
    *,
    study: str | None,
    slots: int | None,
    seeds: int | None,
    runs: int | None,
    warm_start: Sequence[str],
    settings: Sequence[str],
    detached: bool = False,
    with_page: bool = False,
) -> int:
    """Do ``boxwright run``."""
    if detached and with_page:
        raise UserError("the page would end at once. Leave it out, and `boxwright serve` the study.", place="--serve")
    if detached:
        from boxwright.commands.detaching import detach_command

        refuse_empty_name(study)
        texts = new_overrides(scenario, slots=slots, seeds=seeds, runs=runs, warm_start=warm_start, settings=settings)
        return detach_command(scenario, study=study, overrides=texts)
    from boxwright.commands.serve import page_beside, refuse_missing_extra
    from boxwright.report.progress import open_progress
    from boxwright.scenario import load_scenario

    if with_page:
        refuse_missing_extra()
    objective = load_scenario(Path(scenario), settings).scenario.study.objective.metric
    with contextlib.ExitStack() as stack:
        watcher = stack.enter_context(open_progress(sys.stderr, objective))

        def show(folder: Path) -> None:
            if with_page:
                stack.enter_context(page_beside(folder, watcher.note))

        folder, summary = _run(
            scenario,
            study=study,
            slots=slots,
            seeds=seeds,
            runs=runs,
            warm_start=warm_start,
            settings=settings,
            watcher=watcher,
            opened=show,
        )
        found = validate_at_end(folder, summary, watcher)
    return _conclude(folder, summary, found)


def resume_command(
    study: str,
    *,
    slots: int | None,
    seeds: int | None,
    runs: int | None,
    settings: Sequence[str],
    retry: str | None = None,
) -> int:
    """Do ``boxwright resume``."""
    from boxwright.commands.opening import study_scenario
    from boxwright.report.progress import open_progress

    folder = Path(study).absolute()
    with open_progress(sys.stderr, study_scenario(folder).study.objective.metric) as watcher:
        words = [] if retry is None else retry.split(",")
        summary = _resume(
            folder, slots=slots, seeds=seeds, runs=runs, settings=settings, retry=words, watcher=watcher
        )
        found = validate_at_end(folder, summary, watcher)
    return _conclude(folder, summary, found)


def _conclude(folder: Path, summary: Summary, found: Validation | None) -> int:
    """Print the best runs, the incumbent, what its validation came to, and where everything lies."""
    from boxwright.commands.opening import open_study
    from boxwright.commands.status import evaluations_line
    from boxwright.report.streams import forget_reader
    from boxwright.report.tables import incumbent_text, print_line, print_table
    from boxwright.study.metrics import shown_metrics

    opened = open_study(folder)
    objective = opened.scenario.study.objective.metric
    metrics = shown_metrics(opened.scenario)
    with opened.store as store:
        incumbent = store.incumbent()
        table, note = _best_table(store, objective, metrics)
        note += evaluations_line(store)
    sys.stderr.write(note)
    try:
        print_table(table, sys.stdout)
        print_line(incumbent_text(incumbent, objective, metrics), sys.stdout)
        if found is not None:
            print_validation(found, objective)
        sys.stdout.write(f"study: {folder}\n")
        sys.stdout.flush()
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.EIO):
            raise
        forget_reader(sys.stdout)  # it, or its terminal, is gone; how the study went is still to be told
    if summary.interrupted:
        sys.stderr.write(f"not finished; continue with: boxwright resume {folder}\n")
    return summary.exit_code if found is None else max(summary.exit_code, found.summary.exit_code)


def _best_table(store: Store, objective: str, metrics: Sequence[str]) -> tuple[Table, str]:
    """Return the best runs, or in a noisy study configurations; and a line for stderr if these are not all.

    Where no run has succeeded there are no means to show: then it is runs, too, with what became of them.
    """
    from boxwright.report.tables import config_table, run_table

    configs = store.by_config() if store.is_noisy else None
    if configs is not None and (best := configs.ranked(_SHOWN_RUNS)):
        best += [config for config in configs if not config.runs][: _SHOWN_RUNS - len(best)]
        number, what, option = len(configs), "configurations", "--by-config "
        table = config_table(best, objective, metrics)
    else:
        records = sorted(store.runs(), key=lambda run: (run.cost is None, run.cost or 0.0, run.run))
        number, what, option = len(records), "runs", ""
        table = run_table(records[:_SHOWN_RUNS], objective, metrics)
    if number <= _SHOWN_RUNS:
        return table, ""
    return table, f"the best {_SHOWN_RUNS} of {number} {what}; all: boxwright results {option}{store.study}\n"

"""``status``: where a study stands."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boxwright.commands.opening import open_study

if TYPE_CHECKING:
    from boxwright.report.fitting import Table
    from boxwright.store.config_records import ConfigRecord
    from boxwright.store.database import Store


_EVALUATIONS = {
    "refused": "refused: not in the space, or no such instance",
    "outside": "not in the space and run all the same",
    "answered": "answered by an earlier run",
}


def status(study: str | Path) -> dict[str, Any]:
    """Return where a study stands: controller, trials, runs by status, what is running, the incumbent.

    ``target`` is the number of trials that the study was last asked for, None where it is not known before the end.
    ``state`` is ``running``, ``paused``, ``stopping`` (no new runs; the last ones end), ``finished``, ``interrupted``
    (to be resumed) or ``aborted`` (by a run); ``reason`` says why it ended of its own accord before all runs were
    made, and is empty else. ``pilots`` is None but for a running study in batch jobs: how many are ``queued`` and
    ``running``, and how many ``slots`` they hold. ``jobs`` says the same of a running study with one job per run,
    where ``slots`` are so many as there may be at a time. ``validation`` says where the study's
    validation stands; None if there is none.

    Raises:
        UserError: The folder is no study.
    """
    from boxwright.store.layout import JOBS, PILOTS
    from boxwright.study.control import is_running
    from boxwright.study.state import state_of

    opened = open_study(study)
    validation = _validation(opened.folder)
    is_validated = validation is not None and validation["controller"] == "running"
    running = is_running(opened.folder) and not is_validated
    with opened.store as store:
        trials, settled = store.trial_counts()
        target = store.meta("target")
        incumbent = store.incumbent()
        return {
            "study": str(opened.folder),
            "controller": "running" if running else "not running",
            "state": state_of(store.all_meta(), running=running),
            "reason": "" if running else store.meta("reason"),
            "target": int(target) if target else None,
            "trials": trials,
            "settled": settled,
            "failed": store.failed_trials(),
            "runs": {str(name): number for name, number in sorted(store.counts().items())},
            "pilots": json.loads(store.meta(PILOTS) or "null") if running else None,
            "jobs": json.loads(store.meta(JOBS) or "null") if running else None,
            "evaluations": _evaluations(store),
            "running": [record.as_json() for record in store.runs(running=True)],
            "incumbent": _incumbent_json(incumbent),
            "validation": validation,
        }


def _evaluations(store: Store) -> dict[str, int]:
    from boxwright.store.layout import EVALUATIONS

    return {name: int(store.meta(f"{EVALUATIONS}{name}", "0")) for name in _EVALUATIONS}


def evaluations_line(store: Store) -> str:
    """Return a line on what external optimizers asked for without a run like the others; empty if nothing."""
    asked = [f"{number} {_EVALUATIONS[name]}" for name, number in _evaluations(store).items() if number]
    if not asked:
        return ""
    return f"evaluations that external optimizers asked for without a run like the others: {', '.join(asked)}\n"


def _validation(study: Path) -> dict[str, Any] | None:
    """Return where the validation of a study stands; None if there is none."""
    from boxwright.store.layout import VALIDATION, is_study

    if not is_study(study / VALIDATION):
        return None
    whole = status(study / VALIDATION)
    return {key: whole[key] for key in ("study", "controller", "state", "target", "trials", "settled", "failed")}


def _incumbent_json(best: ConfigRecord | None) -> dict[str, object] | None:
    """Return the incumbent as its run, in a noisy study with means and how many runs they are of."""
    if best is None:
        return None
    return {**best.mean.as_json(), **best.as_json()} if best.noisy else best.mean.as_json()


def status_command(study: str, *, as_json: bool) -> int:
    """Do ``boxwright status``."""
    from boxwright.report.json_text import json_text
    from boxwright.report.tables import incumbent_text, print_line, print_table
    from boxwright.study.metrics import shown_metrics

    state = status(study)
    if as_json:
        sys.stdout.write(f"{json_text(state, indent=1)}\n")
        return 0
    opened = open_study(study)
    runs = ", ".join(f"{number} {name}" for name, number in state["runs"].items()) or "none"
    target = "an unknown number" if state["target"] is None else state["target"]
    write = sys.stdout.write
    write(f"study: {state['study']} (controller {state['controller']})\n")
    write(f"trials: {state['settled']} of {target} settled, {state['failed']} without an answer\n")
    write(f"runs: {runs}\n")
    if pilots := state["pilots"]:
        write(f"pilots: {pilots['queued']} queued, {pilots['running']} running with {pilots['slots']} slots\n")
    if jobs := state["jobs"]:
        write(f"jobs: {jobs['queued']} queued, {jobs['running']} running, one for each run; {jobs['slots']} slots\n")
    with opened.store as store:
        write(evaluations_line(store))
        incumbent = store.incumbent()
    metrics = shown_metrics(opened.scenario)
    print_line(incumbent_text(incumbent, opened.scenario.study.objective.metric, metrics), sys.stdout)
    if state["running"]:
        print_table(_running_table(state["running"]), sys.stdout)
    if state["reason"]:
        write(f"ended: {state['reason']}\n")
    if (validation := state["validation"]) is not None:
        how = "; under way" if validation["controller"] == "running" else ""
        counts = (
            f"{validation['settled']} of {validation['target'] or '?'} runs settled, {validation['failed']} failed"
        )
        write(f"validation: {counts}{how} (boxwright results --validation {state['study']})\n")
    write(_how_to_go_on(state))
    return 0


def _running_table(runs: list[dict[str, Any]]) -> Table:
    from boxwright.report.fitting import Table
    from boxwright.report.words import config_text, seconds

    now = time.time()
    rows = tuple(
        (
            str(run["run"]),
            str(run["slot"]),
            ",".join(run["gpus"]),
            seconds(now - (run["started"] or now)),
            config_text(run["config"]),
        )
        for run in runs
    )
    return Table(("run", "slot", "GPU", "for", "configuration"), rows, wrapped=True)


def _how_to_go_on(state: dict[str, Any]) -> str:
    """Return the line that says how a study without a controller goes on; empty where there is nothing to do."""
    from boxwright.report.words import counted

    resume = f"continue with: boxwright resume {state['study']}\n"
    if state["state"] == "aborted":
        return f"a run asked for the study to stop; {resume}"
    if state["state"] != "interrupted":
        return ""
    if not state["running"]:
        return f"interrupted; {resume}"
    return f"interrupted, with {counted(len(state['running']), 'run')} under way that nobody looks after; {resume}"

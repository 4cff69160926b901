"""``status``: where a study stands."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from boxwright.commands.opening import open_study


def status(study: str | Path) -> dict[str, Any]:
    """Return where a study stands: controller, trials, runs by status, what is running, the incumbent.

    Raises:
        UserError: The folder is no study.
    """
    from boxwright.study.control import is_running

    opened = open_study(study)
    with opened.store as store:
        trials, settled = store.trial_counts()
        incumbent = store.incumbent()
        return {
            "study": str(opened.folder),
            "controller": "running" if is_running(opened.folder) else "not running",
            "trials": trials,
            "settled": settled,
            "failed": store.failed_trials(),
            "runs": {str(name): number for name, number in sorted(store.counts().items())},
            "running": [record.as_json() for record in store.runs(running=True)],
            "incumbent": None if incumbent is None else incumbent.as_json(),
        }


def status_command(study: str, *, as_json: bool) -> int:
    """Do ``boxwright status``."""
    from boxwright.report.tables import incumbent_text, print_table
    from boxwright.report.words import config_text, seconds
    from boxwright.study.setup import shown_metrics

    state = status(study)
    if as_json:
        json.dump(state, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
        return 0
    opened = open_study(study)
    runs = ", ".join(f"{number} {name}" for name, number in state["runs"].items()) or "none"
    write = sys.stdout.write
    write(f"study: {state['study']} (controller {state['controller']})\n")
    write(f"trials: {state['settled']} of {state['trials']} settled, {state['failed']} without an answer\n")
    write(f"runs: {runs}\n")
    with opened.store as store:
        incumbent = store.incumbent()
    write(f"{incumbent_text(incumbent, opened.scenario.study.objective.metric, shown_metrics(opened.scenario))}\n")
    now = time.time()
    rows = [
        [
            str(run["run"]),
            str(run["slot"]),
            ",".join(run["gpus"]),
            seconds(now - (run["started"] or now)),
            config_text(run["config"]),
        ]
        for run in state["running"]
    ]
    if rows:
        print_table(["run", "slot", "GPU", "for", "configuration"], rows, sys.stdout)
    if state["running"] and state["controller"] == "not running":
        sys.stderr.write(f"these runs have no controller; take them up with: boxwright resume {state['study']}\n")
    return 0

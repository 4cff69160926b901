"""Optuna proposes, the study runs: optimize.py SEED RUNS, started by `boxwright run`."""

import sys

import optuna

from boxwright.sdk import as_completed, submit

SLOTS = 2


def propose(study):
    """Have one more trial run; return it with its run."""
    trial = study.ask()
    values = {"x1": trial.suggest_float("x1", -5, 10), "x2": trial.suggest_float("x2", 0, 15)}
    return trial, submit(values)


def main(seed, runs):
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, constant_liar=True))
    under_way = dict(reversed(propose(study)) for _ in range(min(SLOTS, runs)))
    left = runs - len(under_way)
    while under_way:
        run = next(as_completed(under_way))
        trial, report = under_way.pop(run), run.wait()
        if report.cost is None:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            study.tell(trial, report.cost)
        if left:
            left -= 1
            trial, run = propose(study)
            under_way[run] = trial
    print("best:", study.best_value, study.best_params)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

"""Turns a trial into a request: the run's folder with all that the command needs, and ``run.json`` first of all."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Mapping
from pathlib import Path

import msgspec

from boxwright.execute.messages import PostStep, Request
from boxwright.materialise import Plan, RunContext, mask_secrets, time_port, write_plan
from boxwright.pilots.checkpoints import was_signalled
from boxwright.scenario import parse_size
from boxwright.store.database import Store
from boxwright.store.layout import RUN_RECORD, process_mark, run_folder
from boxwright.study.setup import Setup
from boxwright.terms import Slot, Trial

_CHECKPOINT = "BOXWRIGHT_CHECKPOINT"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}


def is_disk_trouble(error: BaseException) -> bool:
    """Return whether the disk, not the run, is at fault, so that the next run would fare no better."""
    return isinstance(error, OSError) and error.errno in _FULL


class Launcher:
    """Prepares runs of one study."""

    def __init__(self, setup: Setup, store: Store) -> None:
        self._setup = setup
        self._store = store
        self._study = store.study
        slots = setup.scenario.slots
        # What a batch job has loaded and activated is to reach its runs.
        self._inherits_from_job = slots.backend != "local" and setup.scenario.environment.inherit
        self._goes_on = slots.signal_before_end_s is not None
        self._study_id = store.meta("study_id")
        self._mark = process_mark(store.study, self._study_id)
        self._parent: Path | None = None
        limits = setup.scenario.limits
        self._memory_bytes = None if limits.memory is None else parse_size(limits.memory)
        self._output_bytes = parse_size(limits.output)
        self._cutoff_s = limits.cutoff_s
        self._cutoff_factor = limits.cutoff_factor
        self._time_port = time_port(setup.scenario)

    async def prepare(self, run: int, attempt: int, trial: Trial, slot: Slot) -> Request:
        """Make the folder of a run and return what the slot agent is to do.

        Raises:
            UserError: A template or a flag cannot be rendered for this configuration.
            OSError: The folder cannot be written.
        """
        folder = run_folder(self._study, run)
        context = RunContext(
            run=run,
            trial=trial,
            slot=slot,
            folder=folder,
            study=self._study,
            mark=self._mark,
            attempt=attempt,
        )
        plan = self._setup.materialiser.plan(context)
        if folder.parent != self._parent:
            folder.parent.mkdir(parents=True, exist_ok=True)
            self._parent = folder.parent
        folder.mkdir()
        (folder / RUN_RECORD).write_bytes(self._record(context, plan))
        if plan.stages:
            # Copying data sets may take long; the other slots must not wait for it.
            await asyncio.to_thread(write_plan, plan, folder)
        else:
            write_plan(plan, folder)
        checkpoint = self._checkpoint(trial) if attempt > 1 and self._goes_on else None
        return self._request(run, trial, folder, plan, {} if checkpoint is None else {_CHECKPOINT: str(checkpoint)})

    def _checkpoint(self, trial: Trial) -> Path | None:
        """Return the folder of the latest run of the trial that was told to save what it has; None if none was."""
        folders = (run_folder(self._study, run) for run in self._store.lost_runs(trial.number))
        return next(filter(was_signalled, folders), None)

    def _request(self, run: int, trial: Trial, folder: Path, plan: Plan, more: Mapping[str, str]) -> Request:
        scenario = self._setup.scenario
        post = None
        if plan.post_argv is not None and scenario.postprocess is not None:
            post = PostStep(argv=plan.post_argv, cutoff_s=scenario.postprocess.cutoff_s)
        cutoff_s = self._cutoff_s if trial.cutoff_s is None else trial.cutoff_s
        return Request(
            run=run,
            folder=str(folder),
            argv=plan.argv,
            env={**(plan.added_env if self._inherits_from_job else plan.env), **more},
            inherits=scenario.environment.unset if self._inherits_from_job else None,
            workdir=plan.workdir,
            cutoff_s=None if cutoff_s is None else cutoff_s * self._cutoff_factor,
            grace_s=scenario.limits.grace_s,
            memory_bytes=self._memory_bytes,
            output_bytes=self._output_bytes,
            post=post,
            post_always=not scenario.command.exit_code,
            time_port=self._time_port,
        )

    def _record(self, context: RunContext, plan: Plan) -> bytes:
        trial, slot = context.trial, context.slot
        document = {
            "run": context.run,
            "trial": trial.number,
            "attempt": context.attempt,
            "study_id": self._study_id,
            "config": dict(trial.config),
            "instance": trial.instance,
            "seed": trial.seed,
            "budget": trial.budget,
            "cutoff_s": self._setup.scenario.limits.cutoff_s if trial.cutoff_s is None else trial.cutoff_s,
            "optimizer_seed": trial.optimizer_seed,
            "origin": trial.origin,
            "stages": self._setup.stages,
            "slot": slot.number,
            "gpus": slot.gpus,
            "argv": plan.argv,
            "environment": mask_secrets(plan.added_env),
        }
        return msgspec.json.format(msgspec.json.encode(document), indent=1)

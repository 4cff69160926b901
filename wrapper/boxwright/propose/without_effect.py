"""What an optimizer is asked for that has no effect as things are: no fault, but probably not meant."""

from __future__ import annotations

from boxwright.propose.kinds import hosted_kinds, seed_kinds
from boxwright.scenario.kinds import MODELLED
from boxwright.scenario.optimizer import Optimizer


def optimizer_notes(optimizer: Optimizer | None, *, noisy: bool) -> tuple[str, ...]:
    """Return in one line each what is asked for in vain.

    Args:
        optimizer: None for a design.
        noisy: Whether a configuration may run more than once.
    """
    if optimizer is None or optimizer.command is not None:
        return ()
    plain = Optimizer(runs=1)
    kinds = hosted_kinds(optimizer) or seed_kinds(optimizer, 1)
    notes = []
    if optimizer.min_improvement is not None and not any(kind.model in MODELLED for kind in kinds):
        names = ", ".join(dict.fromkeys(kind.model for kind in kinds))
        known = ", ".join(MODELLED)
        notes.append(
            f"min_improvement: without effect, {known} alone say what they expect, and there is only {names}"
        )
    if optimizer.patience is not None and optimizer.min_improvement is None:
        notes.append("patience: without effect while there is no optimizer.min_improvement")
    if optimizer.max_config_calls not in (plain.max_config_calls, 1) and not noisy:
        notes.append("max_config_calls: without effect while study.noisy is false")
    if optimizer.initial is not None and optimizer.initial >= optimizer.runs > 1:
        notes.append(f"initial: {optimizer.initial} of {optimizer.runs} runs, so that no model is ever asked")
    return tuple(f"optimizer.{note}" for note in notes)

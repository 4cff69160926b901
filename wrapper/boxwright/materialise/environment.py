"""The environment of one run: what is inherited, what boxwright adds, what the scenario sets.

A slot without GPUs leaves ``CUDA_VISIBLE_DEVICES`` and its like as they were inherited: a scenario that says nothing
of GPUs runs as it would without boxwright. ``ROCR_VISIBLE_DEVICES`` is not set beside ``HIP_VISIBLE_DEVICES``: the
second counts within what the first leaves, so that both together would hide every card but the first.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping

from boxwright.materialise.context import RunContext
from boxwright.materialise.values import text_of
from boxwright.scenario.model import Scenario

GPU_VARIABLES = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "BOXWRIGHT_GPUS")
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
_TIME_PORT = "AEATK_PORT"
_SECRET = re.compile(
    r"SECRET|TOKEN|PASSW|PASSPHRASE|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE|AUTH|COOKIE|SESSION|(^|_)(KEY|PWD|PAT|DSN)$",
    re.IGNORECASE,
)
_NO_SECRETS = frozenset({"BOXWRIGHT_TOKEN", "PWD", "OLDPWD"})
_URL_LOGIN = re.compile(r"(\w+://)[^/@\s]+@")


def inherited_environment(scenario: Scenario, environment: Mapping[str, str]) -> dict[str, str]:
    """Return what every run of a study inherits; nothing of a run that boxwright itself may be part of."""
    if not scenario.environment.inherit:
        return {}
    unset = set(scenario.environment.unset)
    return {
        name: value
        for name, value in environment.items()
        if name not in unset and not name.startswith("BOXWRIGHT_") and not name.startswith("AEATK_")
    }


def added_environment(context: RunContext, scenario: Scenario, settings: Mapping[str, str]) -> dict[str, str]:
    """Return what a run gets beyond what it inherits.

    Args:
        context: The run.
        scenario: For the cutoff, the flag dialect, and what the scenario unsets.
        settings: ``environment.set`` of the scenario, rendered; goes before what boxwright would set.
    """
    trial, slot = context.trial, context.slot
    added = {name: str(slot.threads) for name in THREAD_VARIABLES}
    if slot.gpus:
        added |= dict.fromkeys(GPU_VARIABLES, ",".join(slot.gpus))
        added["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"  # as NVML counts; CUDA's own order is by speed
    added |= {
        "BOXWRIGHT_RUN": str(context.run),
        "BOXWRIGHT_TRIAL": str(trial.number),
        "BOXWRIGHT_SLOT": str(slot.number),
        "BOXWRIGHT_SEED": str(trial.seed),
        "BOXWRIGHT_STUDY": str(context.study),
    }
    cutoff_s = scenario.limits.cutoff_s if trial.cutoff_s is None else trial.cutoff_s
    for name, value in (("CUTOFF_S", cutoff_s), ("BUDGET", trial.budget), ("INSTANCE", trial.instance)):
        if value is not None:
            added[f"BOXWRIGHT_{name}"] = text_of(value)
    if _is_smac2(scenario):
        added["AEATK_CPU_TIME_FREQUENCY"] = "0.25"  # seconds
        added["AEATK_CONCURRENT_TASK_ID"] = str(slot.number)
        added["AEATK_EXECUTION_UUID"] = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{context.mark}:{context.run}"))
    for name in scenario.environment.unset:
        added.pop(name, None)
    added |= settings
    added["BOXWRIGHT_TOKEN"] = f"{context.mark}:{context.run}"  # always ours: it finds the run's processes
    return added


def time_port(scenario: Scenario) -> str:
    """Return the variable with which SMAC v2 gives its wrappers a port for their CPU time; empty for none."""
    environment = scenario.environment
    is_ours = _TIME_PORT not in environment.unset and _TIME_PORT not in environment.set
    return _TIME_PORT if is_ours and _is_smac2(scenario) else ""


def _is_smac2(scenario: Scenario) -> bool:
    return scenario.command.flags in ("smac2", "smac2-quoted")


def mask_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with ``***`` for every value whose name looks like a secret, and for logins in URLs."""
    return {
        name: "***" if _SECRET.search(name) and name not in _NO_SECRETS else _URL_LOGIN.sub(r"\1***@", value)
        for name, value in environment.items()
    }

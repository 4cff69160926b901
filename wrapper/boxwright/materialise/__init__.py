"""Configuration → the files, flags and environment of one run: planned first, then written."""

from boxwright.materialise.context import RunContext
from boxwright.materialise.environment import mask_secrets, time_port
from boxwright.materialise.materialiser import Materialiser
from boxwright.materialise.outputs import Collected, collect_outputs, discard_outputs
from boxwright.materialise.plan import Plan, PlannedFile, Stage, describe_plan
from boxwright.materialise.staging import write_plan

__all__ = [
    "Collected",
    "Materialiser",
    "Plan",
    "PlannedFile",
    "RunContext",
    "Stage",
    "collect_outputs",
    "describe_plan",
    "discard_outputs",
    "mask_secrets",
    "time_port",
    "write_plan",
]

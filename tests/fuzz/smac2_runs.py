"""Files of runs that SMAC v2 has left."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from boxwright.errors import UserError
from boxwright.execute.told_time import read_cpu_s
from boxwright.store.smac2.read_live import read_live
from boxwright.store.smac2.read_state import read_state
from boxwright.store.smac2.read_trajectory import trajectory_entries
from fuzz.mutating import Kind

_REQUEST = {
    "@rc-id": 2,
    "rc-algo-exec-config": {"@algo-exec-config-id": 2, "algo-exec": "a b", "algo-cutoff": 5.0},
    "rc-cutoff": 5.0,
    "rc-pisp": {"@pisp-id": 2, "pisp-pi": {"@pi-id": 2}, "pisp-seed": -1},
    "rc-pc": {"@pc-id": 2, "pc-settings": {"x": "1.0E-5", "c": "a"}},
}
_AGAIN = {**_REQUEST, "@rc-id": 3, "rc-algo-exec-config": {"@algo-exec-config-id": 2}, "rc-pc": {"@pc-id": 2}}
_LIVE = json.dumps([{"@pi-id": 2, "pi-name": "i", "pi-features": {}}], indent=1) + "".join(
    json.dumps({"r-rc": each, "r-run-result": "SAT", "r-runtime": 1.5, "r-quality": 0.25}, indent=1)
    for each in (_REQUEST, _AGAIN)
)
_RUNS = """Run Number,Run History Configuration ID,Instance ID,Response Value (y),Censored?,Cutoff Time Used,
1,1,1,2.5,0,5.0,-1,1.5,-1.0,1,2.5,1,1.5,SAT,text,0.5,
2,2,1,2.5,1,5.0,3,1.5,-1.0,-3,2.5,2,3.0,KILLED,,0.5,
"""
_CONFIGS = "1: c='a', x='0.5'\n2: c='b', x='1.0E-5'\n"
_TRAJECTORY = (
    "\"CPU Time Used\"\n0.0, 1.7E308, 0.0, 1, 0.0,  c='a', x='0.5'\n1.5, 2.5, 1.0, 2, 0.0,  c='b', x='1.0E-5'\n"
)
_RUNS_NAME, _CONFIGS_NAME = "runs_and_results-it2.csv", "paramstrings-it2.txt"
_WORDS = (
    "@pc-id",
    "@pi-id",
    "@rc-id",
    "r-rc",
    "pc-settings",
    '"x" : ',
    "null",
    "{}",
    "[]",
    "SAT",
    "CRASHED",
    "RUNNING",
)


def smac2_run_kinds() -> list[Kind]:
    """Return these kinds; files are written in the working directory."""
    return [
        Kind("smac2-live", 6, (_LIVE,), _live, (UserError,), _WORDS),
        Kind("smac2-state", 5, (_RUNS,), _runs, (UserError,), _WORDS),
        Kind("smac2-configs", 4, (_CONFIGS,), _configs, (UserError,)),
        Kind("smac2-trajectory", 3, (_TRAJECTORY,), _trajectory, (UserError,)),
        Kind("told-time", 3, ("12.500000\n", "1.5E-3d", struct.pack(">d", 12.5).decode()), _told, (ValueError,)),
    ]


def _live(data: bytes) -> object:
    path = Path("live-rundata-1.json")
    path.write_bytes(data)
    return read_live(path, path.name)


def _trajectory(data: bytes) -> object:
    return trajectory_entries(data.decode("utf-8", "backslashreplace"), "traj-run-1.txt")


def _told(data: bytes) -> object:
    if (cpu_s := read_cpu_s(data)) is None:
        raise ValueError("no number of seconds")
    return cpu_s


def _runs(data: bytes) -> object:
    return _state(data, _CONFIGS.encode())


def _configs(data: bytes) -> object:
    return _state(_RUNS.encode(), data)


def _state(runs: bytes, configs: bytes) -> object:
    Path(_RUNS_NAME).write_bytes(runs)
    Path(_CONFIGS_NAME).write_bytes(configs)
    return read_state(Path(_RUNS_NAME), _RUNS_NAME, ("i",))

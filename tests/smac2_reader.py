"""A strict reader of SMAC v2's output files, written from the tables of its formats (2.10.03), not from any writer.

Whatever is not as the tables say it is an AssertionError.
"""

from __future__ import annotations

import csv
import json
import math
import re
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

STATE_COLUMNS = [
    "Run Number",
    "Run History Configuration ID",
    "Instance ID",
    "Response Value (y)",
    "Censored?",
    "Cutoff Time Used",
    "Seed",
    "Runtime",
    "Run Length",
    "Run Result Code",
    "Run Quality",
    "SMAC Iteration",
    "SMAC Cumulative Runtime",
    "Run Result",
    "Additional Algorithm Run Data",
    "Wall Clock Time",
]
CODES = {"TIMEOUT": 0, "SAT": 1, "UNSAT": 2, "CRASHED": -1, "ABORT": -2, "KILLED": -3}
TRAJECTORY = ["CPU Time Used", "Estimated Training Performance", "Wallclock Time", "Incumbent ID"]
TRAJECTORY += ["Automatic Configurator (CPU) Time"]
DOUBLE = re.compile(r"-?\d+\.\d+(E-?\d+)?|NaN")
LARGEST = 1.7976931348623157e308
RUN_KEYS = ["r-rc", "r-run-result", "r-runtime", "r-run-length", "r-quality", "r-result-seed", "r-addl-run-data"]
RUN_KEYS += ["r-wallclock-time"]
FULL = {
    "@rc-id": ["@rc-id", "rc-algo-exec-config", "rc-cutoff", "rc-pisp", "rc-pc", "rc-sample-idx"],
    "@algo-exec-config-id": [
        "@algo-exec-config-id",
        "algo-exec",
        "algo-exec-dir",
        "algo-pcs",
        "algo-cutoff",
        "algo-deterministic",
        "algo-tae-context",
    ],
    "@pisp-id": ["@pisp-id", "pisp-pi", "pisp-seed"],
    "@pi-id": ["@pi-id", "pi-name", "pi-instance-specific-info", "pi-features", "pi-instance-id(deprecated)"],
    "@pc-id": ["@pc-id", "pc-pcs", "pc-settings", "pc-active-parameters", "pc-forbidden", "pc-default"],
    "@pcs-id": ["@pcs-id", "pcs-filename", "pcs-text", "pcs-subspace"],
}


@dataclass
class Run:
    """One run, as both kinds of files tell it."""

    settings: dict[str, str]
    instance: str
    seed: int
    status: str
    cutoff: float
    runtime: float
    quality: float
    censored: bool
    configuration: int = 0


@dataclass
class Live:
    """What a file of live runs holds."""

    instances: list[dict[str, Any]]
    runs: list[Run] = field(default_factory=list)
    pcs: str = ""
    cut_off: bool = False


def double(text: str) -> float:
    assert DOUBLE.fullmatch(text), text
    return float(text)


def read_live(path: Path) -> Live:
    """Read the whole file; a tail that is cut off is allowed."""
    text = path.read_text("utf-8")
    decoder = json.JSONDecoder()
    array, at = decoder.raw_decode(text, 0)
    assert isinstance(array, list)
    assert array
    seen: dict[str, dict[int, dict[str, Any]]] = {kind: {} for kind in FULL}
    live = Live([whole(each, "@pi-id", seen) for each in array])
    for number, instance in enumerate(live.instances, 1):
        assert instance["pi-instance-id(deprecated)"] == number
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except ValueError:
            assert text[at:].count("{") > text[at:].count("}"), f"no JSON at {at}, and not cut off"
            live.cut_off = True
            break
        live.runs.append(live_run(value, seen, live))
    return live


def whole(value: dict[str, Any], kind: str, seen: dict[str, dict[int, dict[str, Any]]]) -> dict[str, Any]:
    """Return an object, which stands in full the first time and as its id alone later."""
    known = seen[kind]
    number = value[kind]
    assert isinstance(number, int)
    assert number >= 2
    if number in known:
        assert list(value) == [kind], f"{kind} {number} stands in full twice"
        return known[number]
    assert list(value) == FULL[kind], (kind, list(value))
    assert all(number > other for other in known)
    known[number] = value
    return value


def live_run(value: dict[str, Any], seen: dict[str, dict[int, dict[str, Any]]], live: Live) -> Run:
    assert list(value) == RUN_KEYS
    request = whole(value["r-rc"], "@rc-id", seen)
    command = whole(request["rc-algo-exec-config"], "@algo-exec-config-id", seen)
    pcs = command["algo-pcs"]
    if pcs["@pcs-id"] not in seen["@pcs-id"]:
        live.pcs = whole(pcs, "@pcs-id", seen)["pcs-text"]
    pair = whole(request["rc-pisp"], "@pisp-id", seen)
    instance = whole(pair["pisp-pi"], "@pi-id", seen)
    config = whole(request["rc-pc"], "@pc-id", seen)
    assert whole(config["pc-pcs"], "@pcs-id", seen)["pcs-text"] == live.pcs
    assert set(config["pc-active-parameters"]) <= set(config["pc-settings"])
    assert all(isinstance(text, str) for text in config["pc-settings"].values())
    assert config["pc-forbidden"] is False
    for key in ("r-runtime", "r-run-length", "r-quality", "r-wallclock-time"):
        assert isinstance(value[key], float), key
    assert value["r-result-seed"] == pair["pisp-seed"]
    status = value["r-run-result"]
    assert status in CODES
    cutoff = request["rc-cutoff"]
    return Run(
        settings=config["pc-settings"],
        instance=instance["pi-name"],
        seed=pair["pisp-seed"],
        status=status,
        cutoff=cutoff,
        runtime=value["r-runtime"],
        quality=value["r-quality"],
        censored=status == "KILLED" or (status == "TIMEOUT" and cutoff < command["algo-cutoff"]),
    )


def read_state(folder: Path, iteration: int) -> list[Run]:
    """Read one state; the three files must agree."""
    texts = (folder / f"paramstrings-it{iteration}.txt").read_text("utf-8").splitlines()
    configs = {}
    for number, line in enumerate(texts, 1):
        found = re.fullmatch(r"(\d+): (.*)", line)
        assert found, line
        assert int(found[1]) == number
        configs[number] = settings_of(found[2])
    arrays = (folder / f"uniq_configurations-it{iteration}.csv").read_text("utf-8").splitlines()
    assert [line.split(",")[0] for line in arrays] == [str(number) for number in configs]
    for line, settings in zip(arrays, configs.values(), strict=True):
        assert len([double(cell) for cell in line.split(",")[1:]]) == len(settings)
    listed = (folder / "instances.txt").read_text("utf-8").splitlines()
    names = [line.split(",")[0].strip('"') for line in listed]
    head, *rows = (folder / f"runs_and_results-it{iteration}.csv").read_text("utf-8").split("\n")
    assert head.split(",") == [*STATE_COLUMNS, ""]
    assert rows.pop() == ""
    runs: list[Run] = []
    cumulative = 0.0
    for number, row in enumerate(rows, 1):
        cells = row.split(",")
        assert len(cells) == len(STATE_COLUMNS) + 1
        assert cells[-1] == ""
        assert int(cells[0]) == number
        assert CODES[cells[13]] == int(cells[9])
        assert int(cells[11]) <= iteration
        cumulative += double(cells[7])
        assert math.isclose(double(cells[12]), cumulative)
        double(cells[3]), double(cells[8]), double(cells[15])
        status, cutoff = cells[13], double(cells[5])
        config = int(cells[1])
        runs.append(
            Run(
                settings=configs[config],
                instance=names[int(cells[2]) - 1],
                seed=int(cells[6]),
                status=status,
                cutoff=cutoff,
                runtime=double(cells[7]),
                quality=double(cells[10]),
                censored={"0": False, "1": True}[cells[4]],
                configuration=config,
            )
        )
    assert list(dict.fromkeys(run.configuration for run in runs)) == list(configs)
    return runs


def settings_of(text: str) -> dict[str, str]:
    pairs = [pair.strip().split("=", 1) for pair in text.split(",")]
    assert all(len(pair) == 2 and pair[1][0] == pair[1][-1] == "'" for pair in pairs), text
    return {name: value[1:-1] for name, value in pairs}


@dataclass
class Row:
    """One row of a trajectory."""

    cpu: float
    performance: float
    wall: float
    incumbent: int
    settings: dict[str, str]


def read_trajectory(folder: Path, number: int, *, is_whole: bool = True) -> list[Row]:
    """Read both files of a trajectory, which must agree; if its writer was killed, but for the last row."""
    head, *lines = (folder / f"traj-run-{number}.txt").read_text("utf-8").split("\n")
    assert next(csv.reader([head])) == [*TRAJECTORY, "Configuration..."]
    assert lines.pop() == ""
    rows = []
    for line in lines:
        cells = line.split(", ", 5)
        assert cells[4] == "0.0" or double(cells[4]) >= 0
        numbers = [double(cell) for cell in cells[:3]]
        rows.append(Row(numbers[0], numbers[1], numbers[2], int(cells[3]), settings_of(cells[5])))
    with (folder / f"detailed-traj-run-{number}.csv").open(encoding="utf-8", newline="") as file:
        detailed = list(csv.reader(file, strict=True))
    assert detailed[0] == [*TRAJECTORY, "Full Configuration", "Predicted Performance"]
    assert is_whole or len(rows) - len(detailed[1:]) in (0, 1)
    for row, cells in zip(rows, detailed[1:], strict=is_whole):
        assert [double(cell) for cell in cells[:3]] == [row.cpu, row.performance, row.wall]
        assert int(cells[3]) == row.incumbent
        assert settings_of(cells[5]) == row.settings
        double(cells[6])
    if rows:
        assert rows[0].performance == LARGEST
    for before, after in pairwise(rows):
        assert after.cpu >= before.cpu
        assert after.wall >= before.wall
        assert after.performance <= before.performance or after.incumbent == before.incumbent
    return rows


def iterations(folder: Path) -> list[int]:
    """Return the iterations of which there is a whole state."""
    found = [re.fullmatch(r"runs_and_results-it(\d+)\.csv", path.name) for path in folder.iterdir()]
    return sorted(int(each[1]) for each in found if each)

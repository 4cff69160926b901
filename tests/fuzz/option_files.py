"""Option files of SMAC v2, with their instance and feature files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from boxwright.errors import UserError
from boxwright.scenario.instances import read_features, read_instances
from boxwright.scenario.smac2.options import OPTIONS
from boxwright.scenario.smac2.reading import read_smac2
from fuzz.mutating import Kind

_SEEDS = {
    "scenario.txt": """# a scenario
algo = ./wrapper.sh "a b" \\"c
execdir = .
deterministic = false
run_obj = RUNTIME
overall_obj = MEAN10
cutoff_time = 5.0
wallclock-limit = 3600
runcount-limit = 40
pcs-file = params.pcs
instances = instances.txt
test-instances = instances.txt
feature-file = features.csv
initial-incumbent = -x '0.5' -c 'a b'
initial-challengers = RANDOM
seed = 1
output-dir = out
rungroup = r-%DATE
shared-model-mode = true
abort-on-crash = true
check-instances-exist = false
instance-suffix = .*cnf
""",
    "instances.txt": '3,"a b",x\n4,"a b",x\n5,c,"y ""z"""\n',
    "features.csv": 'instance,"f, 1",f2\n"a b",1e-3,-512\nc,2,3\n',
}
_WORDS = (
    *(name for option in OPTIONS for name in (option.name, *option.aliases)),
    *(" = ", "=", "-x '1'", "DEFAULT", "RANDOM", "%DATETIME", ".", "x" * 300, "~", "{{", "{%", ")*", "true", "false"),
)


def option_kinds(folder: Path) -> list[Kind]:
    """Return these kinds; what the files name lies in the folder."""
    for name, text in _SEEDS.items():
        (folder / name).write_text(text)
    (folder / "params.pcs").write_text("x [0, 1] [0.5]\n")
    (folder / "wrapper.sh").touch()
    return [
        Kind("option-file", 60, (_SEEDS["scenario.txt"],), _reader("scenario.txt", _options), (UserError,), _WORDS),
        Kind("instances", 15, (_SEEDS["instances.txt"],), _reader("instances.txt", _instances), (UserError,)),
        Kind("features", 15, (_SEEDS["features.csv"],), _reader("features.csv", _features), (UserError,)),
    ]


def _options(path: Path) -> object:
    return read_smac2(path)


def _instances(path: Path) -> object:
    return read_instances(path, path.name)


def _features(path: Path) -> object:
    return read_features(path, path.name)


def _reader(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    path = Path(f"mutated-{name}")

    def write_and_read(data: bytes) -> object:
        path.write_bytes(data)
        return read(path)

    return write_and_read

"""The shape of the package: who imports whom, what an import and a test cost, what is public, how large files are."""

from __future__ import annotations

import ast
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boxwright

PACKAGE = Path(boxwright.__file__).parent
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "share" not in path.relative_to(PACKAGE).parts)

ORDER = (
    "errors",
    "json_faults",
    "terms",
    "gallery",
    "scenario",
    "space",
    "propose",
    "materialise",
    "schedulers",
    "execute",
    "pilots",
    "jobs",
    "parse",
    "store",
    "publish",
    "study",
    "report",
    "exports",
    "serve",
    "commands",
    "algo",
    "sdk",
    "cli",
    "entry",
    "__main__",
)

FORBIDDEN = {
    "report": {"execute", "pilots"},
    "serve": {"execute", "pilots", "propose"},
    "execute": {"parse", "propose"},
    "pilots": {"parse", "propose"},
}

HEAVY = (
    "numpy",
    "scipy",
    "ConfigSpace",
    "smac",
    "sklearn",
    "jinja2",
    "psutil",
    "dask",
    "tensorflow",
    "sqlite3",
    "rich",
    "starlette",
    "uvicorn",
    "plotly",
)

PUBLIC_NAMES = [
    "__version__",
    "archive",
    "check",
    "convert",
    "detach",
    "doctor",
    "export",
    "init",
    "kill",
    "load",
    "results",
    "results_by_config",
    "resume",
    "run",
    "schema",
    "serve_page",
    "show",
    "slots",
    "status",
    "stop",
    "submit",
    "tail",
    "validate",
    "write_report",
]


def part_of(path: Path) -> str:
    """Return the part of the package that a file belongs to: the first name below ``boxwright``."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_names(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and full name of everything that a file imports, wherever in the file, types included."""
    package = ("boxwright", *path.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            for alias in node.names:
                yield node.lineno, ".".join((*above, *filter(None, [node.module]), alias.name))


def imported_parts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and part of everything of ours that a file imports."""
    for line, name in imported_names(path):
        first, *rest = name.split(".")
        if first == "boxwright" and rest and rest[0] in ORDER:
            yield line, rest[0]


def run_python(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        # Without those that make coverage load itself into every process.
        env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout


# ---------------------------------------------------------------------------------------------- imports


def test_every_file_belongs_to_a_part_that_has_a_place_in_the_order() -> None:
    assert {part_of(path) for path in FILES} - {"__init__"} == set(ORDER)


def test_module_imports_only_from_parts_before_its_own() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line} imports {part}"
        for path in FILES
        if (own := part_of(path)) != "__init__"
        for line, part in imported_parts(path)
        if part != own and ORDER.index(part) >= ORDER.index(own)
    ]
    assert not wrong


def test_report_knows_nothing_of_execute_and_execute_nothing_of_parse_and_propose() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line} imports {part}"
        for path in FILES
        for line, part in imported_parts(path)
        if part in FORBIDDEN.get(part_of(path), ())
    ]
    assert not wrong


def test_package_never_imports_a_training_library() -> None:
    names = {name.split(".")[0] for path in FILES for _, name in imported_names(path)}
    assert not names & {"tensorflow", "keras", "torch", "mlxtend"}


def test_init_files_hold_only_a_docstring_and_public_names() -> None:
    for path in FILES:
        if path.name != "__init__.py" or path.parent == PACKAGE:
            continue  # the package's own one finds its public names when they are asked for
        tree = ast.parse(path.read_text("utf-8"))
        assert ast.get_docstring(tree), path
        for node in tree.body[1:]:
            is_names = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
            assert is_names or isinstance(node, ast.Import | ast.ImportFrom), f"{path}:{node.lineno}"


def test_import_of_package_and_command_line_loads_nothing_heavy() -> None:
    program = "import json, sys, boxwright, boxwright.cli; print(json.dumps(sorted(sys.modules)))"
    loaded = {name.split(".")[0] for name in json.loads(run_python(program))}
    assert not loaded & set(HEAVY)


def test_import_of_every_module_changes_neither_environment_nor_threads_nor_logging() -> None:
    names = [".".join(("boxwright", *path.relative_to(PACKAGE).with_suffix("").parts)) for path in FILES]
    names = [name.removesuffix(".__init__") for name in names if not name.endswith("__main__")]
    program = f"""
import importlib, logging, os, signal, sys, threading, warnings
def state():
    return (dict(os.environ), os.getcwd(), list(logging.root.handlers), list(warnings.filters),
            [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)], sys.path[:])
import ConfigSpace, scipy.stats, smac  # they change some of it themselves
before = state()
for name in {names!r}:
    importlib.import_module(name)
assert state() == before, (state(), before)
ours = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
print(len(ours))
"""
    assert run_python(program) == "0\n"


def test_processes_that_tests_start_are_not_measured_unless_they_are_to_be() -> None:
    assert not [name for name in os.environ if name.startswith("COVERAGE_")]  # twice the time of all tests


# ---------------------------------------------------------------------------------------------- names and sizes


def test_public_names_are_these() -> None:
    assert list(boxwright.__all__) == PUBLIC_NAMES


def test_every_public_name_is_a_documented_thing_and_none_is_a_part() -> None:
    assert not {*PUBLIC_NAMES} & {part_of(path) for path in FILES}  # once it is imported, it would hide the call
    for name in PUBLIC_NAMES:
        value = getattr(boxwright, name)
        assert isinstance(value, str) or (callable(value) and value.__doc__), name


def test_files_stay_small() -> None:
    lines = {str(path.relative_to(PACKAGE)): len(path.read_text("utf-8").splitlines()) for path in FILES}
    sizes = [size for name, size in lines.items() if not name.endswith("__init__.py")]
    assert statistics.median(sizes) <= 150
    assert sorted(sizes)[int(0.9 * len(sizes))] <= 300
    assert not {name: size for name, size in lines.items() if size > 400}

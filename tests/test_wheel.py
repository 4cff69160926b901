"""The wheel holds the package, its galleries and its licence, and nothing else."""

from __future__ import annotations

import configparser
import email
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import boxwright

CHECKOUT = Path(__file__).resolve().parent.parent
GALLERIES = ("scenarios", "templates", "postprocess")
INFO = f"boxwright-{boxwright.__version__}.dist-info"

pytestmark = pytest.mark.checkout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """Build the wheel of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    words = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*words, "--disable-pip-version-check", "--wheel-dir", str(folder), str(CHECKOUT)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def files_below(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }


def test_wheel_holds_every_file_of_the_package_as_it_is(wheel: zipfile.ZipFile) -> None:
    package = CHECKOUT / "wrapper" / "boxwright"
    for name in files_below(package):
        assert wheel.read(f"boxwright/{name}") == (package / name).read_bytes(), name
    assert "boxwright/py.typed" in wheel.namelist()


@pytest.mark.parametrize("gallery", GALLERIES)
def test_wheel_holds_every_file_of_the_gallery(wheel: zipfile.ZipFile, gallery: str) -> None:
    shipped = {name for name in wheel.namelist() if name.startswith(f"boxwright/share/{gallery}/")}
    assert shipped == {f"boxwright/share/{gallery}/{name}" for name in files_below(CHECKOUT / gallery)}


def test_wheel_holds_nothing_else(wheel: zipfile.ZipFile) -> None:
    assert {name.split("/")[0] for name in wheel.namelist()} == {"boxwright", INFO}
    assert not [name for name in wheel.namelist() if "__pycache__" in name or name.endswith(".pyc")]


def test_wheel_keeps_scripts_executable(wheel: zipfile.ZipFile) -> None:
    script = wheel.getinfo("boxwright/share/scenarios/branin/branin.sh")
    assert script.external_attr >> 16 & 0o111


def test_wheel_names_its_command_its_licence_and_its_version(wheel: zipfile.ZipFile) -> None:
    points = configparser.ConfigParser()
    points.read_string(wheel.read(f"{INFO}/entry_points.txt").decode())
    assert dict(points["console_scripts"]) == {"boxwright": "boxwright.entry:main"}
    metadata = email.message_from_bytes(wheel.read(f"{INFO}/METADATA"))
    assert metadata["Version"] == boxwright.__version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert f"{INFO}/licenses/LICENSE" in wheel.namelist()
    required = metadata.get_all("Requires-Dist") or []
    assert not [name for name in required if name.startswith("tensorflow") and "extra ==" not in name]

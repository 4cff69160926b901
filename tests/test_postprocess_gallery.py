"""What all scripts of the post-process gallery share."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from boxwright.execute.messages import Ended, Exit, PostExit
from boxwright.gallery import gallery_root
from boxwright.parse import read_outcome
from boxwright.scenario.model import Objective, Parse

SCRIPTS = sorted((gallery_root() / "postprocess").glob("*.py"))


def test_gallery_holds_the_scripts_that_its_readme_lists() -> None:
    readme = (gallery_root() / "postprocess" / "README.md").read_text("utf-8")
    assert [script.stem for script in SCRIPTS] == ["csv_column", "keras_history", "last_line", "regex"]
    assert all(f"| `{script.name}` |" in readme for script in SCRIPTS)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_script_stands_alone_and_keeps_to_python_3_8(script: Path) -> None:
    tree = ast.parse(script.read_text("utf-8"), feature_version=(3, 8))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_script_explains_itself(script: Path, tmp_path: Path) -> None:
    argv = [sys.executable, "-IS", str(script), "--help"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Exit code 1" in done.stdout


def test_what_a_script_prints_is_what_the_parser_reads(tmp_path: Path) -> None:
    (tmp_path / "stdout.log").write_text("epoch 3\n0.03125 1e-07\n")
    argv = [sys.executable, str(SCRIPTS[2]), "--name", "validation error", "--name", "test error"]
    with (tmp_path / "postprocess.log").open("wb") as log:
        subprocess.run(argv, cwd=tmp_path, stdout=log, timeout=180, check=True)
    exited = Exit(run=1, ended_by=Ended.EXITED, exit_code=0, post=PostExit(ended=Ended.EXITED, exit_code=0))
    objective = Objective(metric="validation error")
    found = read_outcome(Parse(), objective, exited, tmp_path, has_postprocess=True, exit_code_matters=True)
    assert found.metrics == {"validation error": 0.03125, "test error": 1e-07}
    assert found.quality == 0.03125

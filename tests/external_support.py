"""What the tests of external optimizers share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

ALGO = f"{sys.executable} -m boxwright algo"
DOUBLE = Path(__file__).parent / "smac2_double.py"
QUICK = 'echo "Result of algorithm run: SUCCESS, 0.1, 1, $BOXWRIGHT_TRIAL, 0"'


def external(
    make_scenario: Callable[..., Path], script: str, optimizer: str, *, keys: str = "", runs: int = 20, more: str = ""
) -> Path:
    """Write a scenario whose optimizer is a shell script, and return its path."""
    text = f'[optimizer]\ncommand = "./optimizer.sh {{seed}}"\nruns = {runs}\n{keys}\n'
    scenario = make_scenario(script, design=text, more=more)
    program = scenario.parent / "optimizer.sh"
    program.write_text(f'#!/bin/sh\nalgo="{ALGO}"\n{optimizer}\n')
    program.chmod(0o755)
    return scenario


def output_of(study: Path, copy: int = 1) -> str:
    """Return what a copy of the optimizer has written to stdout."""
    return (study / "optimizers" / str(copy) / "stdout.log").read_text()

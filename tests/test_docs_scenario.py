"""The page about the scenario file: it names every key there is, and what it shows is taken."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from boxwright.scenario import Scenario, scenario_schema
from boxwright.store.database import Store
from support import RunBoxwright

PAGE = Path(__file__).resolve().parent.parent / "docs" / "scenario.md"
TRAIN = '#!/bin/sh\nprintf "loss\\t0.5\\n"\n'


@pytest.fixture
def page() -> str:
    if not PAGE.exists():
        pytest.skip("the tests run away from the sources: no docs here")
    return PAGE.read_text("utf-8")


def blocks(page: str) -> list[str]:
    return re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def test_page_names_every_key_of_the_schema(page: str) -> None:
    schema = scenario_schema()
    keys = {key for definition in (schema, *schema["$defs"].values()) for key in definition.get("properties", {})}
    prose = re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    words = {word for code in re.findall(r"`([^`\n]+)`", prose) for word in re.findall(r"\w+", code)}
    assert len(keys) > 50
    assert not keys - words


def test_every_example_of_the_page_is_taken(page: str) -> None:
    examples = blocks(page)
    assert len(examples) >= 12
    for example in examples:
        document = {"command": {"argv": ["true"]}, "space": {}, **tomllib.loads(example)}
        msgspec.convert(document, Scenario)


@pytest.mark.usefixtures("no_process_left")
def test_whole_scenario_of_the_page_does_what_the_page_says(
    page: str, boxwright: RunBoxwright, tmp_path: Path
) -> None:
    folder = tmp_path / "whole"
    folder.mkdir()
    (folder / "scenario.toml").write_text(blocks(page)[0])
    (folder / "train.sh").write_text(TRAIN)
    (folder / "train.sh").chmod(0o755)
    checked = boxwright("check", folder)
    assert (checked.returncode, checked.stderr) == (0, "")
    done = boxwright("run", folder, "--study", "s")
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "s") as store:
        activations = [record.config["activation"] for record in store.runs()]
    assert sorted(activations) == ["none"] * 2 + ["relu"] * 6 + ["tanh"] * 3

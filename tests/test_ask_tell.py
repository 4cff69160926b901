"""External optimizers that are asked and told in JSON lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import boxwright as library
from boxwright.gallery import gallery_scenarios
from boxwright.propose import asktell
from boxwright.store.database import Store
from boxwright.terms import Status
from external_support import QUICK
from support import RunBoxwright

pytestmark = pytest.mark.usefixtures("no_process_left")

PROGRAM = """
import json, os, sys
from pathlib import Path

heard = open("heard.txt", "a")
print("life", file=heard, flush=True)
n = 0
for line in sys.stdin:
    print(line, end="", file=heard, flush=True)
    message = json.loads(line)
    if message["type"] == "init":
        seed = message["random_seed"]
        print('{"type":"ready","name":"mine","more":1}', flush=True)
    if message["type"] == "ask":
        n += 1
        x = BODY
        answer = {"type": "exhausted"} if x is None else {"type": "proposal", "config": {"x": x}, "origin": "mine"}
        print(json.dumps(answer | {"id": message["id"]}), flush=True)
"""


def ask_tell(make_scenario: Callable[..., Path], body: str, keys: str = "", *, runs: int = 20) -> Path:
    """Write a scenario whose optimizer proposes what an expression of ``n``, its n-th ask, comes to."""
    words = '["python3", "{scenario}/optimizer.py"]'
    optimizer = f'[optimizer]\ncommand = {words}\nprotocol = "ask-tell"\nruns = {runs}\n{keys}\n'
    scenario = make_scenario(QUICK, design=optimizer, more="[slots]\ncount = 1\n")
    (scenario.parent / "optimizer.py").write_text(PROGRAM.replace("BODY", body))
    return scenario


def heard(study: Path, copy: int = 1) -> list[dict[str, object]]:
    lines = (study / "optimizers" / str(copy) / "heard.txt").read_text().splitlines()
    return [json.loads(line) if line.startswith("{") else {"type": line} for line in lines]


@pytest.mark.parametrize("program", ["climb.py", "chance.sh"])
def test_gallery_optimizers_run_the_scenario_with_two_copies(
    boxwright: RunBoxwright, tmp_path: Path, program: str
) -> None:
    command = f'optimizer.command=["{{scenario}}/{program}"]'
    done = boxwright("run", gallery_scenarios()["ask-tell"], "--study", "s", "--runs", "10", "--set", command)
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "s") as store:
        records = list(store.runs())
    assert [record.status for record in records] == [Status.SUCCESS] * 10
    assert {record.optimizer_seed for record in records} == {1, 2}
    assert len({str(record.config) for record in records}) == 10


def test_copies_are_told_of_every_run_and_end_the_study_when_exhausted(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    body = "None if n > 2 else round(seed / 10 + n / 100, 2)"
    done = boxwright("run", ask_tell(make_scenario, body, "copies = 2\nseed = 4"), "--study", "s")
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "s") as store:
        records = list(store.runs())
    assert sorted(record.config["x"] for record in records) == [0.41, 0.42, 0.51, 0.52]
    assert {record.origin for record in records} == {"mine"}
    for copy in (1, 2):
        messages = heard(tmp_path / "s", copy)
        assert messages[1]["random_seed"] == 3 + copy
        costs = {message["trial"]: message["cost"] for message in messages if message["type"] == "tell"}
        assert costs.items() >= {1: 1.0, 2: 2.0, 3: 3.0}.items()
        own = {message["trial"] for message in messages if message["type"] == "tell" and message["own"]}
        assert own == {record.trial for record in records if record.optimizer_seed == copy} & costs.keys()
    assert json.loads(boxwright("status", "s", "--json").stdout)["state"] == "finished"


def test_study_goes_on_with_the_copy_that_still_thinks_when_another_is_exhausted(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    scenario = ask_tell(make_scenario, "None if seed == 4 or n > 4 else think() or n / 10", "copies = 2\nseed = 4")
    thinks = """
import time

def think():
    while n == 1 and '"ask"' not in Path("../1/heard.txt").read_text():
        time.sleep(0.02)
    time.sleep(0.3)  # so long the other copy's answer may take
"""
    program = scenario.parent / "optimizer.py"
    program.write_text(program.read_text().replace("n = 0", f"{thinks}\nn = 0"))
    done = boxwright("run", scenario, "--study", "s", "--slots", "2")
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "s") as store:
        assert [(record.optimizer_seed, record.config["x"]) for record in store.runs()] == [
            (2, n / 10) for n in range(1, 5)
        ]
    asks = [sum(message["type"] == "ask" for message in heard(tmp_path / "s", copy)) for copy in (1, 2)]
    assert asks == [1, 5]  # nobody asks a second time who has nothing left


def test_what_is_refused_or_has_run_is_told_at_once_and_asked_again(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    scenario = ask_tell(make_scenario, "{1: 0.5, 2: 7, 3: 0.5}.get(n, 0.6)", runs=2)
    done = boxwright("run", scenario, "--study", "s")
    assert done.returncode == 0, done.stderr
    found = [(m["trial"], m["cost"], m["status"]) for m in heard(tmp_path / "s") if m["type"] == "tell"]
    assert found[:3] == [(1, 1.0, "SUCCESS"), (0, None, "CRASHED"), (1, 1.0, "SUCCESS")]
    state = json.loads(boxwright("status", "s", "--json").stdout)
    assert state["evaluations"] == {"refused": 1, "outside": 0, "answered": 1}


def test_origin_is_one_short_line_and_never_what_tells_of_a_person_s_runs(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    scenario = ask_tell(make_scenario, "None if n > 3 else n / 10", runs=3)
    program = scenario.parent / "optimizer.py"
    origins = '["again, as run 9", r"two" + chr(10) + "lines", "x" * 999][n - 1]'
    program.write_text(program.read_text().replace('"origin": "mine"', f'"origin": {origins}'))
    done = boxwright("run", scenario, "--study", "s")
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "s") as store:
        found = [record.origin for record in store.runs()]
    assert found == ["optimizer 1", r"two\nlines", f"{'x' * 197}..."]
    assert [m["trial"] for m in heard(tmp_path / "s") if m["type"] == "tell"][:2] == [1, 2]


def test_copy_that_proposes_in_vain_is_told_of_to_the_person(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    scenario = ask_tell(make_scenario, "7")
    optimizer = scenario.parent / "optimizer.py"
    optimizer.write_text(optimizer.read_text().replace(', "origin": "mine"', ""))  # which may be left out
    done = boxwright("run", scenario, "--study", "s")
    assert done.returncode == 0, done.stderr
    assert "optimizer 1: 1000 proposals in a row were refused or had run; it is not asked any more\n" in done.stderr
    assert "like the others: 1000 refused: not in the space, or no such instance\n" in done.stderr


def test_copy_that_does_not_say_that_it_is_ready_is_named(
    make_scenario: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asktell, "READY_S", 0.1)
    scenario = ask_tell(make_scenario, "None")
    wait = 'while "has not answered" not in Path("../../study.log").read_text(): time.sleep(0.02)'
    optimizer = scenario.parent / "optimizer.py"
    optimizer.write_text(optimizer.read_text().replace("n = 0", f"import time\n{wait}\nn = 0"))
    folder, _ = library.run(scenario, study=tmp_path / "s")
    assert 'optimizer 1 has not answered "init" with "ready" for 0.1 s' in (folder / "study.log").read_text()


def test_copy_that_dies_is_started_again_and_told_everything(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    body = '(Path("died").exists() or n < 2 or (Path("died").touch(), os._exit(3))) and seed % 1000 / 1000 + n / 10'
    done = boxwright("run", ask_tell(make_scenario, body, runs=3), "--study", "s")
    assert done.returncode == 0, done.stderr
    messages = [message["type"] for message in heard(tmp_path / "s")]
    again = messages.index("life", 1)
    assert messages[again : again + 4] == ["life", "init", "tell", "ask"]
    log = (tmp_path / "s" / "study.log").read_text()
    assert "seed 1: the optimizer process ended (exit code 3); it is started again" in log


@pytest.mark.parametrize("nonsense", ["'hello'", "'{\"a\":' * 9999"])
def test_copy_that_speaks_nonsense_ends_the_study_in_one_line(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path, nonsense: str
) -> None:
    scenario = ask_tell(make_scenario, f"print({nonsense}, flush=True) or 0.5")
    done = boxwright("run", scenario, "--study", "s", "--set", "optimizer.restarts=0")
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith("boxwright: optimizer seed 1 ended with: it wrote what is no")


def test_copy_of_a_resumed_study_hears_its_results_in_the_order_in_which_they_ended(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    scenario = ask_tell(make_scenario, "None if n > 3 else n / 10", runs=3)
    # Run 1 goes on until run 2 has been recorded.
    wait = 'test "$BOXWRIGHT_TRIAL" != 1 || until grep -q "run 2 " "$BOXWRIGHT_STUDY/study.log"; do sleep 0.02; done'
    (scenario.parent / "run.sh").write_text(f"#!/bin/sh\n{wait}\n{QUICK}\n")
    done = boxwright("run", scenario, "--study", "s", "--slots", "2")
    assert done.returncode == 0, done.stderr
    live = [message["trial"] for message in heard(tmp_path / "s") if message["type"] == "tell"]
    assert live.index(2) < live.index(1)
    (tmp_path / "s/optimizers/1/heard.txt").unlink()
    assert boxwright("resume", "s", "--runs", "4").returncode == 0
    assert [message["trial"] for message in heard(tmp_path / "s") if message["type"] == "tell"][:3] == live

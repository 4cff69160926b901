"""Words that name a file beside the scenario, where no run would find it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support import RunBoxwright


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            "command.argv=['sh', 'train.py']",
            'command.argv[1]: "train.py" lies beside the scenario, not in the run\'s folder. '
            'Write "{{ scenario_dir }}/train.py", or name it in [inputs].',
        ),
        ("command.argv=['sh', '-u', './train.py', '{{ x }}']", 'command.argv[2]: "./train.py" lies beside'),
        ("command.argv=['sh', 'code/tool']", 'command.argv[1]: "code/tool" lies beside'),
        ("command.line='sh train.py {{ x }}'", 'command.line: "train.py" lies beside'),
        ("postprocess.argv=['sh', 'train.py']", 'postprocess.argv[1]: "train.py" lies beside'),
    ],
)
@pytest.mark.parametrize("verb", ["check", "run"])
def test_program_beside_the_scenario_is_refused_before_anything_starts(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, verb: str, setting: str, message: str
) -> None:
    scenario = make_scenario()
    if "command." in setting:
        scenario.write_text(scenario.read_text().replace('argv = ["./run.sh"]\n', ""))
    (scenario.parent / "train.py").touch()
    (scenario.parent / "code").mkdir()
    (scenario.parent / "code/tool").touch(mode=0o755)
    done = boxwright(verb, scenario, "--set", setting)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1), done.stderr
    assert message in done.stderr


@pytest.mark.parametrize(
    "inputs",
    [
        'files = [{ source = "code/train.py" }]',
        'files = [{ source = "code", target = "." , mode = "archive" }]',
        'templates = [{ source = "code/train.py", target = "train.py" }]',
        'files = [{ source = "code", target = "lib" }]',
    ],
)
def test_program_that_is_put_into_the_run_folder_is_taken(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, inputs: str
) -> None:
    scenario = make_scenario(more=f"[inputs]\n{inputs}\n")
    (scenario.parent / "code").mkdir()
    for name in ("train.py", "code/train.py"):
        (scenario.parent / name).touch()
    (scenario.parent / "lib").symlink_to("code")
    word = "lib/train.py" if "lib" in inputs else "train.py"
    if "archive" in inputs:
        import tarfile

        with tarfile.open(scenario.parent / "code.tar", "w") as archive:
            archive.add(scenario.parent / "code/train.py", "train.py")
        scenario.write_text(scenario.read_text().replace('"code", target = "."', '"code.tar"'))
    done = boxwright("check", scenario, "--set", f"command.argv=['sh', '{word}']")
    assert (done.returncode, done.stderr) == (0, "")


def test_data_beside_the_scenario_is_warned_of_for_a_run_may_write_it(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright
) -> None:
    scenario = make_scenario()
    (scenario.parent / "model.h5").touch()
    done = boxwright("check", scenario, "--set", "command.argv=['./run.sh', '--out', 'model.h5', '.', '']")
    assert done.returncode == 0
    assert 'command.argv[2]: "model.h5" lies beside the scenario' in done.stderr

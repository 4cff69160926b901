"""Job scripts, recorded for each scheduler, and what would not stay one directive or one word of shell.

``BOXWRIGHT_RENEW_GOLDEN=1`` writes the recorded files anew; a missing one is a failure.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import msgspec
import pytest

from boxwright.errors import UserError
from boxwright.schedulers.base import JobSpec
from boxwright.schedulers.known import DIALECTS, open_scheduler
from boxwright.schedulers.naming import LONGEST_NAME, clean_name, job_name

GOLDEN = Path(__file__).parent / "golden" / "schedulers"
PLAIN = JobSpec(name="lenet-1a2b3c", argv=("python", "-m", "work"), folder=Path("/studies/lenet/jobs"))
FULL = JobSpec(
    name="lenet-1a2b3c",
    argv=("python", "-m", "work", "it's", "a b", "$HOME"),
    folder=Path("/studies/le net/jobs"),
    cores=8,
    gpus=2,
    memory_bytes=16 << 30,
    walltime_s=8 * 3600 + 90,
    queue="gpu",
    account="proj-7",
    setup=("module load cuda/12.4", "source ~/venv/bin/activate"),
    extra=("--first-option=1", "--second-option"),
)
SPECS = {"plain": PLAIN, "full": FULL}
every_scheduler = pytest.mark.parametrize("name", sorted(DIALECTS))


def renew_or_read(name: str, found: str) -> str:
    path = GOLDEN / name
    if os.environ.get("BOXWRIGHT_RENEW_GOLDEN") == "1":
        path.write_text(found, encoding="utf-8")
    return path.read_text(encoding="utf-8")


def replace(spec: JobSpec, **settings: object) -> JobSpec:
    return msgspec.structs.replace(spec, **settings)


@every_scheduler
@pytest.mark.parametrize("kind", SPECS)
def test_job_script_is_as_recorded(name: str, kind: str) -> None:
    spec = SPECS[kind] if name != "htcondor" else replace(SPECS[kind], queue=None)
    for file, found in open_scheduler(name).files(spec).items():
        assert found == renew_or_read(f"{name}_{kind}{Path(file).suffix}", found)


@every_scheduler
def test_job_script_hands_every_word_of_the_command_on_as_it_is(name: str, tmp_path: Path) -> None:
    words = ("printf", "%s\\n", "it's", "a  b", "$HOME", "`id`", "é\n;", "*", "")
    folder = tmp_path / "it's $HOME"
    folder.mkdir()
    script = open_scheduler(name).files(replace(PLAIN, argv=words, folder=folder))[f"{PLAIN.name}.sh"]
    done = subprocess.run(["bash"], input=script, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "it's\na  b\n$HOME\n`id`\né\n;\n*\n\n"


@every_scheduler
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"queue": "gpu\n#SBATCH --uid=0"}, "slots.queue"),
        ({"name": "a\n#SBATCH --uid=0"}, "name"),
        ({"queue": "gpu --uid=0"}, "slots.queue"),
        ({"account": "a;b"}, "slots.account"),
        ({"extra": ("--a\n--b",)}, "slots.extra"),
        ({"extra": (" ",)}, "slots.extra"),
        ({"argv": ("a\0b",)}, "NUL"),
    ],
)
def test_what_would_not_stay_one_word_or_directive_is_refused(
    name: str, settings: dict[str, object], words: str
) -> None:
    with pytest.raises(UserError, match=words) as refused:
        open_scheduler(name).script(replace(PLAIN, **settings))
    assert "\n" not in str(refused.value)


def test_own_job_script_stands_in_for_the_generated_one(tmp_path: Path) -> None:
    own = tmp_path / "my.sh.j2"
    own.write_text('#!/bin/bash\n#SBATCH --time={{ walltime }}\n#SBATCH --mine\n{% include "body.sh.j2" %}\n')
    script = open_scheduler("slurm").script(replace(FULL, job_script=own))
    assert script.startswith("#!/bin/bash\n#SBATCH --time=08:01:30\n#SBATCH --mine\nexport BOXWRIGHT_JOB=")
    assert script.endswith("exec python -m work 'it'\"'\"'s' 'a b' '$HOME'\n")


def test_own_job_script_with_an_unknown_name_is_refused_with_its_line(tmp_path: Path) -> None:
    own = tmp_path / "my.sh.j2"
    own.write_text("#!/bin/bash\n#SBATCH --time={{ wall_time }}\n")
    with pytest.raises(UserError, match=r'my.sh.j2:2: no value for "wall_time"'):
        open_scheduler("slurm").script(replace(FULL, job_script=own))


def test_missing_job_script_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none.j2: cannot be read: No such file"):
        open_scheduler("slurm").script(replace(FULL, job_script=tmp_path / "none.j2"))


def test_unknown_scheduler_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r'"slrum" is no scheduler. Did you mean "slurm"\?'):
        open_scheduler("slrum")


@pytest.mark.parametrize(
    "text", ["mnist smac", "7 dwarfs", "é", "", "../../etc", "a" * 99, "x\n#SBATCH --uid=0", "-a-"]
)
def test_job_name_is_short_and_clean_and_differs_between_studies(text: str) -> None:
    for name in (clean_name(text), job_name(text, "one")):
        assert name[0].isalpha()
        assert len(name) <= LONGEST_NAME
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
    assert job_name(text, "one") != job_name(text, "two")

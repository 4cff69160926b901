"""Real schedulers for tests: brought up once for all tests of a process, and always brought down again."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from boxwright.schedulers.batch import BatchScheduler
from boxwright.schedulers.known import open_scheduler

SCRIPTS = Path(__file__).parent / "cluster"
PATIENCE_S = 60


class Cluster:
    """A scheduler of its own on this machine.

    Attributes:
        folder: Its state, logs and configuration.
        environment: What its commands need.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        text = (folder / "env").read_text("utf-8")
        self.environment = dict(re.findall(r"(\w+)=(\S+)", text))
        self.environment["PATH"] = f"{os.environ['PATH']}:/usr/sbin:/sbin"

    def call(self, *words: str) -> str:
        """Call one of its commands and return what it prints."""
        return self.ask(*words, check=True).stdout

    def ask(self, *words: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        """Call one of its commands, or a script of ``tests/cluster``."""
        environment = {**os.environ, **self.environment}
        return subprocess.run(
            words, capture_output=True, text=True, check=check, timeout=PATIENCE_S, env=environment, cwd=self.folder
        )

    def use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have this process, and all that it starts, find this scheduler."""
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)


class SlurmCluster(Cluster):
    """Slurm with four nodes n1 … n4 of four cores and two GPUs each; its one partition is called gpu."""

    def queue(self) -> list[str]:
        """Return the ids of all jobs that wait or run."""
        return self.call("squeue", "--noheader", "--array", "--format=%i").split()

    def kill_node(self, node: str) -> None:
        """Take a node its power."""
        self.ask(str(SCRIPTS / "slurm-kill-node"), str(self.folder), node, check=True)

    def repair(self) -> None:
        """Bring back all nodes and open the partition."""
        self.ask("scancel", f"--user={os.getuid()}")
        self.ask("scontrol", "update", "PartitionName=gpu", "State=UP")
        self.ask(str(SCRIPTS / "slurm-up"), str(self.folder), check=True)


@contextmanager
def cluster_folder(kind: str) -> Iterator[Path]:
    """Bring a scheduler up; bring it down at the end of the block, or of this process, however that ends.

    Skips the test where it cannot be had.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"bw-{kind}-", dir="/tmp"))
    # It waits for the end of its input. So it comes after Ctrl-C, and after kill -9, too.
    guard = subprocess.Popen(
        ["sh", "-c", 'cat >/dev/null; exec "$0" "$1"', str(SCRIPTS / f"{kind}-down"), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        up = subprocess.run(
            [str(SCRIPTS / f"{kind}-up"), str(folder)],
            capture_output=True,
            text=True,
            check=False,
            timeout=3 * PATIENCE_S,
            start_new_session=True,
        )
        if up.returncode == 2:
            folder.rmdir()
            pytest.skip(f"THE TESTS ON A REAL SCHEDULER ARE LEFT OUT: {up.stderr.strip()}")
        assert up.returncode == 0, up.stdout + up.stderr
        yield folder
    finally:
        assert guard.stdin is not None
        guard.stdin.close()
        guard.wait(PATIENCE_S)


@pytest.fixture(scope="session")
def slurm_for_all() -> Iterator[SlurmCluster]:
    """Return a Slurm that all tests of this process share."""
    with cluster_folder("slurm") as folder:
        yield SlurmCluster(folder)


@pytest.fixture
def slurm(slurm_for_all: SlurmCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlurmCluster]:
    """Return a Slurm with four idle nodes, whose commands this process and all that it starts call."""
    slurm_for_all.use(monkeypatch)
    yield slurm_for_all
    if slurm_for_all.queue():
        slurm_for_all.repair()


@pytest.fixture(scope="session")
def sge_for_all() -> Iterator[Cluster]:
    """Return a Grid Engine that all tests of this process share."""
    with cluster_folder("sge") as folder:
        yield Cluster(folder)


@pytest.fixture
def sge(sge_for_all: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """Return a Grid Engine with four idle slots, whose commands this process and all that it starts call."""
    sge_for_all.use(monkeypatch)
    yield sge_for_all
    sge_for_all.ask("qdel", "-f", "-u", "*")


@pytest.fixture(params=["slurm", "sge", "torque", "pbs", "lsf", "htcondor"])
def batch(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BatchScheduler:
    """Return each scheduler: real ones where there are some, else programs that stand in for its commands."""
    name = str(request.param)
    if name == "sge":
        request.getfixturevalue("sge")
    elif name in ("slurm", "torque"):
        request.getfixturevalue("slurm")
        if name == "torque":
            use_torque(tmp_path / "torque", monkeypatch)
    else:
        use_fake(tmp_path / "fake", monkeypatch)
    return open_scheduler(name, quiet_s=0.2)


def use_torque(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have this process, and all that it starts, find Slurm's programs that look like Torque's.

    They cannot be installed beside those of Grid Engine, which have the same names. Skips the test without them.
    """
    unpacked = Path("/opt/boxwright-test/slurm-wlm-torque/usr/bin")
    if not (unpacked / "qsub").exists():
        pytest.skip(f"THE TESTS OF TORQUE'S COMMANDS ARE LEFT OUT: no qsub in {unpacked}; .ci/packages puts it there")
    folder.mkdir()
    for name in ("qsub", "qstat", "qdel"):
        (folder / name).symlink_to(unpacked / name)
    (folder / "sbatch").symlink_to("/usr/bin/sbatch")  # looked for beside qsub
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def use_fake(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have this process, and all that it starts, find the programs that stand in; return the folder of their jobs."""
    programs = home / "bin"
    programs.mkdir(parents=True)
    for name in ("qsub", "qstat", "qdel", "bsub", "bjobs", "bkill", "condor_submit", "condor_q", "condor_rm"):
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -S {SCRIPTS}/fake/scheduler.py {name} "$@"\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_SCHEDULER", str(home))
    return home

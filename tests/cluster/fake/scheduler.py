"""Stands in for schedulers that cannot be installed here: carries jobs out at once, and speaks in their forms.

``scheduler.py PROGRAM WORD…``; ``FAKE_SCHEDULER`` names the folder of its jobs. Written from the manuals of PBS Pro,
LSF and HTCondor; what it prints is what their commands print.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

HOME = Path(os.environ["FAKE_SCHEDULER"])
Job = dict[str, str]


def main(program: str, words: list[str]) -> int:
    with (HOME / "calls").open("a") as file:
        file.write(shlex.join([program, *words]) + "\n")
    if (HOME / "down").exists():
        print(f"{program}: cannot connect to the server", file=sys.stderr)
        return 255
    return {
        "qsub": qsub, "qstat": qstat, "qdel": qdel, "bsub": bsub, "bjobs": bjobs, "bkill": bkill,
        "condor_submit": condor_submit, "condor_q": condor_q, "condor_rm": condor_rm,
    }[program](words)  # fmt: skip


# ---------------------------------------------------------------------------------------------- jobs


def new_number() -> int:
    number = len(list(HOME.glob("*.number"))) + 1
    (HOME / f"{number}.number").touch(exist_ok=False)
    return number


def start(key: str, name: str, script: Path | str, log: Path, environment: dict[str, str]) -> None:
    """Start a job; its exit code comes into a file."""
    path = HOME / f"{key}.script"
    path.write_text(script if isinstance(script, str) else script.read_text("utf-8"), "utf-8")
    exit_file = HOME / f"{key}.exit"
    with log.open("ab") as output:
        process = subprocess.Popen(
            ["sh", "-c", 'bash "$0"; echo $? >"$1.new"; mv "$1.new" "$1"', str(path), str(exit_file)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    (HOME / f"{key}.job").write_text(json.dumps({"key": key, "name": name, "pid": str(process.pid)}))


def jobs() -> Iterator[tuple[Job, str]]:
    """Yield each job with its exit code, empty while it runs."""
    for path in sorted(HOME.glob("*.job")):
        job = json.loads(path.read_text())
        exit_file = path.with_suffix(".exit")
        yield job, exit_file.read_text().strip() if exit_file.exists() else ""


def cancel(wanted: set[str]) -> set[str]:
    """End jobs; return those that there are not."""
    for job, code in jobs():
        if job["key"] in wanted:
            wanted = wanted - {job["key"]}
            if not code:
                with suppress(ProcessLookupError):
                    os.killpg(int(job["pid"]), signal.SIGTERM)
                path = HOME / f"{job['key']}.exit"
                path.exists() or path.write_text("143")
    return wanted


def option(words: list[str], name: str) -> str:
    return words[words.index(name) + 1] if name in words else ""


def directive(text: str, pattern: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    return found.group(1) if found else ""


# ---------------------------------------------------------------------------------------------- PBS Pro


def qsub(words: list[str]) -> int:
    text = Path(words[-1]).read_text("utf-8")
    name = option(words, "-N") or directive(text, r"^#PBS -N (\S+)")
    if directive(text, r"^#PBS -q (\S+)") == "nope":
        print("qsub: Unknown queue", file=sys.stderr)
        return 170
    number = new_number()
    count = int(words[1].partition("-")[2]) + 1 if words[0] == "-J" else 0
    for index in range(count or 1):
        key, log = (
            (f"{number}[{index}]", f"{name}.o{number}.{index}") if count else (str(number), f"{name}.o{number}")
        )
        environment = {"PBS_JOBID": f"{key}.fake-server", **({"PBS_ARRAY_INDEX": str(index)} if count else {})}
        start(key, name, text, Path(log), environment)
    print(f"{number}{'[]' if count else ''}.fake-server")
    return 0


def qstat(words: list[str]) -> int:
    asked, code = [word for word in words if word[:1].isdigit()], 0
    for word in asked:
        found = [(job, end) for job, end in jobs() if job["key"] == word or job["key"].split("[")[0] + "[]" == word]
        if not [job for job, end in found if not end]:
            print(f"qstat: {'Unknown Job Id' if not found else 'Job has finished'} {word}", file=sys.stderr)
            code = 153 if not found else 35
            continue
        for job, end in found:
            comment = "Job run at Thu Nov 26 at 01:02 on (fake:ncpus=1:mem=1048576kb) and a comment\n\t that goes on"
            print(f"Job Id: {job['key']}.fake-server\n    Job_Name = {job['name']}\n    Job_Owner = me@fake")
            print(f"    job_state = {'X' if end else 'R'}\n    comment = {comment}")
            print("    Variable_List = PBS_O_HOME=/root,A=B\n\t    job_state = F\n")
    return code


def qdel(words: list[str]) -> int:
    for key in sorted(cancel(set(words))):
        print(f"qdel: Unknown Job Id {key}.fake-server", file=sys.stderr)
    return 0


# ---------------------------------------------------------------------------------------------- LSF


def bsub(words: list[str]) -> int:
    text = sys.stdin.read()
    name, _, array = (option(words, "-J") or directive(text, r"^#BSUB -J (\S+)")).partition("[")
    if directive(text, r"^#BSUB -q (\S+)") == "nope":
        print("nope: No such queue. Job not submitted.", file=sys.stderr)
        return 255
    number = new_number()
    count = int(array.rstrip("]").partition("-")[2] or 0)
    for index in range(1, count + 1) if count else [0]:
        log = Path(directive(text, r"^#BSUB -o (\S+)").replace("%J", str(number)).replace("%I", str(index)))
        key = f"{number}[{index}]" if index else str(number)
        start(
            key,
            f"{name}[{index}]" if index else name,
            text,
            log,
            {"LSB_JOBID": str(number), "LSB_JOBINDEX": str(index)},
        )
    print(f"Job <{number}> is submitted to default queue <normal>.")
    return 0


def bjobs(words: list[str]) -> int:
    assert words[:3] == ["-a", "-noheader", "-o"], words
    rows = list(jobs())
    if not rows:
        print("No job found", file=sys.stderr)
        return 255
    for job, code in rows:
        number, _, index = job["key"].rstrip("]").partition("[")
        state = "RUN" if not code else "DONE" if code == "0" else "EXIT"
        print(f"{number}|{index or 0}|{state}|{code if state == 'EXIT' else '-'}|{job['name']}")
    return 0


def bkill(words: list[str]) -> int:
    wanted = set(words)
    over = {job["key"] for job, code in jobs() if code}
    left = cancel(wanted)
    for key in sorted(left):
        print(f"Job <{key}>: No matching job found", file=sys.stderr)
    for key in sorted(wanted & over):
        print(f"Job <{key}>: Job has already finished", file=sys.stderr)
    return 255 if left or wanted & over else 0


# ---------------------------------------------------------------------------------------------- HTCondor


def condor_submit(words: list[str]) -> int:
    assert words[0] == "-terse", words
    assert words[-2] == "-queue", words
    text = Path(words[-3]).read_text("utf-8")
    name = option(words, "-batch-name") or directive(text, r"^batch_name = (.*)")
    if directive(text, r"^accounting_group = (\S+)") == "nope":
        print("ERROR: Failed to submit: nope is no accounting group", file=sys.stderr)
        return 1
    number, count = new_number(), int(words[-1])
    for index in range(count):

        def filled(value: str, index: int = index) -> str:
            return value.replace("$(ClusterId)", str(number)).replace("$(ProcId)", str(index))

        variables = shlex.split(filled(directive(text, r'^environment = "(.*)"')))
        log = Path(filled(directive(text, r"^output = (.*)")))
        environment = dict(variable.split("=", 1) for variable in variables)
        start(f"{number}.{index}", name, Path(directive(text, r"^executable = (.*)")), log, environment)
    print(f"{number}.0 - {number}.{count - 1}")
    return 0


def condor_q(words: list[str]) -> int:
    assert words[:2] == ["-json", "-attributes"], words
    rows = [job for job, code in jobs() if not code]
    ads = [
        {"ClusterId": int(cluster), "ProcId": int(proc), "JobStatus": 2, "JobBatchName": job["name"]}
        for job in rows
        for cluster, proc in [job["key"].split(".")]
    ]
    print(json.dumps(ads, indent=0) if ads else "", end="")
    return 0


def condor_rm(words: list[str]) -> int:
    for key in sorted(left := cancel(set(words))):
        print(f"Couldn't find/remove all jobs matching {key}", file=sys.stderr)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))

"""The lock of a slot, the files beside it, and what is sent over the socket."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from boxwright.execute.exits import read_exit, write_exit
from boxwright.execute.lock import ask_owner_to_end, hold, is_held, lock_path, read_owner
from boxwright.execute.messages import Cancel, Ended, Exit, Request, Start
from boxwright.execute.wire import Lines, encode_line
from boxwright.terms import Slot

HOLDER = """
import sys, time
from pathlib import Path
from boxwright.execute.lock import hold
from boxwright.terms import Slot
hold(Path(sys.argv[1]), Slot(0, gpus=("3",), cores=(0,)))
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = lock_path(tmp_path, 0)
    path.parent.mkdir()
    return path


def holder_of(lock: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", HOLDER, str(lock)], stdout=subprocess.PIPE)


def test_lock_is_held_until_its_owner_dies_and_names_it(lock: Path) -> None:
    assert not is_held(lock)
    with holder_of(lock) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        owner = read_owner(lock)
        assert is_held(lock)
        holder.kill()
    assert not is_held(lock)
    assert owner is not None
    assert (owner.pid, owner.gpus, owner.cores) == (holder.pid, ("3",), (0,))
    assert owner.has_share_of(Slot(0, gpus=("3",), cores=(0,)))
    assert not owner.is_running_here


def test_lock_is_waited_for(lock: Path) -> None:
    fd = hold(lock, Slot(0))
    with holder_of(lock) as holder:
        assert holder.stdout is not None
        assert select.select([holder.stdout], [], [], 1.0)[0] == [], "it says nothing yet"
        owner = read_owner(lock)
        assert owner is not None
        assert owner.pid == os.getpid()
        os.close(fd)
        assert holder.stdout.readline() == b"held\n"
        holder.kill()


def test_owner_is_asked_to_end_only_while_it_holds_the_lock(lock: Path) -> None:
    with holder_of(lock) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        content = lock.read_bytes()
        lock.unlink()
        lock.write_bytes(content)
        ask_owner_to_end(lock)
        assert holder.poll() is None
        holder.kill()
    with holder_of(lock) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        ask_owner_to_end(lock)
        assert holder.wait(10) == -signal.SIGTERM


@pytest.mark.parametrize("field", ["started", "boot"])
def test_process_that_only_has_the_owners_number_is_left_alone(lock: Path, field: str) -> None:
    with holder_of(lock) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        entries = msgspec.json.decode(lock.read_bytes())
        entries[field] = 1 if field == "started" else "another machine"
        lock.write_bytes(msgspec.json.encode(entries))
        ask_owner_to_end(lock)
        with pytest.raises(subprocess.TimeoutExpired):
            holder.wait(0.2)
        holder.kill()


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"pid": "x"}'])
def test_lock_file_that_cannot_be_read_names_nobody(lock: Path, content: bytes) -> None:
    lock.write_bytes(content)
    assert read_owner(lock) is None
    ask_owner_to_end(lock)


def test_exit_is_read_as_it_was_written_over_whatever_was_there(tmp_path: Path) -> None:
    exit_ = Exit(run=3, ended_by=Ended.MEMORY, exit_code=-9, detail="é", wall_s=1.5)
    (tmp_path / ".exit.json.new").symlink_to(tmp_path / "mine")
    (tmp_path / "exit.json").write_text("of the run itself")
    write_exit(tmp_path, exit_)
    assert read_exit(tmp_path, 3) == exit_
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exit.json"]


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"run": 3}', b'{"run": 4, "ended_by": "exited"}', b" " * (2 << 20), b'{"a":' * 100_000, b'{"\xff'],
)
def test_exit_that_is_none_of_this_run_is_not_there(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "exit.json").write_bytes(content)
    assert read_exit(tmp_path, 3) is None


def test_exit_that_is_no_file_is_not_there(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "exit.json")
    assert read_exit(tmp_path, 3) is None


def test_messages_pass_in_pieces_of_any_size_and_with_any_bytes() -> None:
    request = Request(run=1, folder="/a\nb", argv=("é", os.fsdecode(b"\xff")), env={"A": os.fsdecode(b"\xfe")})
    messages = [Start(request), Cancel(1, 'it"s'), Start(msgspec.structs.replace(request, argv=()))]
    stream = b"".join(map(encode_line, messages))
    for size in (1, 7, len(stream)):
        lines = Lines(Start | Cancel)
        assert [m for at in range(0, len(stream), size) for m in lines.feed(stream[at : at + size])] == messages


@pytest.mark.parametrize("line", [b"{}\n", b"nonsense\n", b'{"type": "start"}\n'])
def test_message_that_is_none_is_refused(line: bytes) -> None:
    with pytest.raises((msgspec.MsgspecError, ValueError)):
        Lines(Start | Cancel).feed(line)

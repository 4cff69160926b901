"""The live page: who is let in, what a foreign page can do (nothing), and what leaves a run's folder (nothing)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

import boxwright as library
from page_support import Server
from support import RunBoxwright

pytest.importorskip("starlette", reason="boxwright[serve] is not installed")

SCRIPT = """
echo "<script>alert(1)</script>"
echo "secret" > ../../../outside.txt
ln -s /etc/passwd passwd; ln -s ../../../ up; mkfifo pipe
echo "<script>alert(2)</script>" > page.html
printf 'GIF89a<script>alert(3)</script>' > picture.gif
mkdir -p deep/er; echo inside > deep/er/file.txt; touch "a b;c\\"d.txt"
echo "Result of algorithm run: SUCCESS, 0.1, 1, $BOXWRIGHT_TRIAL, 0"
"""


@pytest.fixture(scope="module")
def server(make_shared_scenario: Callable[..., Path]) -> Iterator[Server]:
    scenario = make_shared_scenario(SCRIPT, design='[design]\nkind = "monte-carlo"\nruns = 2\n')
    study, _ = library.run(scenario, study=scenario.parent / "study")
    (study / "runs/000/000001" / os.fsdecode(b"od\xff")).write_bytes(b"odd")
    with Server(study) as started:
        started.sign_in()
        yield started


RUN = "/s/study/runs/1"


def test_request_without_a_session_is_refused(server: Server) -> None:
    for path in ("/", "/s/study/", RUN, f"{RUN}/raw/stdout.log", "/s/study/figure.json?kind=best", "/static/page.js"):
        assert server.ask(path, cookie="").status == 403, path
        assert server.ask(path, cookie="boxwright=guess").status == 403, path
    assert server.ask("/s/study/follow", cookie="").status == 403
    assert "wants its link" in server.ask("/", cookie="").text


def test_link_opens_the_page_once_and_its_cookie_is_for_this_page_alone(server: Server) -> None:
    assert server.ask(server.link.removeprefix(server.base), cookie="").status == 403
    assert server.ask("/open?key=", cookie="").status == 403
    further = server.post("/link")
    assert further.status == 200
    link = further.text.partition("/open?key=")[2].partition("<")[0]
    opened = server.ask(f"/open?key={link}", cookie="")
    assert opened.status == 200
    assert f"boxwright-{server.port}=" in opened.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict"} <= set(opened.headers["set-cookie"].split("; "))
    assert server.ask(f"/open?key={link}", cookie="").status == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "localhost:x", ""])
def test_foreign_host_is_refused(server: Server, host: str) -> None:
    assert server.ask("/s/study/", host=host.format(port=server.port)).status in (400, 421)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://127.0.0.1:1"])
def test_foreign_origin_is_refused(server: Server, origin: str) -> None:
    foreign = origin.format(port=server.port)
    assert server.ask("/s/study/", origin=foreign).status == 403
    body = urlencode({"token": server.token()})
    kind = "application/x-www-form-urlencoded"
    for path in ("/link", "/s/study/do/stop"):
        assert server.ask(path, method="POST", body=body, origin=foreign, content_type=kind).status == 403


def test_nothing_changes_without_origin_token_or_form(server: Server) -> None:
    kind = "application/x-www-form-urlencoded"
    good = urlencode({"token": server.token()})
    asked = server.ask("/link", method="POST", body=good, origin=server.base, content_type=kind)
    assert asked.status == 200
    assert server.ask("/link", method="POST", body=good, content_type=kind).status == 403
    for body in ("", "token=guess", "token=", "x=1", "token=%ff"):
        assert server.ask("/link", method="POST", body=body, origin=server.base, content_type=kind).status == 403
    assert server.ask("/link", method="POST", body=good, origin=server.base, content_type="text/plain").status == 403
    assert (
        server.ask(
            "/link", method="POST", body=good + "&x=" + "y" * 70000, origin=server.base, content_type=kind
        ).status
        == 403
    )
    assert server.ask("/link").status == 405
    for method in ("PUT", "DELETE", "OPTIONS", "PATCH"):
        assert server.ask("/s/study/", method=method).status in (403, 405)


@pytest.mark.parametrize(
    "name",
    [
        "..",
        "../../../study.db",
        "..%2f..%2f..%2fstudy.db",
        "%2e%2e/%2e%2e/%2e%2e/study.db",
        "deep/../../../../study.db",
        "deep/er/../../stdout.log",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "passwd",
        "up/study.db",
        "up",
        "pipe",
        "deep",
        ".",
        "",
        "deep//er/file.txt",
        "stdout.log%00",
        "n" * 300,
    ],
)
def test_nothing_but_the_files_of_the_run_is_handed_out(server: Server, name: str) -> None:
    for view in ("raw", "file", "picture"):
        answer = server.ask(f"{RUN}/{view}/{name}")
        assert answer.status in (404, 405), (view, answer)
        assert b"root:" not in answer.body
        assert b"SQLite" not in answer.body


@pytest.mark.parametrize(
    "path", ["/s/../", "/s/nobody/", "/s/study/runs/..%2f1", "/s/study/runs/1e3", "/s/study/runs/0"]
)
def test_unknown_study_or_run_is_not_found(server: Server, path: str) -> None:
    assert server.ask(path).status == 404
    assert server.ask("/s/study/runs/99999999999999999999999").status == 404


def test_log_that_is_a_link_is_not_followed(server: Server, make_shared_scenario: Callable[..., Path]) -> None:
    script = "rm -f ../../../leak; ln -s /etc/passwd leak; exit 1"
    scenario = make_shared_scenario(script, design='[design]\nkind = "monte-carlo"\nruns = 1\n', name="other")
    study, _ = library.run(scenario, study=scenario.parent / "links")
    folder = study / "runs/000/000001"
    (folder / "stdout.log").unlink()
    (folder / "stdout.log").symlink_to("/etc/passwd")
    folder.rename(study / "moved")
    with Server(study) as other:
        other.sign_in()
        assert other.ask("/s/links/runs/1/raw/stdout.log").status == 404  # gone altogether
        folder.symlink_to(study / "moved")
        page = other.ask("/s/links/runs/1")
        assert page.status == 200
        assert "root:" not in page.text
        for name in ("raw/stdout.log", "raw/run.json", "file/run.json", "raw/leak"):
            assert other.ask(f"/s/links/runs/1/{name}").status == 404
        assert "root:" not in other.ask("/s/links/runs/1/follow/stdout").text


def test_server_gives_way_to_the_runs_in_each_of_its_threads(server: Server) -> None:
    server.ask("/s/study/figure.json")
    threads = [int(each.name) for each in Path(f"/proc/{server.process.pid}/task").iterdir()]
    assert len(threads) > 1
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert {os.getpriority(os.PRIO_PROCESS, thread) - own for thread in threads} == {5}
    assert server.ask("/s/study/").headers["server-timing"].startswith("app;dur=")  # by which the page rests


def test_files_are_saved_and_never_run(server: Server) -> None:
    page = server.ask(f"{RUN}/raw/page.html")
    assert page.body == b"<script>alert(2)</script>\n"
    assert page.headers["content-disposition"].startswith("attachment;")
    assert page.headers["content-type"] == "application/octet-stream"
    assert "sandbox" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    shown = server.ask(f"{RUN}/file/page.html")
    assert "&lt;script&gt;alert(2)&lt;/script&gt;" in shown.text
    assert "<script>alert" not in shown.text
    picture = server.ask(f"{RUN}/picture/picture.gif")
    assert (picture.headers["content-type"], picture.headers["x-content-type-options"]) == ("image/gif", "nosniff")
    assert server.ask(f"{RUN}/picture/page.html").status == 404
    assert server.ask(f"{RUN}/raw/deep/er/file.txt").body == b"inside\n"
    assert server.ask(f"{RUN}/raw/od%FF").body == b"odd"
    assert (
        "attachment; filename*=UTF-8''a%20b%3Bc%22d.txt"
        in server.ask(f"{RUN}/raw/a%20b%3Bc%22d.txt").headers.values()
    )


def test_every_answer_forbids_scripts_of_others(server: Server) -> None:
    for path in (
        "/",
        "/s/study/",
        RUN,
        "/nowhere",
        f"{RUN}/raw/../x",
        "/s/study/runs?sort=nonsense",
        "/static/page.js",
    ):
        policy = server.ask(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert server.ask(path).headers["x-frame-options"] == "DENY"
    assert "<script>alert" not in server.ask(RUN).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in server.ask(RUN).text


def test_address_that_others_reach_wants_a_clear_word(server: Server, boxwright: RunBoxwright) -> None:
    done = boxwright("serve", ".", "--host", "0.0.0.0")
    assert done.returncode == 2
    assert "not encrypted" in done.stderr
    assert "--open-to-network" in done.stderr
    for words in (["--host", "example.org"], ["--port", str(server.port)]):
        refused = boxwright("serve", ".", *words)
        assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1), refused


def test_page_on_all_addresses_answers_to_the_names_of_this_machine(server: Server, tmp_path: Path) -> None:
    from boxwright.serve.server import own_names

    assert own_names("127.0.0.1") == {"localhost", "127.0.0.1", "::1"}
    assert os.uname().nodename.lower() in own_names("0.0.0.0")


def test_what_is_no_study_is_refused(boxwright: RunBoxwright, tmp_path: Path) -> None:
    done = boxwright("serve", tmp_path, "--port", "0")
    assert (done.returncode, done.stdout) == (2, "")
    assert "is no study" in done.stderr


def test_missing_extra_is_one_clear_line(boxwright: RunBoxwright, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "uvicorn" else found(name))
    done = boxwright("serve", ".")
    assert done.returncode == 2
    assert done.stderr == "boxwright: the page needs uvicorn. Install them: pip install 'boxwright[serve]'\n"

"""The live page as the server makes it: what stands where, and that hostile names and logs are nothing but text."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest

import boxwright as library
from boxwright.report.words import zone
from boxwright.store.database import Store
from execute_support import wait_until
from page_support import Server

pytest.importorskip("starlette", reason="boxwright[serve] is not installed")

EVIL = "<b>&amp;%25;$y"
SCRIPT = """
for epoch in 1 2 3 4; do echo "epoch $epoch loss: 0.$((9 - epoch * 2)) acc=0.$((epoch * 2))"; done
printf 'bell \\007 colour \\033[31mred\\033[0m <i>\\r\\n'
printf '<b>"%%s\\t0.25\\n' x
test "$BOXWRIGHT_TRIAL" != 3 || exit 7
echo "value $1" > made.txt
echo "Result of algorithm run: SUCCESS, 0.1, 1, 0.$BOXWRIGHT_TRIAL, 0"
"""
SPACE = f"""
x = {{ type = "float", lower = 0, upper = 1 }}
{json.dumps(EVIL)} = {{ type = "categorical", choices = ["a & b", "<u>"] }}
"""
DESIGN = '[design]\nkind = "monte-carlo"\nruns = 60\n'
MORE = '[inputs]\ntemplates = [{ source = "t.cfg.j2" }]\n[parse]\nresult_line = true\n'
MORE += 'regex = { loss = "loss: ([0-9.]+)" }\n'


@pytest.fixture(scope="module")
def server(make_shared_scenario: Callable[..., Path]) -> Iterator[Server]:
    scenario = make_shared_scenario(SCRIPT, space=SPACE, design=DESIGN, more=MORE)
    (scenario.parent / "t.cfg.j2").write_text("fixed\nx is {{ x }}\n")
    study, _ = library.run(scenario, study=scenario.parent / "evil <i>&", slots=2)
    other, _ = library.run(scenario, study=scenario.parent / "other", runs=3, slots=1)
    with Server(study, other) as started:
        started.sign_in()
        yield started


STUDY = "/s/evil-i"
NAME = f"config.{EVIL}"


def rows_of(text: str) -> list[int]:
    """Return the runs in the table of a page."""
    return [int(number) for number in re.findall(r'<th scope="row" class="n"><a href="[^"]*/runs/(\d+)"', text)]


def test_every_view_shows_a_hostile_study_as_text(server: Server) -> None:
    for path in ("/", "/compare", f"{STUDY}/", f"{STUDY}/runs", f"{STUDY}/runs/1", f"{STUDY}/charts?kind=parallel"):
        answer = server.ask(path)
        assert answer.status == 200, path
        assert not re.search(r"<(b|i|u)>(?!<|\d|\w+<)[\"'&]", answer.text), path
        assert "<i>" not in answer.text, path
        assert "<u>" not in answer.text, path
        assert EVIL in unescape(answer.text) or path in ("/", "/compare"), path
    for path in ("/events", "/scenario", "/charts", "/do/stop"):
        assert server.ask(STUDY + path).status == 200


def test_log_is_shown_without_controls(server: Server) -> None:
    text = unescape(server.ask(f"{STUDY}/runs/1").text)
    assert "bell \\x07 colour red <i>\n" in text
    assert "&lt;i&gt;" in server.ask(f"{STUDY}/runs/1").text


def test_table_is_sorted_by_any_column_and_runs_without_a_value_come_last(server: Server) -> None:
    with Store(server_study(server)) as store:
        runs = list(store.runs())
    by_x = [run.run for run in sorted(runs, key=lambda run: run.config["x"])]
    assert rows_of(server.ask(f"{STUDY}/runs?sort=config.x&size=100").text) == by_x
    assert rows_of(server.ask(f"{STUDY}/runs?sort=-config.x&size=100").text) == by_x[::-1]
    assert rows_of(server.ask(f"{STUDY}/runs?sort=quality&size=100").text)[-1] == 3
    assert rows_of(server.ask(f"{STUDY}/runs?sort=-quality&size=100").text)[-1] == 3
    assert len(rows_of(server.ask(f"{STUDY}/runs?sort={quote(NAME)}&size=100").text)) == 60


def test_pages_together_hold_each_run_once_in_order(server: Server) -> None:
    for sort in ("-run", "run", "config.x", "-config.x", "quality", "-wall_s"):
        pages = [rows_of(server.ask(f"{STUDY}/runs?sort={sort}&page={page}").text) for page in (1, 2)]
        assert [len(page) for page in pages] == [50, 10]
        assert [*pages[0], *pages[1]] == rows_of(server.ask(f"{STUDY}/runs?sort={sort}&size=100").text)
    assert "page 2 of 2" in server.ask(f"{STUDY}/runs?page=9").text


def test_table_is_filtered_and_searched(server: Server) -> None:
    def found(**fields: str) -> list[int]:
        address = "&".join(f"{name}={quote(value)}" for name, value in fields.items())
        return sorted(rows_of(server.ask(f"{STUDY}/runs?size=100&{address}").text))

    with Store(server_study(server)) as store:
        runs = list(store.runs())
    assert found(fc="status", fs="=", fv="crashed") == [3]
    assert found(fc="config.x", fs="<", fv="0.5") == [run.run for run in runs if float(run.config["x"]) < 0.5]
    assert found(fc=NAME, fs="=", fv="<u>") == [run.run for run in runs if run.config[EVIL] == "<u>"]
    assert found(fc=NAME, fs="contains", fv="A &") == [run.run for run in runs if run.config[EVIL] == "a & b"]
    assert found(q="code 7") == [3]
    assert found(q="100%_") == []
    both = server.ask(f"{STUDY}/runs?size=100&fc=config.x&fs=<&fv=0.5&fc={quote(NAME)}&fs=%3D&fv=<u>").text
    assert sorted(rows_of(both)) == [
        run.run for run in runs if float(run.config["x"]) < 0.5 and run.config[EVIL] == "<u>"
    ]


def test_columns_are_those_of_the_address(server: Server) -> None:
    text = server.ask(f"{STUDY}/runs?c=run&c={quote(NAME)}&c=metric.loss").text
    heads = [unescape(re.sub("<[^>]*>", "", head)).strip() for head in re.findall(r"<th scope=\"col\".*?</th>", text)]
    assert heads == ["run ↓", EVIL, "loss"]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("sort=nothing", 'no column "nothing"'),
        ("c=config.no", 'no column "config.no"'),
        ("page=0", "whole number of at least 1"),
        ("page=1e9", "whole number"),
        ("size=-5", "whole number"),
        ("fc=config.x&fs=<&fv=abc", '"abc" is no number'),
        ("fc=config.x&fs=;&fv=1", 'no comparison ";"'),
        ("fc=x;drop table runs&fs==&fv=1", 'no column "x;drop table runs"'),
    ],
)
def test_address_that_makes_no_sense_is_refused_in_one_sentence(server: Server, address: str, message: str) -> None:
    answer = server.ask(f"{STUDY}/runs?{quote(address, safe='=&')}")
    assert answer.status == 400
    assert message in unescape(answer.text)


def test_run_shows_files_and_what_differs(server: Server) -> None:
    text = unescape(server.ask(f"{STUDY}/runs/2?with=1").text)
    assert "- x is {{ x }}" in text
    assert re.search(r"\+ x is 0\.\d+", text)
    assert "against run 1" in text
    for name in ("t.cfg", "made.txt", "stdout.log", "run.json"):
        assert f"/runs/2/file/{name}" in text, name
    assert server.ask(f"{STUDY}/runs/2/file/t.cfg").text.count("x is 0.") == 1
    assert "exit code 7" in unescape(server.ask(f"{STUDY}/runs/3").text)
    assert server.ask(f"{STUDY}/runs/2?with=99").status == 404


def test_question_for_more_runs_begins_with_what_the_scenario_asks_for(server: Server) -> None:
    assert 'required value="3"' in server.ask("/s/other/do/extend").text
    finished = server.ask("/s/other/").text
    assert re.search(r"for more runs <code>boxwright resume [^<]*/other --runs N</code>", finished)


def test_charts_are_json_of_plotly_and_names_in_them_are_no_markup(server: Server) -> None:
    for kind in ("best", "seeds", "two", "parallel", "time", "lanes"):
        answer = server.ask(f"{STUDY}/figure.json?kind={kind}&theme=dark")
        assert answer.headers["content-type"] == "application/json"
        assert json.loads(answer.text)["data"], kind
        assert "<b>" not in answer.text
    chosen = f"kind=metric&metric=loss&x={quote(EVIL)}"
    assert json.loads(server.ask(f"{STUDY}/figure.json?{chosen}").text)["data"]
    assert server.ask(f"{STUDY}/figure.json?kind=metric&metric=no").status == 400
    curves = json.loads(server.ask(f"{STUDY}/runs/1/curves.json").text)
    assert {trace["name"]: trace["y"] for trace in curves["data"]} == {
        "loss": [0.7, 0.5, 0.3, 0.1],
        "acc": [0.2, 0.4, 0.6, 0.8],
    }


def test_importance_is_worked_out_while_the_page_is_told_to_ask_again(server: Server) -> None:
    first = server.ask(f"{STUDY}/figure.json?kind=importance")
    assert (first.status, first.text) == (202, "being worked out …")
    assert first.headers["x-coming"] == "1"
    wait_until(lambda: server.ask(f"{STUDY}/figure.json?kind=importance").status == 200)
    again = server.ask(f"{STUDY}/figure.json?kind=importance")
    assert "x-coming" not in again.headers
    assert "fANOVA" in again.text


def test_studies_are_shown_side_by_side(server: Server) -> None:
    text = unescape(server.ask("/").text)
    assert "evil <i>&" in text
    assert "60 of 60" in text
    assert f"times in {zone(time.time())}" in text
    compared = unescape(server.ask("/compare?s=evil-i&s=other").text)
    assert "design.runs" in compared
    assert len(json.loads(server.ask("/compare.json").text)["data"]) == 2
    assert server.ask("/compare?s=nobody").status == 404


def test_study_that_was_damaged_is_told_of(make_shared_scenario: Callable[..., Path], tmp_path: Path) -> None:
    scenario = make_shared_scenario(name="damaged")
    study, _ = library.run(scenario, study=tmp_path / "damaged")
    for path in study.glob("study.db*"):
        path.unlink()
    (study / "study.db").write_bytes(b"no database at all" * 100)
    with Server(study) as server:
        server.sign_in()
        answer = server.ask("/s/damaged/")
        assert answer.status == 503
        assert "file is not a database" in answer.text


def test_change_that_a_request_has_taken_in_is_told_to_watchers_all_the_same(server: Server) -> None:
    from boxwright.serve.desk import Desk
    from boxwright.serve.watch import Watch

    async def watch() -> None:
        desk = Desk("other", server.studies[1])
        desk.refresh()
        watch = Watch([desk], every_s=0.05)
        changes = watch.changes(desk)
        before = await anext(changes)
        with closing(sqlite3.connect(desk.folder / "study.db", isolation_level=None)) as db:
            db.execute("UPDATE meta SET value = value")
        assert desk.refresh(now=True)  # before the watch looks
        assert await anext(changes) not in (None, before)
        await changes.aclose()
        await watch.close()
        desk.close()

    asyncio.run(asyncio.wait_for(watch(), 30))


def test_study_that_goes_away_and_comes_back_is_told_of(
    make_shared_scenario: Callable[..., Path], tmp_path: Path
) -> None:
    study, _ = library.run(make_shared_scenario(name="leaving"), study=tmp_path / "leaving", runs=2, slots=1)
    views = ("", "runs", "runs/1", "runs/1/raw/stdout.log", "charts", "figure.json", "events", "scenario", "do/stop")
    with Server(study) as server:
        server.sign_in()
        assert {server.ask(f"/s/leaving/{view}").status for view in views} == {200}
        study.rename(tmp_path / "elsewhere")
        while server.ask("/s/leaving/figure.json").status == 200:
            time.sleep(0.1)  # one look at a study stands for all requests of the next moments
        for view in views:
            assert server.ask(f"/s/leaving/{view}").status in (404, 503), view
        assert server.ask("/compare").status == 503
        # What comes back has another database: the old one with a run less.
        shutil.copytree(tmp_path / "elsewhere", study)
        with closing(sqlite3.connect(study / "study.db", isolation_level=None)) as db:
            db.execute("DELETE FROM runs WHERE number = 2")
        assert rows_of(server.ask("/s/leaving/runs").text) == [1]


def server_study(server: Server) -> Path:
    return server.studies[0]

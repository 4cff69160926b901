"""``boxwright report``: one file that stands alone, says how sure it is, and shows hostile texts as text."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from boxwright import validate
from support import RunBoxwright

pytest.importorskip("plotly")

NAME = "</script><script>alert"
HOSTILE = "</script><script>alert(1)</script>"


class Page(HTMLParser):
    """What a browser would make of it: elements, what they would load, the texts of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self._script: dict[str, str | None] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        self.loads += [found[key] or "" for key in ("src", "href") if key in found]
        if tag == "script":
            self._script = found

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self.scripts.append((self._script, data))
            self._script = None


def words_of(page: Path) -> str:
    text = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", page.read_text("utf-8"), flags=re.S)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)))


@pytest.fixture(scope="module")
def hostile_study(make_shared_scenario: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    import boxwright

    scenario = make_shared_scenario(
        'if [ $BOXWRIGHT_TRIAL = 2 ]; then echo "<img src=x onerror=alert(2)>" >&2; exit 1; fi\n'
        'echo "Result of algorithm run: SUCCESS, 0.1, 1, $((BOXWRIGHT_TRIAL - 2)), 0"',
        design='[design]\nkind = "monte-carlo"\nruns = 12\n',
        space=f'"{NAME}" = {{ type = "categorical", choices = ["{HOSTILE}", "<b>bold</b>"] }}\n'
        'x = { type = "float", lower = 0.001, upper = 1, log = true }\n',
        more='[environment]\nset = { API_TOKEN = "sesame", COLOUR = "<i>red</i>" }\n',
    )
    scenario.write_text(scenario.read_text().replace('flags = "--name=value"', 'flags = "none"'))
    study, summary = boxwright.run(scenario, study=tmp_path_factory.mktemp("report") / "study <1>")
    assert summary.failed == 1
    return study


@pytest.mark.usefixtures("ahead_s")
def test_report_stands_alone_and_shows_hostile_texts_as_text(
    hostile_study: Path, tmp_path: Path, boxwright: RunBoxwright
) -> None:
    done = boxwright("report", hostile_study, "--out", tmp_path / "r.html")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'r.html'}\n")
    text = (tmp_path / "r.html").read_text("utf-8")
    assert re.search(r"Report of \d{4}-\d\d-\d\d \d\d:\d\d UTC\+05:30;", text)
    page = Page(text)
    assert not [target for target in page.loads if not target.startswith("#")]
    assert "img" not in page.tags
    assert not {"b", "i"} & set(page.tags)
    runnable = [body for attributes, body in page.scripts if not attributes.get("type")]
    assert len(runnable) == 1
    assert "alert" not in runnable[0]
    assert "default-src 'none'" in text
    assert "unsafe-eval" not in text
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in text
    assert "sesame" not in text
    assert len(text) < 2_300_000


def test_report_holds_the_figures_in_both_themes(
    hostile_study: Path, tmp_path: Path, boxwright: RunBoxwright
) -> None:
    boxwright("report", hostile_study, "--out", tmp_path / "r.html")
    page = Page((tmp_path / "r.html").read_text("utf-8"))
    figures = [json.loads(body) for attributes, body in page.scripts if attributes.get("type") == "application/json"]
    assert len(figures) >= 2 * 6
    papers = {figure["layout"]["template"]["layout"]["paper_bgcolor"] for figure in figures}
    assert len(papers) == 2


def test_report_says_what_is_not_known(hostile_study: Path, tmp_path: Path, boxwright: RunBoxwright) -> None:
    boxwright("report", hostile_study, "--out", tmp_path / "r.html")
    words = words_of(tmp_path / "r.html")
    assert "makes quality as small as possible, over 2 parameters" in words
    assert "12 trials of 12 came to an end, 1 of them without an answer" in words
    assert "The best configuration is that of run 1, with quality -1" in words
    assert "Half of the trials came to 5 or worse: the best is better by 6. How sure" in words  # no share across zero
    assert "The default configuration was not run" in words
    assert "each configuration ran once, so that luck and merit cannot be told apart" in words
    assert "boxwright validate judges it by runs that the search has not seen" in words


def two_rows(parent: Path) -> str:
    """Write the rows of a design, the default one first, each of which runs three times; return the design."""
    (parent / "scenario").mkdir()
    (parent / "scenario" / "rows.csv").write_text("x\n0.5\n0.25\n")
    return '[design]\nkind = "csv"\nfile = "rows.csv"\nreplicates = 3\n'


def test_report_of_a_noisy_study_compares_with_the_default_in_standard_errors_and_tells_of_its_validation(
    make_scenario: Callable[..., Path], tmp_path: Path, boxwright: RunBoxwright
) -> None:
    scenario = make_scenario(
        'for word in "$@"; do x=${word#*=}; done\n'
        "quality=$(echo $x $BOXWRIGHT_SEED | awk '{print $1 + $2 / 100}')\n"
        'echo "Result of algorithm run: SUCCESS, 0.1, 1, $quality, 0"',
        design=two_rows(tmp_path),
    )
    assert boxwright("run", scenario, "--study", tmp_path / "s").returncode == 0
    assert boxwright("report", tmp_path / "s").returncode == 0
    words = words_of(tmp_path / "s.html")
    assert "quality 0.26 ± 0.0058: x = 0.25" in words
    assert (
        "The default configuration (run 1) came to 0.51 ± 0.0058: the best is better by 0.25, or 49.0% of it" in words
    )
    assert "The gap to the default is 30.6 standard errors, more than luck explains well (Welch's t test" in words
    best, _ = validate(tmp_path / "s", incumbents="last", default=True, runs=3).configs
    assert boxwright("report", tmp_path / "s", "--force").returncode == 0
    words = words_of(tmp_path / "s.html")
    told = f"it came to {best.quality:.6g} on average; with 95 % confidence its true mean is between {best.lower:.6g}"
    assert "rather worse than better. The gap to the default is 30.6 standard errors" in words
    assert f"Validated by 3 runs that the search has not seen, {told}" in words
    assert "boxwright validate judges" not in words
    row = re.escape(f" the best configuration {best.quality:.6g} ")
    assert re.search(rf" of test quality .*{row}.* x=0.25 default ", words)


def test_report_does_not_call_better_what_is_worse_than_the_default(
    make_scenario: Callable[..., Path], tmp_path: Path, boxwright: RunBoxwright
) -> None:
    scenario = make_scenario(
        'for word in "$@"; do x=${word#*=}; done\n'
        "[ $x$BOXWRIGHT_SEED != 0.51 ] || exit 1\n"
        'echo "Result of algorithm run: SUCCESS, 0.1, 1, $x$BOXWRIGHT_SEED, 0"',
        design=two_rows(tmp_path),
        more='[study]\nobjective = { direction = "maximize" }\n',
    )
    assert boxwright("run", scenario, "--study", tmp_path / "s").returncode == 1
    assert boxwright("report", tmp_path / "s").returncode == 0
    words = words_of(tmp_path / "s.html")
    assert "The best configuration is that of run 2, with quality 0.251" in words
    assert "The default configuration (run 1) came to 0.51" in words
    assert "which is better, but 1 of its runs failed" in words
    assert "The gap to the default" not in words


def test_report_of_a_study_without_an_answer_says_so(
    make_scenario: Callable[..., Path], tmp_path: Path, boxwright: RunBoxwright
) -> None:
    boxwright("run", make_scenario("exit 1"), "--study", tmp_path / "s")
    assert boxwright("report", tmp_path / "s").returncode == 0
    assert "Nothing was found: no run has succeeded." in words_of(tmp_path / "s.html")
    again = boxwright("report", tmp_path / "s")
    assert (again.returncode, "exists already" in again.stderr) == (2, True)


def test_pdf_without_chromium_is_one_line(
    hostile_study: Path, tmp_path: Path, boxwright: RunBoxwright, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = boxwright("report", hostile_study, "--pdf", "--out", tmp_path / "r.pdf")
    assert (done.returncode, done.stderr) == (
        2,
        "boxwright: --pdf: no Chromium is found, which prints it. Leave --pdf out, and print the page.\n",
    )


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium on this machine")
@pytest.mark.slow
def test_chromium_draws_the_charts_and_prints_them(
    hostile_study: Path, tmp_path: Path, boxwright: RunBoxwright
) -> None:
    boxwright("report", hostile_study, "--out", tmp_path / "r.html")
    seen = subprocess.run(
        [
            *("chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile"),
            *("--virtual-time-budget=30000", "--dump-dom", (tmp_path / "r.html").as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    assert 'data-drawn="light"' in seen
    assert seen.count('class="main-svg"') >= 6
    assert "WebGL is not supported" not in seen  # nothing drawn needs it, nor leave to compile
    assert ">No chart here" not in seen
    assert ">&lt;b&gt;bold&lt;/b&gt;</text>" in seen  # a choice beside its axis of the parallel coordinates
    done = boxwright("report", hostile_study, "--pdf", "--out", tmp_path / "r.pdf")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "r.pdf").stat().st_size > 50_000

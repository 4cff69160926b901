"""Each view of the live page, in light, in dark and on a phone: pictures for a person, and what axe says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import boxwright as library
from boxwright.store.database import Store
from page_support import NO_BROWSER, Server, chromium, needs_browser
from support import Running

if not NO_BROWSER:
    from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

pytestmark = [needs_browser, pytest.mark.slow]
pytest.importorskip("starlette", reason="boxwright[serve] is not installed")

PICTURES = Path(__file__).parents[1] / "build" / "screenshots"
"""Ignored by git."""

WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PATIENCE_MS = 180_000

TRAINING = """
test "$BOXWRIGHT_TRIAL" -le LAST || while ! test -e "$BOXWRIGHT_STUDY/go"; do sleep 0.05; done
awk -v words="$*" 'BEGIN {
    for (i = split(words, parts, " "); i >= 1; i--) { split(parts[i], pair, "="); of[substr(pair[1], 3)] = pair[2] }
    if (of["layers"] > 10) { print "CUDA out of memory. Tried to allocate 2.40 GiB" >"/dev/stderr"; exit 1 }
    end = 0.3 + (log(of["optimizer.learning_rate"]) + 6.9) ^ 2 / 30 + of["dropout"] ^ 2 + of["batch"] / 999
    for (epoch = 1; epoch <= 12; epoch++)
        printf "epoch %d/12  loss: %.4f  accuracy: %.4f\\n", epoch, end + 1.8 / epoch, 1 / (1 + end + 1.8 / epoch)
}' && printf 'GIF89a\\001\\000\\001\\000\\000\\000\\000;' > sample.gif
"""
SPACE = """
"optimizer.learning_rate" = { type = "float", lower = 1e-5, upper = 0.1, log = true }
"optimizer.schedule" = { type = "categorical", choices = ["constant", "cosine", "one-cycle"] }
activation = { type = "categorical", choices = ["relu", "elu", "gelu", "tanh"] }
batch = { type = "ordinal", sequence = [16, 32, 64, 128] }
dropout = { type = "float", lower = 0, upper = 0.8 }
layers = { type = "int", lower = 1, upper = 12 }
augment = { type = "categorical", choices = [true, false] }

[space."optimizer.warmup_steps_before_decay"]
type = "int"
lower = 10
upper = 5000
log = true
when = "optimizer.schedule in {cosine, one-cycle}"
"""
MORE = """
[study]
objective = { metric = "accuracy", direction = "maximize" }
metrics = ["loss"]
[parse]
regex = { accuracy = "accuracy: ([0-9.]+)", loss = "loss: ([0-9.]+)" }
[inputs]
templates = [{ source = "train.toml.j2" }]
"""
VIEWS = {
    "studies": "/",
    "compare": "/compare",
    "overview": "/s/lenet/",
    "overview-noisy": "/s/noisy/",
    "overview-begun": "/s/begun/",
    "runs": "/s/lenet/runs",
    "runs-chosen": "/s/lenet/runs?c=run&c=status&c=config.dropout&c=reason&fc=status&fs=%3D&fv=CRASHED",
    "runs-none": "/s/lenet/runs?q=nothing+like+it",
    "run": "/s/lenet/runs/2?with=1",
    "run-crashed": "/s/lenet/runs/{crashed}",
    "run-running": "/s/lenet/runs/26",
    "file": "/s/lenet/runs/2/file/stdout.log",
    "picture": "/s/lenet/runs/2/file/sample.gif",
    "charts-metric": "/s/lenet/charts?kind=metric&metric=loss&x=activation",
    "charts-parallel": "/s/lenet/charts?kind=parallel",
    "charts-lanes": "/s/lenet/charts?kind=lanes",
    "events": "/s/lenet/events",
    "scenario": "/s/lenet/scenario",
    "kill": "/s/lenet/runs/26/do/kill",
    "extend": "/s/lenet/do/extend",
    "mistake": "/s/lenet/runs?sort=nothing",
}
MORE_CHARTS = {
    "charts-best": "/s/lenet/charts",
    "charts-two": "/s/lenet/charts?kind=two&x=optimizer.learning_rate&y=dropout",
    "charts-importance": "/s/lenet/charts?kind=importance",
    "charts-seeds": "/s/lenet/charts?kind=seeds",
    "charts-time": "/s/lenet/charts?kind=time",
    "charts-begun": "/s/begun/charts?kind=parallel",
}
"""They look as the others but for the chart: one picture of each will do."""

COLOURFUL = ("compare", "overview-begun", "runs-chosen", "run", "run-crashed", "charts-metric", "kill", "mistake")
"""All colours there are stand in these. To judge them takes axe more time than all else."""

CHARTS = "[...document.querySelectorAll('.plot:has(.main-svg)')].map(one => [one, one.querySelector('.main-svg')])"


@pytest.fixture(scope="module")
def server(make_shared_scenario: Callable[..., Path]) -> Iterator[Server]:
    """Serve a study at work, a finished one that is noisy, and one of which no run is over."""

    def make(name: str, last: int, design: str) -> Path:
        script = TRAINING.replace("LAST", str(last))
        scenario = make_shared_scenario(script, space=SPACE, design=f"{design}\n{MORE}", name=name)
        (scenario.parent / "train.toml.j2").write_text("epochs = 12\ndropout = {{ dropout }}\n")
        return scenario

    seeds = '[optimizer]\nruns = 40\nseeds = [{ model = "random" }, { model = "parzen" }]'
    design = '[design]\nkind = "monte-carlo"\n'
    at_work, noisy = make("at-work", 24, seeds), make("noisy-design", 99, f"{design}runs = 12\nreplicates = 3")
    home = at_work.parent.parent
    running = [
        Running(at_work, home / "lenet", "--slots", "2"),
        Running(make("at-start", 0, f"{design}runs = 3"), home / "begun", "--slots", "1"),
    ]
    try:
        library.run(noisy, study=home / "noisy", slots=1)
        running[0].wait_for_runs(26)
        running[1].wait_for_runs(1)
        with Server(*(home / name for name in ("lenet", "noisy", "begun"))) as started:
            started.sign_in()
            yield started
    finally:
        for each in running:
            each.study.mkdir(exist_ok=True)
            (each.study / "go").touch()
        for each in running:
            each.end()


@pytest.fixture(scope="module")
def page(server: Server) -> Iterator[Page]:
    """Open a browser with a session; whatever a script complains of fails the test."""
    complaints: list[str] = []
    with chromium() as browser:
        context = browser.new_context(reduced_motion="reduce")
        name, _, value = server.cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": server.base}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        context.close()
    assert not complaints


def look(page: Page, view: str, mode: str) -> list[str]:
    """Take a picture once all charts are drawn; return what runs over the edge of the screen or of its chart."""
    scheme = "light" if mode == "light" else "dark"
    drawn = "scheme => [...document.querySelectorAll('[data-figure]')].every(one => one.dataset.drawn === scheme)"
    page.wait_for_function(drawn, arg=scheme)
    if not view.startswith("charts"):  # those are loaded for this screen
        page.wait_for_function(f"() => {CHARTS}.every(([plot, svg]) => svg.clientWidth === plot.clientWidth)")
    page.screenshot(path=PICTURES / f"{view}-{mode}.png", full_page=True)
    width, screen = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    cut = page.evaluate(f"() => {CHARTS}.filter(([plot, svg]) => svg.clientHeight > plot.clientHeight + 1).length")
    wrong = [f"{view} ({mode}) is {width} wide on a screen of {screen}"] if width > screen else []
    return [*wrong, f"{view} ({mode}): {cut} charts are cut off below"] if cut else wrong


def axe_says(page: Page, view: str, mode: str) -> list[str]:
    """Return what axe finds: in dark, of colours only, since all else is as in light."""
    rules = {"color-contrast": {"enabled": view in COLOURFUL}}
    only = {"type": "rule", "values": ["color-contrast"]} if mode == "dark" else {"type": "tag", "values": WCAG}
    found = Axe().run(page, options={"runOnly": only, "rules": rules, "resultTypes": ["violations"]})
    return [
        f"{view} ({mode}): {each['id']}: {node['html'][:200]} {node['failureSummary']}"
        for each in found.response["violations"]
        for node in each["nodes"]
    ]


def test_every_view_fits_its_screen_and_axe_finds_no_violation(server: Server, page: Page) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with Store(server.studies[0]) as store:
        crashed = next(record.run for record in store.runs() if record.status == "CRASHED")
    assert " ± " in server.ask("/").text  # what the noisy study came to
    wrong: list[str] = []
    for view, path in {**VIEWS, **MORE_CHARTS}.items():
        page.set_viewport_size(WIDE)
        page.emulate_media(color_scheme="light")
        page.goto(server.base + path.format(crashed=crashed))
        wrong += look(page, view, "light")
        if view in MORE_CHARTS:
            continue
        wrong += axe_says(page, view, "light")
        page.emulate_media(color_scheme="dark")
        wrong += look(page, view, "dark")
        if view in COLOURFUL:
            wrong += axe_says(page, view, "dark")
        page.set_viewport_size(PHONE)
        if view.startswith("charts"):
            page.reload()
        wrong += look(page, view, "phone")
    assert not wrong, "\n".join(wrong)

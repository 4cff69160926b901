"""The live page in Chromium: a study is watched, a log followed, a run killed, all as a person would do it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import boxwright as library
from boxwright.report.charts import themed
from boxwright.report.charts.figure import empty
from execute_support import wait_until
from page_support import NO_BROWSER, Server, chromium, is_alive, needs_browser
from support import Running, statuses

if not NO_BROWSER:
    from playwright.sync_api import Error, expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = [needs_browser, pytest.mark.usefixtures("no_process_left")]
pytest.importorskip("starlette", reason="boxwright[serve] is not installed")

PATIENCE_MS = 30_000
RESULT = 'echo "Result of algorithm run: SUCCESS, 0.1, 1, 0.$BOXWRIGHT_TRIAL, 0"'
NAME = "<script>alert</script>"
WAITS = 'while ! test -e "$BOXWRIGHT_STUDY/go-$BOXWRIGHT_TRIAL"; do sleep 0.05; done\n'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def show(browser: Browser) -> Iterator[Callable[[Path], tuple[Page, str]]]:
    """Return a function that serves a study and opens its page; whatever a script complains of fails the test."""
    servers: list[Server] = []
    complaints: list[str] = []
    contexts = []

    def open_page(study: Path) -> tuple[Page, str]:
        server = Server(study)
        servers.append(server)
        contexts.append(browser.new_context())
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"a script ran: {dialog.message}"))
        page.goto(server.link)
        page.wait_for_url(f"{server.base}/s/{study.name}/")
        return page, f"{server.base}/s/{study.name}"

    yield open_page
    for context in contexts:
        context.close()
    for server in servers:
        server.__exit__()
    assert not complaints


@pytest.mark.slow
def test_running_study_is_watched_from_start_to_end(
    make_scenario: Callable[..., Path], start: Callable[..., Running], show: Callable[[Path], tuple[Page, str]]
) -> None:
    running = start(make_scenario(WAITS + RESULT), "--slots", "1", "--runs", "3")
    running.wait_for_runs(1)
    page, _ = show(running.study)
    none_yet = themed(empty("", "No run has been started yet."), "light")
    page.route("**/figure.json?kind=lanes**", lambda route: route.fulfill(json=none_yet), times=1)
    page.reload()
    page.locator("#chart-lanes.empty").wait_for()
    figures = page.locator("#figures")
    assert "0 of 3" in figures.inner_text()
    assert page.evaluate("document.getAnimations().length") == 0  # each would be painted sixty times a second
    assert page.locator("#top-state").inner_text().split() == ["▶", "running"]
    for number in (1, 2, 3):
        (running.study / f"go-{number}").touch()
        page.get_by_text(f"{number} of 3").wait_for()
    assert running.end()[0] == 0
    page.locator(".st-finished").wait_for()
    assert "0.1" in page.locator("#incumbent").inner_text()
    page.locator("#chart-best .main-svg").first.wait_for()
    assert page.evaluate("document.getElementById('chart-best').querySelector('.plot').data.length") >= 1
    page.locator("#chart-lanes").scroll_into_view_if_needed()
    page.locator("#chart-lanes .barlayer .point").first.wait_for(state="attached")
    ends = page.evaluate("document.getElementById('chart-lanes').querySelector('.plot')._fullLayout.yaxis.range")
    assert ends[0] > ends[1]  # the first slot stays above, though the first chart was empty


@pytest.mark.slow
def test_what_changes_while_a_page_is_loaded_is_not_missed(
    make_scenario: Callable[..., Path], start: Callable[..., Running], show: Callable[[Path], tuple[Page, str]]
) -> None:
    running = start(make_scenario(RESULT), "--slots", "1", "--runs", "1")
    assert running.end()[0] == 0
    page, base = show(running.study)
    told = "retry: 100000\nevent: change\ndata: {}\n\n"
    later = int(page.locator("#main").get_attribute("data-generation") or 0) + 1
    page.route("**/follow", lambda route: route.fulfill(content_type="text/event-stream", body=told.format(later)))
    with page.expect_request(lambda request: request.headers.get("x-look") == "next"):
        page.goto(f"{base}/runs")


@pytest.mark.slow
def test_what_was_out_of_sight_is_made_up_for_when_somebody_looks(
    make_scenario: Callable[..., Path], start: Callable[..., Running], show: Callable[[Path], tuple[Page, str]]
) -> None:
    running = start(make_scenario(WAITS + RESULT), "--slots", "1", "--runs", "2")
    running.wait_for_runs(1)
    page, _ = show(running.study)
    page.set_viewport_size({"width": 900, "height": 400})
    page.locator("#chart-lanes .main-svg").first.wait_for()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2].partition("&")[0]))
    (running.study / "go-1").touch()
    page.get_by_text("1 of 2").wait_for()
    page.locator("#chart-best .scatterlayer").first.wait_for(state="attached")
    assert "figure.json?kind=best" in asked
    assert "figure.json?kind=lanes" not in asked  # it is further down
    page.locator("#chart-lanes").scroll_into_view_if_needed()
    page.locator("#chart-lanes .legendtext").get_by_text("SUCCESS").wait_for()
    turn = "(hidden) => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
    turn += "document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate(turn, True)
    asked.clear()
    (running.study / "go-2").touch()
    assert running.end()[0] == 0
    assert "follow" not in asked
    page.evaluate(turn, False)
    page.get_by_text("2 of 2").wait_for()
    assert "follow" in asked  # a hidden tab takes none of the few connections that a browser has


@pytest.mark.slow
def test_log_follows_and_hostile_lines_are_text(
    make_scenario: Callable[..., Path], start: Callable[..., Running], show: Callable[[Path], tuple[Page, str]]
) -> None:
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    script = f"echo 'first {evil}'; echo 'wrong {evil}' >&2; {WAITS} echo 'last {evil}'\n{RESULT}"
    space = f'{json.dumps(NAME)} = {{ type = "categorical", choices = ["<script>alert(3)</script>", "b"] }}\n'
    running = start(make_scenario(script, space=space), "--slots", "1", "--runs", "1")
    running.wait_for_runs(1)
    page, base = show(running.study)
    page.goto(f"{base}/runs/1")
    out, err = page.locator("#log-stdout"), page.locator("#log-stderr")
    expect(out).to_contain_text("first", timeout=PATIENCE_MS)
    expect(err).to_contain_text("wrong", timeout=PATIENCE_MS)
    assert out.text_content() == f"first {evil}\n"
    assert err.text_content() == f"wrong {evil}\n"
    (running.study / "go-1").touch()
    expect(out).to_contain_text("last", timeout=PATIENCE_MS)
    page.locator("#head .s-success").wait_for()
    assert (out.text_content() or "").startswith(f"first {evil}\nlast {evil}\nResult of")
    assert page.locator("main img, main script").count() == 0
    assert NAME in page.locator("main").inner_text()
    for view in ("runs", "charts?kind=parallel", ""):
        page.goto(f"{base}/{view}")
        assert page.locator("main img, main script").count() == 0
    assert running.end()[0] == 0


@pytest.mark.slow
def test_run_is_killed_from_the_page_and_its_process_is_gone(
    make_scenario: Callable[..., Path], start: Callable[..., Running], show: Callable[[Path], tuple[Page, str]]
) -> None:
    script = f"echo pid $$; {WAITS}{RESULT}"
    running = start(make_scenario(script), "--slots", "1", "--runs", "2")
    running.wait_for_runs(1)
    page, base = show(running.study)
    page.goto(f"{base}/runs/1")
    expect(page.locator("#log-stdout")).to_have_text(re.compile(r"pid \d+"), timeout=PATIENCE_MS)
    found = re.search(r"pid (\d+)", page.locator("#log-stdout").text_content() or "")
    assert found is not None
    assert is_alive(int(found[1]))
    page.get_by_role("link", name="Kill").click()
    page.get_by_role("heading", name="Kill this run?").wait_for()
    assert is_alive(int(found[1]))  # asked first
    page.get_by_role("button", name="Kill").click()
    page.locator("#head .s-killed").wait_for()
    assert not is_alive(int(found[1]))
    # From there: once more, then again with another seed; the page says what the controller refuses.
    page.get_by_role("link", name="Retry").click()
    page.get_by_role("button", name="Retry").click()
    page.goto(f"{base}/runs/1/do/retry")
    page.get_by_role("button", name="Retry").click()
    assert "Not done: run 1 is not what its trial counts with" in page.get_by_role("alert").inner_text()
    page.goto(f"{base}/runs/1")
    page.get_by_role("link", name="Run again with another seed").click()
    page.get_by_role("button", name="Run again with another seed").click()
    for number in (1, 2, 3):
        (running.study / f"go-{number}").touch()
    assert running.end()[0] == 0
    assert statuses(running.study) == ["KILLED", "SUCCESS", "SUCCESS", "SUCCESS"]
    page.goto(f"{base}/events")
    events = page.locator("#events").inner_text()
    for words in ("told to kill run 1", "told to retry: trial 1", "with seed 1000001, as trial"):
        assert words in events


@pytest.mark.slow
def test_study_is_paused_given_more_runs_and_stopped_from_the_page(
    make_scenario: Callable[..., Path], start: Callable[..., Running], show: Callable[[Path], tuple[Page, str]]
) -> None:
    running = start(make_scenario(WAITS + RESULT), "--slots", "1", "--runs", "2")
    running.wait_for_runs(1)
    page, _ = show(running.study)
    page.get_by_role("link", name="Pause").click()
    page.get_by_role("button", name="Pause").click()
    page.locator(".top .st-paused").wait_for()
    assert library.status(running.study)["state"] == "paused"
    page.get_by_role("link", name="More runs").click()
    page.get_by_label("Runs in all").fill("1")
    page.get_by_role("button", name="More runs").click()
    assert "Give a higher number" in page.get_by_role("alert").inner_text()
    page.get_by_label("Runs in all").fill("4")
    page.get_by_role("button", name="More runs").click()
    page.get_by_text("0 of 4").wait_for()
    (running.study / "go-1").touch()
    page.get_by_text("1 of 4").wait_for()
    assert "no slot is" not in page.locator("#slots").inner_text()
    assert len(statuses(running.study)) == 1
    page.get_by_role("link", name="Go on").click()
    page.get_by_role("button", name="Go on").click()
    page.locator(".top .st-running").wait_for()
    running.wait_for_runs(2)
    page.get_by_role("link", name="Stop", exact=True).click()
    page.get_by_role("button", name="Stop").click()
    page.locator(".top .st-stopping").wait_for()
    assert page.locator("#acts").inner_text().split("\n") == ["Stop now"]
    assert library.status(running.study)["state"] == "stopping"
    (running.study / "go-2").touch()
    assert running.end()[0] == 130
    page.locator(".top .st-interrupted").wait_for()
    assert "boxwright resume" in page.locator("#acts").inner_text()


@pytest.mark.slow
def test_table_is_sorted_filtered_and_paged_by_hand(
    make_scenario: Callable[..., Path], start: Callable[..., Running], show: Callable[[Path], tuple[Page, str]]
) -> None:
    running = start(make_scenario(RESULT), "--slots", "2", "--runs", "60")
    assert running.end()[0] == 0
    page, base = show(running.study)
    page.get_by_role("navigation", name="Study").get_by_role("link", name="Runs").click()
    first = page.locator(".runs tbody tr").first
    assert first.locator("th").inner_text() == "60"
    page.locator(".runs thead").get_by_role("link", name="run", exact=True).click()
    page.wait_for_url("**sort=run**")
    assert first.locator("th").inner_text() == "1"
    page.get_by_role("link", name="Next").click()
    page.wait_for_url("**page=2**")
    assert first.locator("th").inner_text() == "51"
    page.get_by_label("Column").first.select_option("run")
    page.get_by_label("Comparison").first.select_option("<=")
    page.get_by_label("Value").first.fill("7")
    page.get_by_role("button", name="Show").click()
    page.get_by_text("7 runs match").wait_for()
    kept = page.url
    page.goto(f"{base}/")
    page.goto(kept)  # a view is its address
    page.get_by_text("7 runs match").wait_for()


def _page_beside_a_run(
    make_scenario: Callable[..., Path], start: Callable[..., Running], browser: Browser
) -> tuple[Running, Page, str]:
    """Return a study of one run, which waits, an empty page, and the link that the study gives."""
    running = start(make_scenario(WAITS + RESULT), "--runs", "1", "--serve")
    running.hear("page: ")
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    return running, page, running.heard.splitlines()[-1].removeprefix("page: ")


@pytest.mark.slow
def test_page_beside_a_run_shows_its_end_and_ends_with_it(
    make_scenario: Callable[..., Path], start: Callable[..., Running], browser: Browser
) -> None:
    running, page, link = _page_beside_a_run(make_scenario, start, browser)
    page.goto(link)
    page.get_by_text("0 of 1").wait_for()
    (running.study / "go-1").touch()
    assert running.end()[0] == 0
    page.get_by_text("The study has ended, and its page with it").wait_for()
    assert page.locator(".top .st-finished").count() == 1
    assert "1 of 1" in page.locator("#figures").inner_text()
    with pytest.raises(Error, match="ERR_CONNECTION_REFUSED"):
        page.goto(page.url)
    page.close()


def test_page_that_was_loaded_just_before_the_end_shows_the_end(
    make_scenario: Callable[..., Path], start: Callable[..., Running], browser: Browser
) -> None:
    running, page, link = _page_beside_a_run(make_scenario, start, browser)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/follow", hold, times=1)
    with page.expect_request("**/follow"):
        page.goto(link)
    (running.study / "go-1").touch()
    wait_until(lambda: statuses(running.study) == ["SUCCESS"])
    page.wait_for_timeout(1500)  # for the server to hear of it
    held[0].continue_()
    page.get_by_text("The study has ended, and its page with it").wait_for()
    assert page.locator(".top .st-finished").count() == 1
    assert running.end()[0] == 0
    page.close()

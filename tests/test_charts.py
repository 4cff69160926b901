"""Charts: what each shows, that Plotly takes it as it is, and that a hundred thousand runs stay small and quick."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from boxwright.report.charts import (
    Axis,
    ChartData,
    Columns,
    Figure,
    Importance,
    best_so_far,
    importance,
    importance_chart,
    metric_by_parameter,
    parallel_coordinates,
    seeds_compared,
    slot_lanes,
    themed,
    time_per_run,
    two_parameters,
)
from boxwright.report.charts.sampling import drawn
from boxwright.report.trajectory import trajectory
from boxwright.store.records import RunRecord
from boxwright.terms import Direction, Status
from charts_support import AXES, chart_data, run_record, sampled_runs

CHARTS: dict[str, Callable[[ChartData, list[RunRecord]], Figure]] = {
    "best so far": lambda data, runs: best_so_far(data, trajectory(runs, noisy=data.noisy)),
    "seeds compared": lambda data, _: seeds_compared(data),
    "metric by number": lambda data, _: metric_by_parameter(data, data.objective, data.axes[0].name),
    "metric by choice": lambda data, _: metric_by_parameter(data, data.objective, data.axes[1].name),
    "two parameters": lambda data, _: two_parameters(data, data.axes[0].name, data.axes[1].name),
    "parallel": lambda data, _: parallel_coordinates(data),
    "importance": lambda data, _: importance_chart(data, importance(data)),
    "times": lambda data, _: time_per_run(data),
    "lanes": lambda data, _: slot_lanes(data),
}


def trace(figure: Figure, name: str) -> dict[str, Any]:
    return next(trace for trace in figure["data"] if trace.get("name") == name)


@pytest.mark.parametrize(
    "runs", [sampled_runs(60), [], [run_record(1, None, {"lr": 0.1})]], ids=["60", "none", "crash"]
)
@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("chart", CHARTS)
def test_plotly_takes_every_chart_in_both_themes(chart: str, noisy: bool, runs: list[RunRecord]) -> None:
    graph_objects = pytest.importorskip("plotly.graph_objects")
    figure = CHARTS[chart](chart_data(runs, noisy=noisy), runs)
    for shown in (figure["layout"]["meta"]["note"] is not None and themed(figure, "light"), themed(figure, "dark")):
        made = graph_objects.Figure(json.loads(json.dumps(shown, allow_nan=False)))
        assert len(made.data) == len(figure["data"])


@pytest.mark.parametrize("noisy", [False, True])
def test_numbers_near_the_largest_that_there_are_spoil_no_chart(noisy: bool) -> None:
    huge = [8e307, -8.9e307, 8.9e307, -8e307, 1.0, 5e-324] * 3
    runs = [run_record(number, huge[number - 1], {"lr": 10.0 ** -(number // 3)}) for number in range(1, 13)]
    for chart in CHARTS.values():  # a warning of numpy's is an error here
        json.dumps(themed(chart(chart_data(runs, noisy=noisy), runs), "light"), allow_nan=False)


def test_best_so_far_steps_where_a_run_is_better_and_reaches_to_the_last_trial() -> None:
    runs = [run_record(n, q, {"lr": 0.1}) for n, q in enumerate([5.0, None, 3.0, 4.0, 2.0, 9.0], start=1)]
    figure = best_so_far(chart_data(runs), trajectory(runs, noisy=False))
    line = trace(figure, "incumbent")
    assert (line["x"], line["y"], line["customdata"]) == ([1, 3, 5, 6], [5, 3, 2, 2], [1, 3, 5, 5])
    assert "1 trial without an answer" in figure["layout"]["meta"]["note"]


def test_more_is_better_where_the_study_says_so() -> None:
    up = Direction.MAXIMIZE
    runs = [run_record(n, q, {"lr": 0.1}, direction=up) for n, q in enumerate([1.0, 3.0, 2.0], start=1)]
    data = chart_data(runs, direction=up)
    assert trace(best_so_far(data, trajectory(runs, noisy=False)), "incumbent")["y"] == [1, 3, 3]
    assert trace(seeds_compared(data), "design")["y"] == [1, 3, 3]


def test_seeds_are_compared_over_their_own_runs() -> None:
    qualities = [(1, 5.0), (2, 9.0), (1, 4.0), (1, 3.0), (2, 1.0)]
    runs = [run_record(n, q, {"lr": 0.1}, optimizer_seed=seed) for n, (seed, q) in enumerate(qualities, start=1)]
    figure = seeds_compared(chart_data(runs))
    assert (trace(figure, "seed 2")["x"], trace(figure, "seed 2")["y"]) == ([1, 2, 2], [9, 1, 1])


def test_noisy_study_shows_means_with_standard_errors() -> None:
    config = {"lr": 0.1}
    runs = [run_record(1, 1.0, config), run_record(2, 3.0, config), run_record(3, 7.0, {"lr": 0.5})]
    shown = metric_by_parameter(chart_data(runs, noisy=True), "loss", "lr")["data"][0]
    assert (shown["x"], shown["y"]) == ([0.1, 0.5], [2, 7])
    assert shown["error_y"]["array"] == [1, 0]


def test_parameter_axes_are_as_the_space_says_and_inactive_runs_are_left_out_and_said() -> None:
    data = chart_data(sampled_runs(60))
    assert metric_by_parameter(data, "loss", "lr")["layout"]["xaxis"]["type"] == "log"
    assert metric_by_parameter(data, "loss", "act")["layout"]["xaxis"]["ticktext"] == ["relu", "tanh", "none"]
    figure = metric_by_parameter(data, "size", "slope")
    active = sum("slope" in run.config and run.quality is not None for run in sampled_runs(60))
    assert len(figure["data"][0]["x"]) == active
    assert f"In {57 - active} runs it was inactive" in figure["layout"]["meta"]["note"]


def test_parallel_coordinates_lead_inactive_parameters_past_their_range() -> None:
    dimensions = {d["label"]: d for d in parallel_coordinates(chart_data(sampled_runs(60)))["data"][0]["dimensions"]}
    assert list(dimensions) == ["lr", "act", "units", "slope", "loss"]  # a constant has no line
    slope = dimensions["slope"]
    assert slope["ticktext"][0] == "inactive"
    assert min(slope["values"]) == slope["tickvals"][0] < 0
    assert dimensions["lr"]["range"] == [-5, 0]


def test_ticks_of_parallel_coordinates_are_whole_where_the_parameter_is() -> None:
    axis = Axis("layers", 1, 12, default=5, whole=True)
    columns = Columns((axis,), "loss", Direction.MINIMIZE)
    data = columns.extend(run_record(number, 1000.0 * number, {"layers": number}) for number in (1, 2, 3)).data()
    layers, loss = parallel_coordinates(data)["data"][0]["dimensions"]
    assert layers["ticktext"] == ["1", "4", "6", "9", "12"]
    assert layers["tickvals"] == [1, 4, 6, 9, 12]
    assert loss["ticktext"] == ["1000", "1500", "2000", "2500", "3000"]


def test_two_parameters_draw_the_best_last_with_a_star() -> None:
    runs = sampled_runs(60)
    best = min((run for run in runs if run.quality is not None), key=lambda run: run.quality or 0)
    cloud, star = two_parameters(chart_data(runs), "lr", "act")["data"]
    assert cloud["customdata"][-1] == best.run == star["customdata"][0]
    assert star["marker"]["symbol"] == "star"


def test_importance_names_what_matters_and_how_it_was_found() -> None:
    found = importance(chart_data(sampled_runs(400)))
    assert found is not None
    assert found.names[:2] == ("lr", "act")
    assert found.shares[0] > 0.6
    assert found.shares[found.names.index("units")] < 0.02
    assert found.explained > 0.9
    assert "fANOVA" in found.method
    assert "380 qualities" in found.method


def test_importance_is_that_of_a_known_function() -> None:
    # 2x + c with x uniform and c one of two: variances 4/12 and 1/4, so shares of 4/7 and 3/7.
    axes = (Axis("x", 0, 1, default=0.5), Axis("c", 0, 1, choices=("a", "b")))
    points = [(x / 400, c) for x in range(400) for c in (0, 1)]
    runs = [
        run_record(n, 2 * x + c, {"x": x, "c": "ab"[c]}, status=Status.SUCCESS) for n, (x, c) in enumerate(points, 1)
    ]
    found = importance(chart_data(runs, axes=axes))
    assert found is not None
    assert found.names == ("x", "c")
    np.testing.assert_allclose(found.shares, [4 / 7, 3 / 7], atol=0.06)
    assert sum(found.shares) == pytest.approx(1, abs=0.03)


def test_importance_of_pure_noise_is_doubted() -> None:
    runs = [run_record(n, float((n * 7919) % 101), {"units": 1 + n % 9}) for n in range(1, 60)]
    found = importance(chart_data(runs))
    assert found is not None
    assert "with care" in found.method


def test_course_begins_with_the_first_configuration_that_has_run_on_all_instances() -> None:
    runs = [
        replace(run_record(1, 0.02, {"x": 1}), instance="easy"),
        replace(run_record(2, 50.0, {"x": 1}), instance="hard"),
        replace(run_record(3, 0.01, {"x": 2}), instance="easy"),
        replace(run_record(4, 30.0, {"x": 2}), instance="hard"),
    ]
    assert [step.quality for step in trajectory(runs, noisy=True, least_runs=2)] == [25.01, 15.005]
    assert [step.quality for step in trajectory(runs[:1], noisy=True, least_runs=2)] == [0.02]  # all that is known


def test_lanes_merge_what_no_screen_could_part_and_keep_long_runs() -> None:
    short = [run_record(n, 1.0, {}, wall_s=0.9) for n in range(1, 20001)]
    long = [run_record(30000, 1.0, {}, wall_s=5000.0), run_record(36000, 1.0, {}, wall_s=5000.0)]
    lane = slot_lanes(chart_data([*short, *long]))["data"][0]
    assert len(lane["x"]) == 3
    assert lane["text"][0].startswith("20000 runs")


def test_lanes_have_each_run_on_its_slot_with_its_status_whatever_the_order_they_ended_in(ahead_s: int) -> None:
    draw = random.Random(4)
    statuses = (Status.SUCCESS, Status.CRASHED, Status.TIMEOUT)
    runs = [
        run_record(n, 1.0, {}, status=draw.choice(statuses), slot=draw.randrange(4), wall_s=draw.uniform(0.6, 0.9))
        for n in draw.sample(range(1, 200), 120)
    ]
    figure = slot_lanes(chart_data(runs))
    assert figure["layout"]["xaxis"]["title"]["text"] == "time (UTC+05:30)"
    found = {
        (trace["name"], slot, base)
        for trace in figure["data"]
        for slot, base in zip(trace["y"], trace["base"], strict=True)
    }
    assert found == {
        (str(run.status), f"slot {run.slot}", round(1000 * ((run.started or 0) + ahead_s))) for run in runs
    }


def test_running_runs_last_until_now(ahead_s: int) -> None:
    running = run_record(1, None, {}, status=Status.RUNNING, settles=False)
    bar = trace(slot_lanes(chart_data([running]), now=1e9 + 31), "RUNNING")
    assert (bar["base"], bar["x"]) == ([1_000_000_001_000 + 1000 * ahead_s], [30_000])


def test_hostile_names_are_shown_as_they_are() -> None:
    name = "<img src=x onerror=alert(1)>%{x}\n"
    axes = (Axis(name, 0, 1, choices=("<b>", "b")), Axis("lr", 1e-5, 1, log=True))
    runs = [run_record(n, float(n), {name: "<b>", "lr": 0.1}) for n in range(1, 30)]
    data = chart_data(runs, axes=axes)
    figures = [chart(data, runs) for chart in CHARTS.values()]
    figures.append(metric_by_parameter(data, "loss", name))
    hostile = parallel_coordinates(data)["data"][0]["dimensions"][0]
    assert hostile["ticktext"] == ["<b>", "b"]  # there, Plotly takes no tags, and shows entities as they are
    assert "&lt;img" in hostile["label"]
    figures = [figure for figure in figures if figure["layout"]["title"]["text"] != "Parallel coordinates"]
    text = json.dumps(figures)
    assert "<img" not in text
    assert "<b>" not in text
    assert "&lt;b&gt;" in text
    assert "&#37;{x}" in text


def test_run_that_is_added_again_takes_the_place_of_what_was_known() -> None:
    columns = Columns(AXES, "loss", Direction.MINIMIZE)
    columns.add(run_record(1, None, {"lr": 0.1}, status=Status.RUNNING, settles=False))
    before = columns.data()
    columns.add(run_record(1, 0.5, {"lr": 0.1}))
    columns.add(run_record(2, 0.25, {"lr": 0.1}, trial=1))  # it was retried
    after = columns.data()
    assert (len(before.answered), len(after.answered), len(columns)) == (0, 1, 2)
    assert after.fields["run"][after.answered].tolist() == [2]


def test_many_runs_are_drawn_as_few_points_with_the_best_among_them() -> None:
    runs = sampled_runs(20000)
    data = chart_data(runs)
    best = min((run for run in runs if run.quality is not None), key=lambda run: run.quality or 0)
    for name, chart in CHARTS.items():
        figure = chart(data, runs)
        assert len(json.dumps(figure)) < 250_000, name
    cloud = metric_by_parameter(data, "loss", "lr")
    assert best.run in cloud["data"][0]["customdata"]
    assert "of 19,000 runs are drawn" in cloud["layout"]["meta"]["note"]


def test_sample_holds_the_best_and_no_more_than_was_asked_for() -> None:
    costs = np.array([(n * 7919) % 10007 for n in range(10000)], dtype=float)
    chosen = drawn(costs, 500)
    assert len(chosen) <= 500
    assert set(np.argsort(costs)[:50]) <= set(chosen.tolist())


def test_themes_differ_in_ink_and_leave_the_figure_alone() -> None:
    figure = seeds_compared(chart_data(sampled_runs(40)))
    before = json.dumps(figure)
    light, dark = themed(figure, "light"), themed(figure, "dark")
    assert json.dumps(figure) == before
    assert light["layout"]["template"]["layout"]["paper_bgcolor"] == "#ffffff"
    assert light["data"][0]["line"]["color"] != dark["data"][0]["line"]["color"]
    spread = importance_chart(chart_data([]), Importance(("lr",), (0.5,), (0.1,), 1.0, 9, 9))
    assert themed(spread, "dark")["data"][0]["error_x"]["color"] == "#e8e8e8"

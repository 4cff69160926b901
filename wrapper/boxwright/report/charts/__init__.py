"""Charts as plain Plotly figures: ``plotly.graph_objects.Figure(figure)`` shows one, and neither needs the other."""

from boxwright.report.charts.axes import Axis, read_axes
from boxwright.report.charts.data import ChartData, Columns
from boxwright.report.charts.figure import Figure, Theme, themed
from boxwright.report.charts.importance import Importance, importance, importance_chart
from boxwright.report.charts.parallel import parallel_coordinates
from boxwright.report.charts.parameters import metric_by_parameter, two_parameters
from boxwright.report.charts.progress import best_so_far, seeds_compared
from boxwright.report.charts.times import slot_lanes, time_per_run

__all__ = [
    "Axis",
    "ChartData",
    "Columns",
    "Figure",
    "Importance",
    "Theme",
    "best_so_far",
    "importance",
    "importance_chart",
    "metric_by_parameter",
    "parallel_coordinates",
    "read_axes",
    "seeds_compared",
    "slot_lanes",
    "themed",
    "time_per_run",
    "two_parameters",
]

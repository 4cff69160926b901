"""A study as one HTML file that stands alone: nothing is loaded from elsewhere, and all that runs wrote is text.

Plotly is in it once, compressed, as data; a script of ours, the only one that the file's policy lets run, unpacks it.
Figures are JSON in elements that no browser runs. Plotly would compile what draws parallel coordinates, which the
policy forbids, so ``parallel.js`` draws them.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import platform
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Any

import numpy as np

from boxwright import __version__
from boxwright.errors import UserError
from boxwright.materialise import mask_secrets
from boxwright.report import charts
from boxwright.report.charts import ChartData, Figure, Importance
from boxwright.report.fitting import Table
from boxwright.report.prose import duration_text, find_default, prose
from boxwright.report.source import Source
from boxwright.report.tables import config_table, run_table
from boxwright.report.validation import read_validation, validation_method, validation_table
from boxwright.report.words import local_minute, value_text
from boxwright.scenario.toml_text import to_toml
from boxwright.store.config_records import ConfigRecord
from boxwright.store.layout import SCENARIO
from boxwright.store.records import RunRecord
from boxwright.terms import Status

_SCRIPTS = ("parallel.js", "report.js")
_BEST = 20
_SHOWN_PARAMETERS = 6
_HEIGHT = 420  # in pixels
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "ConfigSpace", "smac", "plotly")


@dataclass(frozen=True, slots=True)
class _Chart:
    """A figure in both themes, as JSON that cannot end its element."""

    number: int
    title: str
    note: str
    height: int
    light: str
    dark: str


def report_html(source: Source) -> str:
    """Return the report.

    Raises:
        UserError: Plotly is not installed.
    """
    plotly = _plotly()
    records = list(source.store.runs())
    data = source.chart_data()
    best = source.store.incumbent()
    default = find_default(records, source.axes, noisy=source.store.is_noisy)
    validation = read_validation(source, best)
    script = "".join((files("boxwright.report") / name).read_text("utf-8") for name in _SCRIPTS)
    answered = data.fields["quality"][data.answered]
    parts: dict[str, Any] = {
        "name": source.name,
        "script": script,
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        "plotly": plotly,
        "prose": prose(source, default, best, float(np.median(answered)) if len(answered) else None, validation),
        "validation": validation_table(validation, source.objective.metric) if validation else None,
        "validation_method": validation_method(validation) if validation else [],
        "configuration": _configuration(source, best, default),
        "has_default": default is not None,
        "statuses": sorted(Counter(str(record.status) for record in records).items()),
        "duration": duration_text(records),
        "charts": _charts(source, data),
        "best": _best(source, records),
        "failures": _failures(records),
        "scenario": _scenario(source),
        "versions": _versions(source),
        "made": local_minute(time.time()),
    }
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    text = environment.from_string((files("boxwright.report") / "report.html.j2").read_text("utf-8")).render(parts)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _plotly() -> str:
    """Return Plotly's script, packed: a quarter of its 4.8 MB."""
    try:
        import plotly
    except ImportError as error:
        raise UserError("needs Plotly: pip install 'boxwright[report]'", place="report") from error
    script = (files(plotly) / "package_data" / "plotly.min.js").read_bytes()
    return base64.b64encode(gzip.compress(script, 9, mtime=0)).decode()


def _charts(source: Source, data: ChartData) -> list[_Chart]:
    found = charts.importance(data)
    figures: list[Figure] = [
        charts.best_so_far(data, source.trajectory()),
        charts.importance_chart(data, found),
        *_by_parameter(data, found),
        charts.parallel_coordinates(data),
    ]
    if len(np.unique(data.fields["optimizer_seed"])) > 1:
        figures.append(charts.seeds_compared(data))
    figures += [charts.time_per_run(data), charts.slot_lanes(data)]
    return [_chart(number, figure) for number, figure in enumerate(figures, start=1)]


def _by_parameter(data: ChartData, found: Importance | None) -> list[Figure]:
    """Return the objective against the parameters that matter most, and against the first two together."""
    names = found.names if found else tuple(axis.name for axis in data.varied)
    figures = [charts.metric_by_parameter(data, data.objective, name) for name in names[:_SHOWN_PARAMETERS]]
    if len(names) > 1:
        figures.append(charts.two_parameters(data, names[0], names[1]))
    return figures


def _chart(number: int, figure: Figure) -> _Chart:
    layout = figure["layout"]
    title = layout.pop("title")["text"]  # stands above the chart, as a heading
    layout["legend"] = {
        "orientation": "h",
        "x": 0,
        "y": 1.02,
        "yanchor": "bottom",
    }  # never over the title of the axis
    layout["margin"] |= {"t": 44 if any("name" in trace for trace in figure["data"]) else 16}
    light, dark = (_safe(charts.themed(figure, theme)) for theme in ("light", "dark"))
    return _Chart(number, _plain(title), layout["meta"]["note"], layout.get("height", _HEIGHT), light, dark)


def _plain(title: str) -> str:
    """Return a title that was written for Plotly as text."""
    import html

    return html.unescape(title)


def _safe(figure: Figure) -> str:
    text = json.dumps(figure, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _configuration(
    source: Source, best: ConfigRecord | None, default: ConfigRecord | None
) -> list[tuple[str, str, str]]:
    """Return each parameter with its value in the best and in the default configuration."""
    if best is None:
        return []
    return [
        (
            name,
            value_text(best.config[name]) if name in best.config else "inactive",
            value_text(default.config[name]) if default and name in default.config else "",
        )
        for name in dict.fromkeys((*source.parameters, *best.config))
    ]


def _best(source: Source, records: Sequence[RunRecord]) -> Table:
    objective = source.objective.metric
    if source.store.is_noisy:
        return config_table(source.store.by_config().ranked(_BEST), objective, source.metrics)
    answered = [record for record in records if record.settles and _is_answer(record)]
    answered.sort(key=lambda record: (record.cost or 0.0, record.run))
    return run_table(answered[:_BEST], objective, source.metrics)


def _is_answer(record: RunRecord) -> bool:
    """Return whether a run counts: a crash may have a cost, but does not, and a timeout does if it has one."""
    return record.cost is not None and record.status in (Status.SUCCESS, Status.TIMEOUT)


def _failures(records: Sequence[RunRecord]) -> list[tuple[str, str, int, int]]:
    """Return why runs are without an answer: status, reason, how many, and the first of them."""
    reasons: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], int] = {}
    for record in records:
        if record.status.is_failure and not _is_answer(record):
            key = str(record.status), record.reason[:300]
            reasons[key] += 1
            first.setdefault(key, record.run)
    return [(*key, count, first[key]) for key, count in reasons.most_common(_BEST)]


def _scenario(source: Source) -> str:
    """Return the scenario as the study keeps it, without what looks like a secret."""
    try:
        document = tomllib.loads((source.folder / SCENARIO).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"cannot be read: {error}.", place=str(source.folder / SCENARIO)) from error
    environment = document.get("environment")
    if isinstance(environment, dict) and isinstance(environment.get("set"), dict):
        environment["set"] = mask_secrets(environment["set"])
    return to_toml(document)


def _versions(source: Source) -> list[tuple[str, str]]:
    found = [("boxwright, when the study was made", source.store.meta("version") or "not known")]
    found += [("boxwright, for this report", __version__), ("Python", platform.python_version())]
    for name in _LIBRARIES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return found

"""A Plotly figure as a plain dict, and how all of them look; neither Plotly nor pandas is needed to make one.

Colours are those of Okabe and Ito (jfly.uni-koeln.de/color), which people with any colour vision tell apart, in a
darker and a lighter cut; what a colour says, a shape or a dash says, too. Scales are Viridis, which ends at the ink.
"""

from __future__ import annotations

import copy
import html
from typing import Any, Literal, TypeAlias

from boxwright.errors import one_line

Figure: TypeAlias = dict[str, Any]
"""``data``, ``layout``; ``layout.meta.note`` says in words what is drawn and what is left out."""

Theme: TypeAlias = Literal["light", "dark"]

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SYMBOLS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "triangle-down", "star")
_LONGEST = 40
_VIRIDIS = (
    "#440154",
    "#482878",
    "#3e4989",
    "#31688e",
    "#26828e",
    "#1f9e89",
    "#35b779",
    "#6ece58",
    "#b5de2b",
    "#fde725",
)
_INK = {"light": "#1a1a1a", "dark": "#e8e8e8"}
_PAPER = {"light": "#ffffff", "dark": "#16181c"}
_GRID = {"light": "#d9d9d9", "dark": "#3a3d44"}
_FAINT = {"light": "#767676", "dark": "#9a9a9a"}
_COLOURS = {
    "light": ("#0072b2", "#c04e00", "#00795a", "#a8487f", "#8a6100", "#2f7fb0", "#5c5c5c"),
    "dark": ("#56b4e9", "#ff9d4d", "#2fcf9f", "#e79ac6", "#e6c229", "#9ad1f5", "#b8b8b8"),
}


def text_of(text: str) -> str:
    """Return a text that Plotly shows as it is: tags and ``%{…}`` mean something to it."""
    return html.escape(plain_text_of(text), quote=False).replace("%", "&#37;")


def plain_text_of(text: str) -> str:
    """Return a text for the few places where Plotly takes no tags, short enough for a chart."""
    line = one_line(text)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def figure(title: str, traces: list[dict[str, Any]], *, note: str = "", **layout: Any) -> Figure:
    """Return a figure.

    Args:
        title: Already safe.
        traces: As Plotly takes them; ``color: "faint"`` or a number in them is a colour of the theme.
        note: What a person should know of it, in plain words.
        layout: More of the layout.
    """
    return {
        "data": traces,
        "layout": {
            "title": {"text": title, "x": 0.01, "xanchor": "left"},
            "meta": {"note": note},
            "margin": {"l": 64, "r": 24, "t": 56, "b": 56},
            "legend": {"orientation": "h", "y": -0.2},
            "hovermode": "closest",
            **layout,
        },
    }


def empty(title: str, why: str) -> Figure:
    """Return a figure with a sentence in the place of what cannot be drawn yet."""
    told = {"text": why, "showarrow": False, "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5}
    hidden = {"visible": False}
    return figure(title, [], note=why, annotations=[told], xaxis=hidden, yaxis=hidden)


def scale(*, maximize: bool, title: str) -> dict[str, Any]:
    """Return a colour axis whose inkiest end is the best."""
    return {"reversescale": maximize, "colorbar": {"title": {"text": title}, "thickness": 14}}


def themed(plain: Figure, theme: Theme) -> Figure:
    """Return a figure in the colours of a theme; the given one is as before."""
    made: Figure = copy.deepcopy(plain)
    layout = made["layout"]
    layout["template"] = _template(theme)
    if "coloraxis" in layout:
        layout["coloraxis"]["colorscale"] = _scale(theme)
    for index, trace in enumerate(made["data"]):
        for part in (trace.get("marker"), trace.get("line"), trace.get("error_x"), trace.get("error_y")):
            if isinstance(part, dict) and "color" in part:
                part["color"] = _colour(part["color"], theme)
        trace.setdefault("uid", f"t{index}")  # so that a figure drawn anew keeps what was hidden
    return made


def _colour(colour: Any, theme: Theme) -> Any:
    """Return a colour of the theme for a number or ``faint``; whatever else is data."""
    if colour == "faint":
        return _FAINT[theme]
    if colour == "ink":
        return _INK[theme]
    return _COLOURS[theme][colour % len(_COLOURS[theme])] if isinstance(colour, int) else colour


def _scale(theme: Theme) -> list[list[Any]]:
    colours = _VIRIDIS if theme == "light" else _VIRIDIS[::-1]
    # The far end would be as good as invisible on its paper.
    used = colours[:-1]
    return [[index / (len(used) - 1), colour] for index, colour in enumerate(used)]


def _template(theme: Theme) -> dict[str, Any]:
    axis = {"gridcolor": _GRID[theme], "linecolor": _FAINT[theme], "zeroline": False, "automargin": True}
    axis |= {"ticks": "outside", "ticklen": 4, "tickcolor": _PAPER[theme]}  # room between labels and bars
    return {
        "layout": {
            "font": {"family": "system-ui, sans-serif", "size": 13, "color": _INK[theme]},
            "paper_bgcolor": _PAPER[theme],
            "plot_bgcolor": _PAPER[theme],
            "colorway": list(_COLOURS[theme]),
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {"bgcolor": _PAPER[theme], "font": {"color": _INK[theme]}},
        }
    }

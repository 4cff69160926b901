"use strict";
// Parallel coordinates as plain lines: Plotly's own need WebGL and leave to make code from text, which neither the
// live page nor a report gives. A drag over an axis keeps only the lines that pass there; over several axes, all of
// that must hold.

// Draws a figure with a trace "parcoords"; tells after each drag how many lines are kept, null for all.
window.drawParallel = async (Plotly, plot, figure, layout, options, tell = () => {}) => {
  const least = 150 + 72 * figure.data[0].dimensions.length;  // a narrower screen scrolls
  if (plot.clientWidth < least) {
    layout = { ...layout, width: least };
    options = { ...options, responsive: false };
    plot.tabIndex = 0;
  }
  let kept = plot.keptLines || {};
  const show = () => {
    plot.keptLines = kept;
    const lines = parallelLines(figure, kept);
    tell(Object.keys(kept).length ? lines.count : null);
    return Plotly.react(plot, lines.data, { dragmode: "select", ...layout, ...lines.layout }, options);
  };
  await show();
  plot.removeAllListeners("plotly_selected");
  plot.removeAllListeners("plotly_deselect");
  plot.on("plotly_selected", (event) => { if (event) { kept = keptAfter(figure, kept, event); show(); } });
  plot.on("plotly_deselect", () => { kept = {}; show(); });
};

function parallelLines(figure, kept) {
  const [trace] = figure.data;
  const dimensions = trace.dimensions, colours = trace.line.color;
  const axis = figure.layout.coloraxis, theme = figure.layout.template.layout;
  const stops = axis.reversescale ? [...axis.colorscale].reverse() : axis.colorscale;
  const known = colours.filter(Number.isFinite);
  const low = Math.min(...known), high = Math.max(...known);
  const places = dimensions.map(({ values, range }) =>
    values.map((value) => (value === null ? null : (value - range[0]) / ((range[1] - range[0]) || 1))));
  const passes = (line) => Object.entries(kept).every(([index, [from, to]]) =>
    places[index][line] !== null && places[index][line] >= from && places[index][line] <= to);
  const lines = [{ x: [], y: [], colour: theme.xaxis.linecolor, width: 0.5, opacity: 0.25 },
    ...stops.map(([, colour]) => ({ x: [], y: [], colour, width: 1.3, opacity: 0.8 }))];
  let count = 0;
  colours.forEach((colour, line) => {
    let bucket = lines[0];
    if (passes(line)) {
      count += 1;
      const share = high > low ? (colour - low) / (high - low) : 0;
      bucket = lines[1 + Math.min(stops.length - 1, Math.floor(share * stops.length))];
    }
    places.forEach((column, index) => { bucket.x.push(index); bucket.y.push(column[line]); });
    bucket.x.push(null);
    bucket.y.push(null);
  });
  const data = lines.filter((one) => one.x.length).map((one) => ({
    type: "scatter", mode: "lines", x: one.x, y: one.y, hoverinfo: "skip", showlegend: false, opacity: one.opacity,
    line: { color: one.colour, width: one.width },
  }));
  data.push({  // holds the scale of colours
    type: "scatter", mode: "markers", x: [0], y: [-9], hoverinfo: "skip", showlegend: false,
    marker: { color: [low], coloraxis: "coloraxis", size: 0.1 },
  });
  const ink = theme.font.color, paper = theme.paper_bgcolor;
  const vertical = (index) => ({ type: "line", x0: index, x1: index, y0: 0, y1: 1, line: { color: ink, width: 1 } });
  const brushed = Object.entries(kept).map(([index, [from, to]]) => ({
    type: "rect", x0: index - 0.04, x1: +index + 0.04, y0: from, y1: to, fillcolor: ink, opacity: 0.3, line: { width: 0 },
  }));
  const ticks = dimensions.flatMap(({ range, tickvals, ticktext }, index) => tickvals.map((value, tick) => ({
    x: index, y: (value - range[0]) / ((range[1] - range[0]) || 1), xanchor: "right", xshift: -3, showarrow: false,
    text: escaped(ticktext[tick]), font: { size: 11 }, bgcolor: paper, borderpad: 1, opacity: 0.85,
  })));
  return {
    data,
    count,
    layout: {
      coloraxis: { ...axis, cmin: low, cmax: high },
      xaxis: {
        tickvals: dimensions.map((_, index) => index), ticktext: dimensions.map(({ label }) => label), side: "bottom",
        range: [-0.45, dimensions.length - 0.75], showgrid: false, zeroline: false, showline: false, fixedrange: true,
      },
      yaxis: { visible: false, range: [-0.04, 1.04], fixedrange: true },
      shapes: [...dimensions.map((_, index) => vertical(index)), ...brushed],
      annotations: ticks,
      selections: [],
    },
  };
}

function escaped(text) {  // an annotation takes tags, the ticks of a "parcoords" do not
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function keptAfter(figure, kept, event) {  // which axes are kept to which part
  if (!event || !event.range) return {};
  const [from, to] = [...event.range.x].sort((a, b) => a - b), [low, high] = [...event.range.y].sort((a, b) => a - b);
  const touched = figure.data[0].dimensions.map((_, index) => index).filter((index) => index >= from - 0.1 && index <= to + 0.1);
  return { ...kept, ...Object.fromEntries(touched.map((index) => [index, [low, high]])) };
}

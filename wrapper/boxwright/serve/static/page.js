// What the page does by itself: it takes in what has changed, follows logs, and draws charts. Reading needs none of it.
"use strict";

const REST_MS = 2000;        // between two looks at what has changed
const CHART_REST_MS = 5000;  // drawing costs the browser more
const MOST_CHARACTERS = 1000000;  // of a log that is kept in the page

const dark = matchMedia("(prefers-color-scheme: dark)");
const touch = matchMedia("(pointer: coarse)");
const connection = document.getElementById("connection");

/* ---- what has changed */

async function refresh() {
  const answer = await fetch(location.href, { headers: { "x-live": "1" } });
  if (answer.status === 403) { connection.textContent = "Signed out: open the page with a new link."; return false; }
  if (!answer.ok) return true;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const old of document.querySelectorAll("[data-live]")) {
    const now = fresh.getElementById(old.id);
    if (now && now.innerHTML !== old.innerHTML && !old.contains(selectedNode())) replace(old, now);
  }
  return true;
}

function selectedNode() {  // who is marking text to copy it keeps it
  const selection = getSelection();
  return selection && !selection.isCollapsed ? selection.anchorNode : null;
}

function replace(old, now) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const places = [...old.querySelectorAll(".scroll")].map((box) => [box.scrollLeft, box.scrollTop]);
  old.replaceChildren(...now.childNodes);
  old.querySelectorAll(".scroll").forEach((box, index) => {
    if (places[index]) [box.scrollLeft, box.scrollTop] = places[index];
  });
  const href = focused && focused.getAttribute("href");
  if (focused) {
    const again = [...old.querySelectorAll("a, [tabindex]")].find((one) =>
      href ? one.getAttribute("href") === href : one.getAttribute("aria-label") === focused.getAttribute("aria-label"));
    if (again) again.focus({ preventScroll: true });
  }
}

function seldom(work, restMs) {  // at most one at a time, with a rest in between; the last call is never lost
  let busy = false, wanted = false;
  return async function call() {
    if (busy) { wanted = true; return; }
    busy = true;
    try { await work(); } catch { /* the server is away; the stream says so */ }
    setTimeout(() => { busy = false; if (wanted) { wanted = false; call(); } }, restMs);
  };
}

function followStudy(address) {
  let missed = false;
  const look = seldom(refresh, REST_MS);
  const draw = seldom(() => drawAll("[data-live-figure]"), CHART_REST_MS);
  const both = () => { look(); draw(); };
  const events = new EventSource(address);
  let first = true;
  events.addEventListener("change", () => {
    connection.textContent = "";
    if (first) { first = false; return; }  // the page has just been made
    if (document.hidden) missed = true; else both();
  });
  events.onerror = () => {
    connection.textContent = "No connection to boxwright serve; trying again …";
    first = false;
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && missed) { missed = false; both(); }
  });
  window.addEventListener("pagehide", () => events.close());
  return both;
}

/* ---- logs */

function followLog(box, changed) {
  const keeps = document.querySelector(`[data-keeps="${box.id}"]`);
  const events = new EventSource(box.dataset.log);
  const toEnd = () => { if (!keeps || keeps.checked) box.scrollTop = box.scrollHeight; };
  toEnd();
  if (keeps) {
    keeps.addEventListener("change", toEnd);
    box.addEventListener("wheel", (event) => { if (event.deltaY < 0) keeps.checked = false; }, { passive: true });
  }
  let length = box.textContent.length;
  events.addEventListener("text", (event) => {
    const text = JSON.parse(event.data);
    box.classList.remove("empty");
    box.append(document.createTextNode(text));
    length += text.length;
    while (length > MOST_CHARACTERS && box.childNodes.length > 1) {
      length -= box.firstChild.textContent.length;
      box.firstChild.remove();
    }
    toEnd();
  });
  events.addEventListener("over", () => { events.close(); box.dataset.over = "1"; changed(); });
  window.addEventListener("pagehide", () => events.close());
}

/* ---- charts */

let plotly;

function loadPlotly() {
  plotly ||= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "/static/plotly.js";
    script.onload = () => resolve(window.Plotly);
    script.onerror = reject;
    document.head.append(script);
  });
  return plotly;
}

async function draw(chart) {
  const theme = dark.matches ? "dark" : "light";
  if (!chart.dataset.drawn) chart.querySelector(".note").textContent = "being drawn …";
  const [Plotly, answer] = await Promise.all([
    loadPlotly(),
    fetch(chart.dataset.figure + (chart.dataset.figure.includes("?") ? "&" : "?") + `theme=${theme}`),
  ]);
  const plot = chart.querySelector(".plot"), note = chart.querySelector(".note");
  if (!answer.ok) { note.textContent = "This chart cannot be drawn."; return; }
  const figure = await answer.json();
  const text = JSON.stringify(figure);
  if (chart.drawnText === text) return;
  chart.drawnText = text;
  const layout = { ...figure.layout, autosize: true, uirevision: "kept", title: undefined };
  layout.margin = { ...layout.margin, t: 16, b: 44 };
  if (figure.data.some((trace) => trace.name)) layout.margin.t = 44;
  layout.legend = { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" };  // never over the title of the axis
  if (matchMedia("(max-width: 40rem)").matches) layout.margin = { ...layout.margin, l: 48, r: 8 };
  const isEmpty = !figure.data.length;  // then a sentence stands in its place, once
  chart.classList.toggle("empty", isEmpty);
  if (isEmpty) layout.height = 96;
  else if (chart.classList.contains("tall")) { delete layout.height; layout.dragmode = "select"; }
  if (touch.matches) layout.dragmode = false;  // a finger scrolls the page
  plot.querySelectorAll("noscript").forEach((one) => one.remove());
  note.textContent = (!isEmpty && figure.layout.meta && figure.layout.meta.note) || "";
  const options = { displayModeBar: false, responsive: true };
  if (figure.data[0] && figure.data[0].type === "parcoords") await window.drawParallel(Plotly, plot, figure, layout, options, tellKept);
  else await Plotly.react(plot, figure.data, layout, options);
  if (!chart.dataset.ready) { chart.dataset.ready = "1"; prepare(chart, plot, Plotly); }
  chart.querySelector(".tools").hidden = isEmpty;
  document.querySelectorAll(".hint").forEach((hint) => { hint.hidden = isEmpty || touch.matches; });
  chart.dataset.drawn = theme;
}

function tellKept(count) {
  const picked = document.getElementById("picked");
  if (picked) picked.textContent = count === null ? "" : `${count} ${count === 1 ? "line" : "lines"} kept`;
}

function prepare(chart, plot, Plotly) {
  const tools = chart.querySelector(".tools");
  const name = `${document.title.split(" – ")[0]} ${chart.dataset.figure.replace(/.*kind=(\w+).*/, "$1").replace(/\W+/g, "-")}`;
  for (const button of tools.querySelectorAll("[data-save]")) {
    button.addEventListener("click", () => Plotly.downloadImage(plot, {
      format: button.dataset.save, filename: name, width: plot.clientWidth, height: plot.clientHeight, scale: 2,
    }));
  }
  const picked = document.getElementById("picked");
  if (plot.keptLines) return;
  const runs = picked && picked.dataset.runs;
  const numberOf = (point) => point.customdata ?? (chart.dataset.figure.includes("kind=time") ? point.x : undefined);
  plot.on("plotly_click", (event) => {
    const number = numberOf(event.points[0]);
    if (runs && Number.isInteger(number)) location.href = runs + number;
  });
  plot.on("plotly_selected", (event) => {
    if (!picked) return;
    const numbers = [...new Set(((event && event.points) || []).map(numberOf).filter(Number.isInteger))];
    picked.replaceChildren(numbers.length ? `${numbers.length} picked: ` : "");
    for (const number of numbers.slice(0, 100)) {
      const link = document.createElement("a");
      link.href = runs + number;
      link.textContent = number;
      picked.append(link, " ");
    }
  });
}

async function drawAll(which) {
  for (const chart of document.querySelectorAll(which)) await draw(chart);
}

/* ---- the start */

const address = document.getElementById("main").dataset.follow;
const changed = address ? followStudy(address) : () => {};
document.querySelectorAll("[data-log]").forEach((box) => followLog(box, changed));
document.querySelectorAll("[data-submits] select").forEach((one) =>
  one.addEventListener("change", () => one.form.requestSubmit()));
drawAll("[data-figure]").catch(() => {});
dark.addEventListener("change", () => drawAll("[data-figure]"));
document.documentElement.dataset.ready = "1";

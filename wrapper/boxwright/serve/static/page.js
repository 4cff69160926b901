// What the page does by itself: it takes in what has changed, follows logs, and draws charts. Reading needs none of it.
"use strict";

const REST_MS = [2000, 10000];         // between two looks at what has changed: at least and at most
const CHART_REST_MS = [5000, 60000];   // drawing costs the browser more
const COMING_MS = 1000;                // until a chart is asked for again that is being worked out
const REST_SHARE = 40;                 // what took a second rests for forty: who watches takes no core from the runs
const MOST_CHARACTERS = 1000000;  // of a log that is kept in the page

const dark = matchMedia("(prefers-color-scheme: dark)");
const touch = matchMedia("(pointer: coarse)");
const connection = document.getElementById("connection");

/* ---- what has changed */

async function refresh(which = "next") {
  const answer = await fetch(location.href, { headers: { "x-look": which } });
  if (answer.status === 403) connection.textContent = "Signed out: open the page with a new link.";
  if (!answer.ok) return 0;
  const text = await answer.text();
  const began = performance.now();
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const old of document.querySelectorAll("[data-live]")) {
    const now = fresh.getElementById(old.id);
    if (now && now.innerHTML !== old.innerHTML && !old.contains(selectedNode())) replace(old, now);
  }
  return costMs(answer, began);
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

async function costMs(answer, began) {  // of an answer: to the server, and to the browser until it is painted
  if (!document.hidden) await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - began + parseFloat((answer.headers.get("server-timing") || "").replace(/^.*dur=/, "") || 0);
}

// At most one at a time, with a rest in between; the last call is never lost. The work says in milliseconds what it has
// cost; its rest is forty times that, or grows to it while there is always something new, if somebody waits for the work.
function seldom(work, [leastMs, mostMs], isAwaited) {
  const firstMs = isAwaited ? leastMs / 2 : mostMs;
  let busy = false, wanted = false, restMs = firstMs;
  return async function call() {
    if (busy) { wanted = true; return; }
    busy = true;
    let cost = 0;
    try { cost = await work(); } catch { /* the server is away; the stream says so */ }
    restMs = Math.min(mostMs, Math.max(leastMs, REST_SHARE * cost), 2 * restMs);
    setTimeout(() => {
      busy = false;
      if (!wanted) { restMs = firstMs; return; }
      wanted = false;
      call();
    }, restMs);
  };
}

// Browsers have six connections to a server for all their tabs, so a tab that nobody sees gives its own back.
function listen(address, told) {
  let events = null, place = "";
  const close = () => { if (events) events.close(); events = null; };
  const turn = () => {
    if (document.hidden) { close(); return; }
    if (events) return;
    events = new EventSource(place ? address.replace(/from=\d+/, `from=${place}`) : address);
    for (const [kind, tell] of Object.entries(told)) {
      events.addEventListener(kind, (event) => { place = event.lastEventId || place; tell(event); });
    }
  };
  turn();
  document.addEventListener("visibilitychange", turn);
  window.addEventListener("pagehide", close);
  return () => { close(); document.removeEventListener("visibilitychange", turn); };
}

function followStudy(address) {
  const look = seldom(() => refresh(), REST_MS, true);
  const redraw = seldom(drawWhatIsSeen, CHART_REST_MS, false);
  const both = () => { look(); redraw(); };
  let shown = document.getElementById("main").dataset.generation;
  const stop = listen(address, {
    last: async () => {
      stop();
      await Promise.allSettled([refresh("last"), drawWhatIsSeen()]);
      connection.textContent = "The study has ended, and its page with it; boxwright serve shows it again.";
    },
    change: ({ data }) => {
      connection.textContent = "";
      if (data !== shown) both();
      shown = data;
    },
    error: () => {
      connection.textContent = "No connection to boxwright serve, so what stands here may be old; trying again …";
      shown = "";
    },
  });
  return both;
}

/* ---- logs */

function followLog(box, changed) {
  const keeps = document.querySelector(`[data-keeps="${box.id}"]`);
  const toEnd = () => { if (!keeps || keeps.checked) box.scrollTop = box.scrollHeight; };
  toEnd();
  if (keeps) {
    keeps.addEventListener("change", toEnd);
    box.addEventListener("wheel", (event) => { if (event.deltaY < 0) keeps.checked = false; }, { passive: true });
  }
  let length = box.textContent.length;
  const stop = listen(box.dataset.log, {
    text: (event) => {
      const text = JSON.parse(event.data);
      box.classList.remove("empty");
      box.append(document.createTextNode(text));
      length += text.length;
      while (length > MOST_CHARACTERS && box.childNodes.length > 1) {
        length -= box.firstChild.textContent.length;
        box.firstChild.remove();
      }
      toEnd();
    },
    over: () => { stop(); box.dataset.over = "1"; changed(); },
  });
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
  if (!chart.dataset.drawn) chart.querySelector(".note").textContent ||= "being drawn …";
  const [Plotly, answer] = await Promise.all([
    loadPlotly(),
    fetch(chart.dataset.figure + (chart.dataset.figure.includes("?") ? "&" : "?") + `theme=${theme}`),
  ]);
  const plot = chart.querySelector(".plot"), note = chart.querySelector(".note");
  if (!answer.ok) { note.textContent = "This chart cannot be drawn."; return 0; }
  if (answer.headers.get("x-coming")) setTimeout(() => draw(chart).catch(() => {}), COMING_MS);
  if (answer.status === 202) { note.textContent = await answer.text(); return 0; }
  const text = await answer.text();
  const began = performance.now();
  if (chart.drawnText === text) return costMs(answer, began);
  chart.drawnText = text;
  const figure = JSON.parse(text);
  const isEmpty = !figure.data.length;  // then a sentence stands in its place, once
  // What a person has zoomed or hidden is kept; the axes of an empty chart would turn those of the first full one round.
  const layout = { ...figure.layout, autosize: true, uirevision: isEmpty ? "empty" : "kept", title: undefined };
  layout.margin = { ...layout.margin, t: 16, b: 44 };
  if (figure.data.some((trace) => trace.name)) layout.margin.t = 44;
  layout.legend = { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" };  // never over the title of the axis
  if (matchMedia("(max-width: 40rem)").matches) layout.margin = { ...layout.margin, l: 48, r: 8 };
  chart.classList.toggle("empty", isEmpty);
  if (isEmpty) layout.height = 96;
  else if (chart.classList.contains("tall")) { delete layout.height; layout.dragmode = "select"; }
  if (touch.matches) layout.dragmode = false;  // a finger scrolls the page
  plot.style.minHeight = layout.height ? `${layout.height}px` : "";  // Plotly gives up its place when the screen changes
  plot.querySelectorAll("noscript").forEach((one) => one.remove());
  note.textContent = (!isEmpty && figure.layout.meta && figure.layout.meta.note) || "";
  const options = { displayModeBar: false, responsive: true };
  if (figure.data[0] && figure.data[0].type === "parcoords") await window.drawParallel(Plotly, plot, figure, layout, options, tellKept);
  else await Plotly.react(plot, figure.data, layout, options);
  if (!chart.dataset.ready) { chart.dataset.ready = "1"; prepare(chart, plot, Plotly); }
  chart.querySelector(".tools").hidden = isEmpty;
  document.querySelectorAll(".hint").forEach((hint) => { hint.hidden = isEmpty || touch.matches; });
  chart.dataset.drawn = theme;
  return costMs(answer, began);
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

async function drawAll() {
  for (const chart of document.querySelectorAll("[data-figure]")) {
    await draw(chart);
    sight.observe(chart);
  }
}

const sight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    target.isSeen = isIntersecting;
    if (isIntersecting && target.isStale) { target.isStale = false; draw(target).catch(() => {}); }
  }
});

async function drawWhatIsSeen() {  // the others wait until somebody scrolls there
  let cost = 0;
  for (const chart of document.querySelectorAll("[data-live-figure]")) {
    chart.isStale = !chart.isSeen;
    if (chart.isSeen) cost += await draw(chart);
  }
  return cost;
}

/* ---- the start */

const address = document.getElementById("main").dataset.follow;
const changed = address ? followStudy(address) : () => {};
document.querySelectorAll("[data-log]").forEach((box) => followLog(box, changed));
document.querySelectorAll("[data-submits] select").forEach((one) =>
  one.addEventListener("change", () => one.form.requestSubmit()));
window.addEventListener("load", () => drawAll().catch(() => {}));  // what is to be read comes first
dark.addEventListener("change", drawAll);
document.documentElement.dataset.ready = "1";

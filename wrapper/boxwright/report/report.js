"use strict";
// Unpacks Plotly, which lies in the page as data, and draws the figures in the colours that the reader's screen has.
(async () => {
  const failed = (error) => {
    for (const place of document.querySelectorAll(".chart")) place.textContent = `No chart here: ${error}`;
    document.documentElement.dataset.drawn = "failed";
  };
  try {
    const packed = Uint8Array.from(atob(document.getElementById("plotly").textContent.trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const source = URL.createObjectURL(new Blob([await new Response(stream).arrayBuffer()], { type: "text/javascript" }));
    await new Promise((loaded, refused) => {
      const script = document.createElement("script");
      script.src = source;
      script.onload = loaded;
      script.onerror = () => refused(new Error("Plotly could not be started"));
      document.head.append(script);
    });
    URL.revokeObjectURL(source);
  } catch (error) {
    failed(error);
    return;
  }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const draw = async (theme) => {
    if (document.documentElement.dataset.drawn === theme) return;
    for (const place of document.querySelectorAll(".chart")) {
      const text = document.getElementById(`${place.id}-${theme}`).textContent;
      const figure = JSON.parse(text);
      const config = { responsive: true, displaylogo: false, toImageButtonOptions: { format: "svg" } };
      try {
        if (figure.data[0] && figure.data[0].type === "parcoords") await drawParallel(Plotly, place, figure, figure.layout, config);
        else await Plotly.react(place, figure.data, figure.layout, config);
      } catch (error) {
        place.textContent = `No chart here: ${error}`;
      }
    }
    document.documentElement.dataset.drawn = theme;
  };
  const chosen = () => (dark.matches ? "dark" : "light");
  await draw(matchMedia("print").matches ? "light" : chosen());
  dark.addEventListener("change", () => draw(chosen()));
  addEventListener("beforeprint", () => draw("light"));
  addEventListener("afterprint", () => draw(chosen()));
})();

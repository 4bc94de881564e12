// Draws the dashboard's figures in the page's own colours, again when the reader's colours change.
(() => {
  "use strict";

  const figures = JSON.parse(document.getElementById("figures").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const money = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

  function layout() {
    return {
      margin: { l: 8, r: 8, t: 8, b: 8 },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, sans-serif", size: 13, color: colour("--soft") },
      hoverlabel: { bgcolor: colour("--sheet"), bordercolor: colour("--line"), font: { color: colour("--ink"), size: 13 }, align: "left" },
      bargap: 0.3, dragmode: false, showlegend: false,
    };
  }

  function draw(place) {
    const figure = figures[place.dataset.chart];
    const hover = figure.names.map((name, at) => `${name}: ${money.format(figure.values[at])} ${figure.currency}`);
    const axis = { gridcolor: colour("--grid"), zerolinecolor: colour("--line"), automargin: true, fixedrange: true, tickformat: "~s" };
    const names = { automargin: true, fixedrange: true, showgrid: false };
    const trace = { hovertext: hover, hoverinfo: "text", marker: { color: colour("--bar-1") }, line: { color: colour("--bar-1"), width: 2 } };
    const shape = layout();
    if (figure.kind === "bars") {
      const short = figure.labels.map((text) => (text.length > 18 ? `${text.slice(0, 17)}…` : text));
      const places = figure.labels.map((_, at) => at);
      delete trace.line;
      Object.assign(trace, { type: "bar", orientation: "h", x: figure.values, y: places });
      Object.assign(shape, {
        xaxis: { ...axis, nticks: 5 },
        yaxis: { ...names, autorange: "reversed", tickmode: "array", tickvals: places, ticktext: short, ticklabelstandoff: 6 },
      });
    } else {
      const line = figure.kind === "line";
      if (!line) delete trace.line;
      const every = Math.ceil(figure.labels.length / Math.max(2, Math.floor(place.clientWidth / 96)));
      const places = figure.labels.map((_, at) => at).filter((at) => at % every === 0);
      Object.assign(trace, line ? { type: "scatter", mode: "lines" } : { type: "bar" }, { x: figure.labels.map((_, at) => at), y: figure.values });
      Object.assign(shape, {
        xaxis: { ...names, tickmode: "array", tickvals: places, ticktext: places.map((at) => figure.ticks[at]), tickangle: 0, ticklabelstandoff: 6 },
        yaxis: { ...axis, nticks: 6, rangemode: "tozero" },
      });
    }
    return Plotly.react(place, [trace], shape, { displayModeBar: false, responsive: true, showTips: false });
  }

  const places = [...document.querySelectorAll("[data-chart]")];
  const drawAll = () => places.forEach(draw);
  drawAll();
  dark.addEventListener("change", drawAll);
})();

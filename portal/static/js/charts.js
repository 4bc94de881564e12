// Draws the figures of a page in its own colours, again when the colours change; a click on a part opens its link.
(() => {
  "use strict";

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const money = new Intl.NumberFormat(document.documentElement.dataset.locale || undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const script = document.getElementById("plotly");
  const ready = window.Plotly ? Promise.resolve() : new Promise((done) => script.addEventListener("load", done));
  const figureOf = (place) => JSON.parse(place.nextElementSibling.textContent);

  function layout() {
    return {
      margin: { l: 8, r: 8, t: 8, b: 8 },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, sans-serif", size: 13, color: colour("--soft") },
      hoverlabel: { bgcolor: colour("--sheet"), bordercolor: colour("--line"), font: { color: colour("--ink"), size: 13 }, align: "left" },
      bargap: 0.3, dragmode: false, showlegend: false,
    };
  }

  const amounts = (more) => ({ gridcolor: colour("--grid"), zerolinecolor: colour("--line"), automargin: true, fixedrange: true, tickformat: "~s", ...more });
  const names = (more) => ({ automargin: true, fixedrange: true, showgrid: false, tickmode: "array", ticklabelstandoff: 6, ...more });
  const numbered = (figure) => figure.labels.map((_, at) => at);
  const hover = (figure) => figure.names.map((name, at) => `${name}: ${money.format(figure.values[at])} ${figure.currency}`);

  function bars(figure, trace) {
    const short = figure.labels.map((text) => (text.length > 18 ? `${text.slice(0, 17)}…` : text));
    // One bar alone must not be a wall.
    const width = Math.min(0.7, 0.15 * figure.labels.length + 0.1);
    Object.assign(trace, { type: "bar", orientation: "h", x: figure.values, y: numbered(figure), width });
    return [[trace], { xaxis: amounts({ nticks: 5 }), yaxis: names({ autorange: "reversed", tickvals: numbered(figure), ticktext: short }) }];
  }

  function overTime(figure, trace, place) {
    const every = Math.ceil(figure.labels.length / Math.max(2, Math.floor(place.clientWidth / 96)));
    const places = numbered(figure).filter((at) => at % every === 0);
    const line = figure.kind === "line";
    const kind = line ? { type: "scatter", mode: "lines", line: { color: colour("--bar-1"), width: 2 } } : { type: "bar" };
    Object.assign(trace, kind, { x: numbered(figure), y: figure.values });
    const traces = [trace];
    if (figure.before) {
      traces.push({
        type: "scatter", mode: "lines", x: numbered(figure), y: figure.before.values, connectgaps: false, hoverinfo: "text",
        hovertext: figure.before.values.map((value, at) => `${figure.before.name}, compared with ${figure.names[at]}: ${value === null ? "–" : money.format(value)} ${figure.currency}`),
        line: { color: colour("--soft"), width: 2, dash: "dot" }, marker: { color: colour("--soft") },
      });
    }
    return [traces, {
      xaxis: names({ tickvals: places, ticktext: places.map((at) => figure.ticks[at]), tickangle: 0 }),
      yaxis: amounts({ nticks: 6, rangemode: "tozero" }),
    }];
  }

  const heat = () => [0, 1, 2, 3, 4].map((step) => [step / 4, colour(`--heat-${step}`)]);

  function heatmap(figure) {
    const days = figure.labels;
    const hover = figure.values.map((row, at) => row.map((value, day) => `${days[day]} in ${figure.names[at]}: ${value === null ? "no sales" : `${money.format(value)} ${figure.currency} per day`}`));
    const places = figure.names.map((_, at) => at);
    const trace = {
      type: "heatmap", z: figure.values, x: days, y: places, hovertext: hover, hoverinfo: "text", showscale: false,
      xgap: 2, ygap: 2, colorscale: heat(),
    };
    return [[trace], {
      xaxis: { fixedrange: true, showgrid: false, side: "top", automargin: true },
      yaxis: names({ autorange: "reversed", tickvals: places.filter((at) => places.length < 14 || at % 2 === 0), ticktext: figure.names.filter((_, at) => places.length < 14 || at % 2 === 0) }),
    }];
  }

  // Without outlines of its own the map's script would ask another host for them, even where we draw ours.
  window.PlotlyGeoAssets = { topojson: { world_110m: { type: "Topology", arcs: [], objects: {} } } };
  let outlines;
  const countries = (address) => { outlines ??= fetch(address).then((answer) => answer.json()); return outlines; };

  async function world(figure) {
    const all = await countries(figure.outlines);
    const lands = { type: "FeatureCollection", features: all.features.filter((one) => one.geometry.type !== "Point") };
    const points = new Map(all.features.filter((one) => one.geometry.type === "Point").map((one) => [one.id, one.geometry.coordinates]));
    const hoverTexts = hover(figure);
    // The root keeps small countries visible beside a great one.
    const weight = figure.values.map((value) => Math.sqrt(Math.max(0, value)));
    const scale = { colorscale: heat(), zmin: -0.3 * Math.max(...weight, 1), zmax: Math.max(...weight, 1), showscale: false };
    const edge = { color: colour("--sheet"), width: 0.5 };
    const at = (wanted) => numbered(figure).filter(wanted);
    const onLand = at((one) => !points.has(figure.labels[one]));
    const onPoints = at((one) => points.has(figure.labels[one]));
    const traces = [
      { type: "choropleth", geojson: lands, locations: lands.features.map((one) => one.id), z: lands.features.map(() => 0), colorscale: [[0, colour("--line")], [1, colour("--line")]], showscale: false, hoverinfo: "skip", marker: { line: edge } },
      { type: "choropleth", geojson: lands, locations: onLand.map((one) => figure.labels[one]), z: onLand.map((one) => weight[one]), hovertext: onLand.map((one) => hoverTexts[one]), hoverinfo: "text", customdata: onLand, marker: { line: edge }, ...scale },
      {
        type: "scattergeo", lon: onPoints.map((one) => points.get(figure.labels[one])[0]), lat: onPoints.map((one) => points.get(figure.labels[one])[1]),
        hovertext: onPoints.map((one) => hoverTexts[one]), hoverinfo: "text", customdata: onPoints,
        marker: { size: 9, color: onPoints.map((one) => weight[one]), colorscale: scale.colorscale, cmin: scale.zmin, cmax: scale.zmax, line: { color: colour("--bar-1"), width: 1 } },
      },
    ];
    return [traces, {
      margin: { l: 0, r: 0, t: 0, b: 0 },
      geo: { visible: false, bgcolor: "rgba(0,0,0,0)", projection: { type: "natural earth" }, lataxis: { range: [-58, 84] }, resolution: 110 },
    }];
  }

  const KINDS = { bars, columns: overTime, line: overTime, heatmap, world };
  // Which of the figure's links a click on a point opens.
  const PLACE = { heatmap: (point) => point.y, world: (point) => point.customdata };

  async function draw(place) {
    await ready;
    const figure = figureOf(place);
    const plain = figure.kind === "heatmap" ? [] : hover(figure);
    const trace = { hovertext: plain, hoverinfo: "text", marker: { color: colour("--bar-1") } };
    const [traces, shape] = await KINDS[figure.kind](figure, trace, place);
    await Plotly.react(place, traces, { ...layout(), ...shape }, { displayModeBar: false, responsive: true, showTips: false });
    if (figure.links && !place.dataset.linked) {
      place.dataset.linked = "yes";
      place.on("plotly_click", (event) => {
        const now = figureOf(place);
        const point = event.points[0];
        const link = now.links[PLACE[now.kind] ? PLACE[now.kind](point) : point.pointIndex];
        if (link) location.assign(link);
      });
    }
    return undefined;
  }

  const drawIn = (root) => root.querySelectorAll("[data-chart]").forEach(draw);
  const drawAll = () => drawIn(document);
  document.addEventListener("tile", (event) => drawIn(event.detail));
  dark.addEventListener("change", drawAll);
  new MutationObserver(drawAll).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  // Paper is light, whatever the screen is.
  const darkSheet = document.getElementById("dark");
  const onPaper = (yes) => { if (darkSheet) darkSheet.disabled = yes; drawAll(); };
  addEventListener("beforeprint", () => onPaper(true));
  addEventListener("afterprint", () => onPaper(false));
  drawAll();
})();

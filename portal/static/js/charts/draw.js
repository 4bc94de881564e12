// Draws the figures of a page, again when its colours or its size change; a click on a part opens its link.
(() => {
  "use strict";

  const { colour, kinds, text } = charts;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const script = document.getElementById("chart-script");
  const ready = globalThis.echarts ? Promise.resolve() : new Promise((done) => { script.addEventListener("load", done); });
  const figureOf = (place) => JSON.parse(place.nextElementSibling.textContent);

  const common = () => ({
    animation: false, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, ...text() },
    tooltip: { confine: true, backgroundColor: colour("raised"), borderColor: colour("line"), textStyle: text({ color: colour("ink") }), transitionDuration: 0, padding: [8, 12] },
  });

  async function draw(place) {
    await ready;
    const figure = figureOf(place);
    const option = await kinds[figure.kind](figure, place);
    if (!place.isConnected) return;
    const base = common();
    const chart = echarts.getInstanceByDom(place) ?? start(place);
    chart.setOption({ ...base, ...option, tooltip: { ...base.tooltip, ...option.tooltip } }, { notMerge: true });
    place.dataset.drawn = figure.kind;
    for (const button of document.querySelectorAll(`[data-picture-of="${CSS.escape(place.dataset.chart)}"]`)) button.hidden = false;
  }

  // The figure's link at a place of the picture: of the whole row or column of a value, not only of its bar.
  function linkAt(place, chart, event) {
    const figure = figureOf(place);
    const axis = kinds[figure.kind].links;
    if (!figure.links || !axis) return "";
    const onPicture = chart.containPixel("grid", [event.offsetX, event.offsetY]);
    const onName = axis === "y" && event.offsetX < place.clientWidth / 2;
    if (!onPicture && !onName) return "";
    return figure.links[chart.convertFromPixel({ [`${axis}AxisIndex`]: 0 }, axis === "y" ? event.offsetY : event.offsetX)] ?? "";
  }

  const resized = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const chart = echarts.getInstanceByDom(target);
      if (!chart) continue;
      if (!target.isConnected) { resized.unobserve(target); chart.dispose(); } else if (target.clientWidth && target.clientWidth !== chart.getWidth()) { chart.resize(); draw(target); }
    }
  });

  function start(place) {
    const chart = echarts.init(place, null, { renderer: "canvas" });
    resized.observe(place);
    chart.on("click", ({ data }) => {
      const { kind, links } = figureOf(place);
      if (kind === "world" && links?.[data?.at]) location.assign(links[data.at]);
    });
    chart.getZr().on("click", (event) => {
      const link = linkAt(place, chart, event);
      if (link) location.assign(link);
    });
    chart.getZr().on("mousemove", (event) => { if (linkAt(place, chart, event)) chart.getZr().setCursorStyle("pointer"); });
    return chart;
  }

  const placesIn = (root) => [...root.querySelectorAll("[data-chart]")];
  const drawAll = () => Promise.all(placesIn(document).map(draw));
  document.addEventListener("tile", (event) => placesIn(event.detail).forEach(draw));
  dark.addEventListener("change", drawAll);
  new MutationObserver(drawAll).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });

  // Paper is light, whatever the screen is, and as wide as it is: each chart is printed as a picture of itself.
  const darkSheet = document.getElementById("dark");
  addEventListener("beforeprint", () => {
    if (darkSheet) darkSheet.disabled = true;
    for (const place of placesIn(document)) {
      const figure = figureOf(place);
      const option = globalThis.echarts && kinds[figure.kind](figure, place);
      if (!option || option instanceof Promise) continue; // its table is printed
      const chart = echarts.getInstanceByDom(place) ?? start(place);
      chart.setOption({ ...common(), ...option }, { notMerge: true });
      place.append(chart.renderToCanvas({ pixelRatio: 2, backgroundColor: colour("sheet") }));
    }
  });
  addEventListener("afterprint", () => {
    if (darkSheet) darkSheet.disabled = false;
    for (const picture of document.querySelectorAll("[data-chart] > canvas")) picture.remove();
    drawAll();
  });
  drawAll();
})();

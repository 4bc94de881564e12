// Saves a chart as a picture: PNG in twice its size on the screen, or SVG.
(() => {
  "use strict";

  const { colour } = charts;

  const MAKERS = {
    png: (chart) => chart.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: colour("sheet") }),
    svg: (chart) => {
      const copy = echarts.init(null, null, { renderer: "svg", ssr: true, width: chart.getWidth(), height: chart.getHeight() });
      copy.setOption({ ...chart.getOption(), backgroundColor: colour("sheet") });
      const text = copy.renderToSVGString();
      copy.dispose();
      return URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
    },
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-picture]");
    const place = button && document.querySelector(`[data-chart="${CSS.escape(button.dataset.pictureOf)}"]`);
    const chart = place && globalThis.echarts?.getInstanceByDom(place);
    if (!chart) return;
    const form = button.dataset.picture;
    const link = Object.assign(document.createElement("a"), { href: MAKERS[form](chart), download: `${place.dataset.chart}.${form}` });
    link.click();
    if (form === "svg") URL.revokeObjectURL(link.href);
  });
})();

// The map: countries as areas, those without an outline as dots; the outlines are fetched with the first map.
(() => {
  "use strict";

  const { amount, colour, heat, scale, text, tipAt } = charts;
  let loading;
  let points;

  async function load(address) {
    const { features } = await (await fetch(address)).json();
    const isPoint = (one) => one.geometry.type === "Point";
    const lands = features.filter((one) => !isPoint(one)).map((one) => ({ ...one, properties: { name: one.id } }));
    echarts.registerMap("world", { type: "FeatureCollection", features: lands });
    points = new Map(features.filter(isPoint).map((one) => [one.id, one.geometry.coordinates]));
  }

  function option(figure) {
    // The root keeps small countries visible beside a great one.
    const weights = figure.values.map((value) => Math.sqrt(Math.max(0, value)));
    const most = Math.max(1, ...weights);
    const all = figure.labels.map((name, at) => ({ name, at, value: weights[at] }));
    const formatter = ({ data }) => (data ? tipAt(figure, data.at) : "");
    return {
      geo: {
        map: "world", left: 0, right: 0, top: 0, bottom: 28, boundingCoords: [[-170, 84], [190, -58]], emphasis: { disabled: true },
        itemStyle: { areaColor: colour("line"), borderColor: colour("sheet"), borderWidth: 0.5 },
      },
      visualMap: { ...scale(figure, -0.3 * most, most, [0, Math.max(0, ...figure.values)]), inRange: { color: heat() }, seriesIndex: [0, 1] },
      tooltip: { trigger: "item", formatter },
      series: [
        {
          type: "map", map: "world", geoIndex: 0, selectedMode: false, data: all.filter((one) => !points.has(one.name)),
        },
        {
          type: "scatter", coordinateSystem: "geo", symbolSize: 9, itemStyle: { borderColor: colour("series-1"), borderWidth: 1 },
          data: all.filter((one) => points.has(one.name)).map((one) => ({ ...one, value: [...points.get(one.name), one.value] })),
        },
      ],
    };
  }

  // At once if the outlines are there.
  charts.kinds.world = (figure) => {
    if (points) return option(figure);
    loading ??= load(figure.outlines);
    return loading.then(() => option(figure));
  };
})();

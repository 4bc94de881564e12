// What each kind of figure looks like: its data as an option of ECharts, in the colours and the locale of the page.
globalThis.charts = { kinds: {} };
(() => {
  "use strict";

  const locale = document.documentElement.dataset.locale || undefined;
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const seriesColour = (at, one) => colour(one?.quiet ? "series-before" : `series-${at % 6 + 1}`);
  const compact = new Intl.NumberFormat(locale, { notation: "compact", maximumSignificantDigits: 3 });
  const percent = new Intl.NumberFormat(locale, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const FEW = 8;

  function amount(value, currency) {
    if (value === null || value === undefined) return "–";
    // Decimals of the currency: none for yen. A code of three letters is enough, it need not be one of today.
    const shape = /^[A-Z]{3}$/.test(currency || "") ? { style: "currency", currency } : { maximumFractionDigits: 2 };
    const places = new Intl.NumberFormat(locale, shape).resolvedOptions().maximumFractionDigits;
    const text = new Intl.NumberFormat(locale, { minimumFractionDigits: places, maximumFractionDigits: places }).format(value);
    return currency ? `${text} ${currency}` : text;
  }

  const day = (shape) => { const format = new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...shape }); return (text) => format.format(new Date(text)); };
  const [longDay, shortDay, month] = [{ day: "numeric", month: "short", year: "numeric" }, { day: "numeric", month: "short" }, { month: "short", year: "numeric" }].map(day);
  const quarter = (text) => texts.charts.quarter({ quarter: Math.ceil(Number(text.slice(5, 7)) / 3), year: text.slice(0, 4) });
  const PERIODS = {
    daily: [longDay, shortDay], weekly: [(text) => texts.charts.weekOf({ day: longDay(text) }), shortDay], monthly: [month, month],
    quarterly: [quarter, quarter], yearly: [(text) => text.slice(0, 4), (text) => text.slice(0, 4)],
  };
  const nameOf = (figure, at) => (figure.period ? PERIODS[figure.period][0](figure.labels[at]) : (figure.names ?? figure.labels)[at]);
  const tickOf = (figure, at) => (figure.period ? PERIODS[figure.period][1](figure.labels[at]) : figure.labels[at]);
  const measure = (figure) => figure.measure ?? texts.charts.revenue;
  const titled = (figure) => (figure.currency ? texts.charts.inCurrency({ measure: measure(figure), currency: figure.currency }) : measure(figure));
  const seriesOf = (figure) => figure.series ?? [{ name: figure.name ?? measure(figure), values: figure.values, partial: figure.partial }];
  const isPartial = (one, at) => Boolean(one?.partial?.[at]);

  function change(now, before) {
    if (now === null || !(before > 0)) return "–";
    const part = (now - before) / before;
    return `${part > 0 ? "▲" : part < 0 ? "▼" : "="} ${percent.format(Math.abs(part))}`;
  }

  // Nodes, not HTML: names come from files, and the content policy forbids styles in markup.
  function tip(title, rows, note = "") {
    const box = document.createElement("div");
    box.className = "tip";
    box.append(Object.assign(document.createElement("strong"), { textContent: title }));
    const table = box.appendChild(document.createElement("table"));
    for (const [label, value, mark] of rows) {
      const row = table.insertRow();
      const head = row.appendChild(document.createElement("th"));
      if (mark) head.appendChild(document.createElement("i")).style.background = mark;
      head.append(label);
      row.insertCell().textContent = value;
    }
    if (note) box.append(Object.assign(document.createElement("p"), { className: "quiet", textContent: note }));
    return box;
  }

  function tipAt(figure, at) {
    const several = seriesOf(figure);
    const rows = several.map((one, nth) => [one.name, amount(one.values[at], figure.currency), several.length > 1 ? seriesColour(nth, one) : ""]);
    const { before, forecast } = figure;
    const band = figure.band ?? forecast?.band;
    if (typeof forecast?.values[at] === "number") rows.push([forecast.name, amount(forecast.values[at], figure.currency), seriesColour(1)]);
    if (typeof band?.low[at] === "number") {
      const range = { low: amount(band.low[at], figure.currency), high: amount(band.high[at], figure.currency) };
      rows.push([band.name, texts.charts.range(range), ""]);
    }
    if (before) {
      const then = before.values[at] ?? null;
      rows.push([before.names?.[at] ? texts.charts.named({ name: before.name, value: before.names[at] }) : before.name, amount(then, figure.currency)]);
      if (!isPartial(several[0], at) && !isPartial(before, at)) rows.push([texts.charts.change, change(several[0].values[at], then)]);
    }
    const partial = several.some((one) => isPartial(one, at)) ? texts.charts.partial : isPartial(before, at) ? texts.charts.partialBefore : "";
    return tip(nameOf(figure, at), rows, partial);
  }

  const text = (more) => ({ color: colour("soft"), fontSize: 13, ...more });
  const names = (more) => ({ type: "category", axisTick: { show: false }, axisLine: { lineStyle: { color: colour("line") } }, ...more });
  const amounts = (figure, more) => ({
    type: "value", name: titled(figure), nameTextStyle: text({ align: "left", padding: 0 }), splitNumber: 4,
    axisLabel: text({ formatter: (value) => compact.format(value) }), splitLine: { lineStyle: { color: colour("grid") } }, ...more,
  });
  const PARTIAL = () => ({ opacity: 0.4, borderType: "dashed", borderWidth: 1, borderColor: colour("ink") });
  const shadow = (figure) => ({ trigger: "axis", axisPointer: { type: "shadow", z: -1, shadowStyle: { color: colour("hover") } }, formatter: ([first]) => tipAt(figure, first.dataIndex) });

  // Widths in pixels: of a character of a name; the smallest of a column whose turned name does not touch the next one.
  const CHARACTER = 7.2;
  const TURNED = 20;
  const LONGEST = 140;

  function bars(figure, place) {
    const several = seriesOf(figure);
    const series = several.map((one, nth) => ({
      type: "bar", name: one.name, cursor: "default", barMaxWidth: 28, color: seriesColour(nth, one),
      data: one.values.map((value, at) => ({ value, itemStyle: isPartial(one, at) ? PARTIAL() : {} })),
      label: { show: several.length === 1, position: "right", ...text(), formatter: ({ value }) => (value === null ? "" : compact.format(value)) },
    }));
    const { legend, top } = legendOf(several.length > 1 ? several.map((one) => one.name) : [], place);
    return {
      legend,
      grid: { left: 0, right: 56, top: 4 + top, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "all" },
      xAxis: amounts(figure, { nameLocation: "middle", nameTextStyle: text({ align: "center" }), nameGap: 8, axisLabel: { show: false } }),
      yAxis: names({ inverse: true, data: figure.labels, axisLabel: text({ width: Math.min(180, place.clientWidth * 0.38), overflow: "truncate", interval: 0 }) }),
      tooltip: shadow(figure),
      series,
    };
  }

  // Every name is shown: level, else turned and shortened. `fits` is false where columns are too narrow for that.
  function columnNames(figure, place) {
    if (figure.period) return { fits: true, axisLabel: { hideOverlap: true } };
    const room = (place.clientWidth - 72) / figure.labels.length;
    const longest = Math.max(...figure.labels.map((name) => String(name).length)) * CHARACTER;
    const turned = { interval: 0, rotate: 40, width: LONGEST, overflow: "truncate" };
    if (longest < room) return { fits: true, axisLabel: { interval: 0 } };
    return room < TURNED ? { fits: false, axisLabel: { ...turned, interval: "auto" } } : { fits: true, axisLabel: turned };
  }

  // The legend in as many lines as its names need, each shortened, and the height that it takes.
  function legendOf(labels, place) {
    if (!labels.length) return { legend: { show: false }, top: 0 };
    const width = Math.max(80, Math.min(180, place.clientWidth - 48));
    const lines = labels.reduce(([count, used], name) => {
      const own = Math.min(width, String(name).length * CHARACTER) + 36;
      return used && used + own > place.clientWidth ? [count + 1, own] : [count, used + own];
    }, [1, 0])[0];
    const scrolls = lines > 3; // on a phone: one line with arrows
    const textStyle = text({ width, overflow: "truncate" });
    const legend = { show: true, top: 0, left: 0, right: 0, itemWidth: 16, itemHeight: 8, itemGap: 12, type: scrolls ? "scroll" : "plain", tooltip: { show: true }, textStyle };
    return { legend: { ...legend, data: labels }, top: 24 * (scrolls ? 1 : lines) };
  }

  const columnsOf = (figure, one, at, labelled) => ({
    type: "bar", cursor: "default", name: one.name, color: seriesColour(at, one), barMaxWidth: 48,
    data: one.values.map((value, nth) => ({ value, itemStyle: isPartial(one, nth) ? PARTIAL() : {} })),
    label: { show: labelled, position: "top", ...text(), formatter: ({ value }) => (value === null ? "" : compact.format(value)) },
  });

  // Complete values as a whole line, the others dashed from and to their complete neighbours.
  function linesOf(one, stroke, more = {}) {
    const shape = { type: "line", name: one.name, color: stroke, showSymbol: false, connectNulls: false, ...more };
    const whole = { ...shape, data: one.values.map((value, at) => (isPartial(one, at) ? null : value)), lineStyle: { width: 2, ...more.lineStyle } };
    if (!one.partial?.some(Boolean)) return [whole];
    const near = (at) => isPartial(one, at - 1) || isPartial(one, at) || isPartial(one, at + 1);
    return [whole, { ...shape, data: one.values.map((value, at) => (near(at) ? value : null)), lineStyle: { width: 2, type: "dashed", opacity: 0.7 } }];
  }

  // The label is inside the plot, beside its line: above it would cover the title of the axis and the legend.
  function marks(figure) {
    const label = (one) => {
      const right = figure.labels.indexOf(one.at) > figure.labels.length / 2;
      return {
        formatter: one.text, position: "end", align: right ? "right" : "left", verticalAlign: "top", offset: [right ? -4 : 4, 4], distance: 0,
        color: colour("ask"), backgroundColor: colour("sheet"), padding: [1, 4], fontSize: 12, width: 120, overflow: "truncate",
      };
    };
    return {
      symbol: "none", silent: true, lineStyle: { color: colour("ask"), type: "solid", width: 1 },
      data: (figure.annotations ?? []).map((one) => ({ xAxis: one.at, label: label(one) })),
    };
  }

  // The range from low to high: an invisible line up to low, and the area above it.
  function bandOf(band) {
    if (!band) return [];
    const { name, low, high } = band;
    const shape = { type: "line", stack: "band", stackStrategy: "all", symbol: "none", silent: true, lineStyle: { opacity: 0 } };
    const above = high.map((value, at) => (value === null || low[at] === null ? null : value - low[at]));
    return [{ ...shape, data: low }, { ...shape, name, color: seriesColour(1), data: above, areaStyle: { color: seriesColour(1), opacity: 0.18 } }];
  }

  function overTime(figure, place) {
    const several = seriesOf(figure);
    const line = figure.kind === "line";
    const { fits, axisLabel } = columnNames(figure, place);
    if (!fits && !line) return bars(figure, place);
    const labelled = several.length === 1 && figure.labels.length <= FEW && place.clientWidth / figure.labels.length > 56;
    const series = several.flatMap((one, at) => (line ? linesOf(one, seriesColour(at, one)) : [columnsOf(figure, one, at, labelled)]));
    series[0].markLine = marks(figure);
    series.push(...bandOf(figure.band ?? figure.forecast?.band));
    if (figure.forecast) series.push(...linesOf(figure.forecast, seriesColour(1), { lineStyle: { type: "dashed" } }));
    if (figure.before) series.push(...linesOf(figure.before, colour("series-before"), { lineStyle: { type: "dotted" } }));
    const named = several.length > 1 || Boolean(figure.before ?? figure.forecast);
    const { legend, top } = legendOf(named ? [...new Set(series.map((one) => one.name).filter(Boolean))] : [], place);
    return {
      legend,
      grid: { left: 0, right: 8, top: 36 + top, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: names({ data: figure.labels, axisLabel: text({ formatter: (_, at) => tickOf(figure, at), ...axisLabel }) }),
      yAxis: amounts(figure, { nameGap: 16, axisLine: { show: false } }),
      tooltip: shadow(figure),
      series,
    };
  }

  const heat = () => [0, 1, 2, 3, 4].map((step) => colour(`heat-${step}`));
  const scale = (figure, min, max, words) => ({
    type: "continuous", min, max, inRange: { color: heat() }, orient: "horizontal", left: 0, bottom: 0, itemWidth: 10, itemHeight: 96,
    text: [compact.format(words[1]), texts.charts.named({ name: titled(figure), value: compact.format(words[0]) })], textStyle: text(), calculable: false, hoverLink: false,
  });

  function heatmap(figure) {
    const cells = figure.values.flatMap((row, at) => row.map((value, nth) => [nth, at, value])).filter((cell) => cell[2] !== null);
    const values = cells.map((cell) => cell[2]);
    const [low, high] = [Math.min(0, ...values), Math.max(1, ...values)];
    return {
      grid: { left: 0, right: 0, top: 4, bottom: 32, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: names({ position: "top", data: figure.labels, axisLine: { show: false }, axisLabel: text({ interval: 0 }) }),
      yAxis: names({ inverse: true, data: figure.names, axisLine: { show: false }, axisLabel: text({ interval: Math.floor(figure.names.length / 14) }) }),
      visualMap: scale({ measure: texts.charts.perDay, ...figure }, low, high, [low, high]),
      tooltip: { trigger: "item", formatter: ({ value: [nth, at, value] }) => tip(texts.charts.cell({ column: figure.labels[nth], row: figure.names[at] }), [[texts.charts.perDay, amount(value, figure.currency)]]) },
      series: [{ type: "heatmap", data: cells, itemStyle: { borderWidth: 2, borderColor: colour("sheet") } }],
    };
  }

  Object.assign(charts, { amount, colour, heat, nameOf, scale, text, tipAt });
  // The axis along which the parts with links are: the whole row or column of a value is one.
  bars.links = "y";
  heatmap.links = "y";
  overTime.links = "x";
  Object.assign(charts.kinds, { bars, columns: overTime, line: overTime, heatmap });
})();

// Texts of the charts.
texts.charts = {
  revenue: "Revenue",
  change: "Change",
  perDay: "Per day",
  partial: "This period is not complete.",
  partialBefore: "The compared period is not complete.",
  weekOf: ({ day }) => `Week of ${day}`,
  quarter: ({ quarter, year }) => `Q${quarter} ${year}`,
  inCurrency: ({ measure, currency }) => `${measure}, ${currency}`,
  named: ({ name, value }) => `${name}: ${value}`,
  range: ({ low, high }) => `${low} – ${high}`,
  cell: ({ column, row }) => `${column}, ${row}`,
};

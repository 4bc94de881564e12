// Texts of the live page.
texts.live = {
  connected: "Live",
  connecting: "Connecting",
  lost: "Connection lost. Trying again.",
  paused: "Paused",
  pause: "Pause",
  resume: "Resume",
  news: ({ count }) => texts.many(count, "new sale"),
  title: ({ count, title }) => `(${texts.number(count)}) ${title}`,
  now: "just now",
};

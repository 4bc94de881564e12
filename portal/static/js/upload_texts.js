// Texts of the scripts of uploads and of their preview.
(() => {
  "use strict";

  const UNITS = ["bytes", "kB", "MB", "GB"];
  const STOPS = { paused: "paused, ", broken: "connection lost, ", waiting: "waiting, " };

  function size(bytes) {
    const at = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
    return `${(bytes / 1000 ** at).toFixed(at ? 1 : 0)} ${UNITS[at]}`;
  }

  texts.upload = {
    steps: { received: "received", staging: "reading", staged: "checked", settled: "imported", announced: "published" },
    remove: ({ file }) => `Remove ${file}`,
    removeFromList: ({ file }) => `Remove ${file} from the list`,
    refused: ({ file, endings }) => `${file} is not a sales file that can be read. Accepted: ${endings.join(", ")}.`,
    // The address of the earlier upload is the link between both parts.
    sameFile: ({ link, day, login, state, advice }) => ["The same file was uploaded before: ", link, `, ${day}, by ${login} (${state}). ${advice}`],
    uploadedBefore: ({ file }) => `${file} was uploaded before.`,
    source: ({ file }) => `Data source of ${file}`,
    detect: "Detect automatically",
    cancelled: "Cancelled. Nothing is kept.",
    announced: ({ file, text }) => `${file}: ${text}`,
    uploading: ({ file }) => `Uploading ${file}`,
    sent({ sent, bytes, state, again, isWhole, hasArrived }) {
      const retry = again ? `, connection lost: retrying in ${again} s` : "";
      const whole = isWhole ? `, ${hasArrived ? "processing" : "assembling"}` : "";
      return `${STOPS[state] || ""}${size(sent)} of ${size(bytes)}${whole}${retry}`;
    },
    pause: "Pause",
    resume: "Resume",
    pauseFile: ({ file }) => `Pause ${file}`,
    resumeFile: ({ file }) => `Resume ${file}`,
    cancel: ({ file }) => `Cancel ${file}`,
    notImported: "Uploaded, but not imported yet. ",
    preview: "Preview",
    progress: ({ file }) => `Progress of ${file}`,
    result: ({ result }) => `${result}. `,
    needs: "See what needs your attention",
    receipt: "See the receipt",
    chooseFirst: "Choose a file first.",
    damaged: "The file was damaged or changed during the upload. Choose it again.",
    expired: "The upload has expired. Choose the file again.",
    unreadable: "The file can no longer be read. It was changed, moved or deleted. Choose it again.",
    failed: "The upload failed. Nothing was counted. Try again.",
  };

  texts.preview = {
    answerNotSaved: "Your answer was not saved. Try again.",
    saving: "Saving…",
    saved: "Saved",
    notSaved: "Not saved",
    offline: "Not saved: the connection is lost. Your answer is still in its field.",
    preparing: "Preparing the preview…",
    failed: "The preview failed. Reload the page.",
  };
})();

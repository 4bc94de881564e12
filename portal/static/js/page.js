// What every page does: write instants in the reader's zone, look again while work is under way, small comforts.
(() => {
  "use strict";

  // What the person chose on their profile; else the browser's own.
  const locale = document.documentElement.dataset.locale || undefined;
  const zone = document.documentElement.dataset.zone || undefined;
  const instants = new Intl.DateTimeFormat(locale, {
    timeZone: zone,
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
  });
  const days = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

  function localise(root) {
    for (const time of root.querySelectorAll("time")) {
      const at = new Date(time.dateTime);
      time.textContent = (time.classList.contains("instant") ? instants : days).format(at);
    }
    for (const span of root.querySelectorAll(".days")) {
      span.textContent = days.formatRange(...span.dataset.days.split("/").map((day) => new Date(day)));
    }
    if (document.documentElement.dataset.numbers !== "script") return; // the server wrote them
    for (const data of root.querySelectorAll("data")) {
      const places = (data.textContent.split(".")[1] || "").length;
      // The text of the value goes in, not a float: no digit of a large amount is lost.
      data.textContent = new Intl.NumberFormat(locale, { minimumFractionDigits: places, maximumFractionDigits: places })
        .format(data.value);
    }
  }

  async function lookAgain(part) {
    const seconds = Number(part.dataset.poll);
    await new Promise((done) => setTimeout(done, seconds * 1000));
    const busy = document.hidden || part.contains(document.activeElement) && document.activeElement.matches("input, select");
    if (busy) return lookAgain(part);
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.redirected || !answer.ok) return lookAgain(part);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
      if (!fresh) return undefined;
      const open = new Set([...part.querySelectorAll("details")].flatMap((one, at) => (one.open ? [at] : [])));
      if (open.size) [...fresh.querySelectorAll("details")].forEach((one, at) => { one.open = open.has(at); });
      part.replaceWith(fresh);
      localise(fresh);
      if (fresh.dataset.poll) return lookAgain(fresh);
    } catch {
      return lookAgain(part);
    }
    return undefined;
  }

  function copyButtons() {
    for (const button of document.querySelectorAll("[data-copy]")) {
      if (!navigator.clipboard) continue;
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
        const words = button.textContent;
        button.textContent = texts.copied;
        setTimeout(() => { button.textContent = words; }, 3000);
      });
    }
  }

  function filters() {
    const form = document.querySelector("form[data-auto]");
    if (!form) return;
    const preset = form.elements.preset;
    const dates = [...form.querySelectorAll(".field.date")];
    const show = () => dates.forEach((one) => { one.hidden = preset.value !== "own"; });
    preset.addEventListener("change", () => {
      show();
      if (preset.value === "own") return;
      dates.forEach((one) => { one.querySelector("input").value = ""; });
      form.requestSubmit();
    });
    // Empty fields would only lengthen the address that people share.
    form.addEventListener("formdata", (event) => {
      for (const [name, value] of [...event.formData]) if (!value || name === "preset" && value === "own") event.formData.delete(name);
    });
    show();
  }

  function showLatestDays() {
    const last = document.querySelector(".calendar .today") ?? document.querySelector(".calendar .latest");
    const scroller = last?.closest(".scroller");
    if (scroller) scroller.scrollLeft = last.offsetLeft + last.offsetWidth + 8 - scroller.clientWidth;
  }

  document.addEventListener("fresh", (event) => {
    localise(event.detail);
    if (event.detail.dataset.poll) lookAgain(event.detail);
  });

  localise(document);
  copyButtons();
  filters();
  showLatestDays();
  for (const part of document.querySelectorAll("[data-poll]")) lookAgain(part);
})();

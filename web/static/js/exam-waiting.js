// The waiting room: counts down by the server's time and enables the start button; the server decides all the same.

import { asClock } from "./exam-clock.js";

const card = document.querySelector("[data-starts-in]");
const button = document.querySelector("[data-start]");
const place = document.querySelector("[data-countdown]");

if (card && button && button.disabled) {
  const words = JSON.parse(document.getElementById("words").textContent);
  const announcer = document.querySelector("[data-announce]");
  const begins = performance.now() + Number(card.dataset.startsIn) * 1000;
  let announced = Infinity;
  const step = setInterval(() => {
    const seconds = Math.max(0, Math.ceil((begins - performance.now()) / 1000));
    if (seconds === 0) {
      clearInterval(step);
      place.textContent = words.starts_now;
      announcer.textContent = words.begun;
      button.disabled = false;
      button.focus();
      return;
    }
    place.textContent = words.starts_in.replace("{time}", asClock(seconds));
    for (const minutes of [10, 5, 1]) {
      if (seconds <= minutes * 60 && announced > minutes) {
        announced = minutes;
        announcer.textContent = words.minutes.replace("{n}", Math.ceil(seconds / 60));
      }
    }
  }, 250);
}

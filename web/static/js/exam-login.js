// Before the entry code is sent: from it comes what unlocks the attempt on this machine without the server.

import { rememberCode } from "./exam-offline.js";

const form = document.querySelector("form[action='/exam/login']");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try { await rememberCode(form.elements.entry_code.value); } catch (error) { /* a restart then needs the server */ }
  form.submit();
}, { once: true });

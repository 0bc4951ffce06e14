// Shows the site once a login that this is a Safe Exam Browser. What the browser gives to a page's script goes into the
// form; versions that send it in headers add it to the form by themselves.

const form = document.querySelector("form[data-seb]");
const api = window.SafeExamBrowser;

function send() {
  form.elements.config_key.value = (api && api.security && api.security.configKey) || "";
  form.elements.exam_key.value = (api && api.security && api.security.browserExamKey) || "";
  form.elements.version.value = (api && api.version) || "";
  form.submit();
}

function begin() {
  const keys = api && api.security;
  // Versions before 3.1 on macOS and iPad work the keys out only when they are asked.
  if (keys && !keys.configKey && keys.updateKeys) keys.updateKeys(send);
  else if (keys || "named" in form.dataset) send();
}

form.addEventListener("submit", (event) => { if (api && api.security) { event.preventDefault(); send(); } });
if (!("tried" in form.dataset)) begin();

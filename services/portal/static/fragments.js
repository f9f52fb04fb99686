// Forms with data-into send themselves and put the answer into the element of that id; elements with data-load do so at once.
import { ask, put } from "./server.js";

async function send(form, submitter) {
  const target = document.getElementById(form.dataset.into);
  const fields = new FormData(form, submitter);
  form.setAttribute("aria-busy", "true");
  try {
    const isGet = form.method === "get";
    const query = isGet ? `?${new URLSearchParams(fields)}` : "";
    const response = await ask(form.action + query, isGet ? {} : { method: "POST", form: fields });
    if (response.redirected) location.assign(response.url);
    else if (response.status !== 401) put(target, await response.text());
  } finally {
    form.removeAttribute("aria-busy");
  }
}

/** A page that was opened in the background, or ahead of time, is not looked at yet. */
function looked() {
  if (document.visibilityState === "visible") return Promise.resolve();
  return new Promise((resolve) => {
    document.addEventListener("visibilitychange", function seen() {
      if (document.visibilityState !== "visible") return;
      document.removeEventListener("visibilitychange", seen);
      resolve();
    });
  });
}

/** data-failed says that it did not come, so that the element's own content can offer to try again. */
async function load(element) {
  await looked();
  delete element.dataset.failed;
  const response = await ask(element.dataset.load, { method: "POST", form: {} }).catch(() => null);
  if (response?.ok) put(element, await response.text());
  else if (response?.status !== 401) element.dataset.failed = "";
}

/** Take over such forms, and load what is to be loaded. */
export function sendFragments() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented) return;
    if (form.getAttribute("aria-busy") === "true") { event.preventDefault(); return; }
    if (!form.dataset.into) return;
    event.preventDefault();
    send(form, event.submitter);
  });
  for (const element of document.querySelectorAll("[data-load]")) load(element);
  document.addEventListener("praxispost:back", () => {
    for (const element of document.querySelectorAll("[data-load]")) load(element);
  });
}

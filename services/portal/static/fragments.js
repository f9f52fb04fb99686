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

async function load(element) {
  const response = await ask(element.dataset.load, { method: "POST", form: {} });
  if (response.ok) put(element, await response.text());
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

// One message: opened by the person's own press, here or in the list before; answered without leaving the page.
import { ask, put } from "./server.js";
import { wasPressed } from "./mailbox.js";
import { forget, keep, restore } from "./typed.js";

const page = document.getElementById("message");

function say(form, name) {
  for (const each of form.querySelectorAll("[data-said]")) each.hidden = each.dataset.said !== name;
}

function show(html) {
  put(page, html);
  const form = page.querySelector("[data-keep]");
  if (form) {
    restore(form).then((found) => {
      if (!found) return;
      form.closest("details")?.setAttribute("open", "");
      form.querySelector("[data-kept]").hidden = false;
    });
  }
}

async function send(form, submitter) {
  form.setAttribute("aria-busy", "true");
  say(form, "");
  try {
    const response = await ask(form.action, { method: "POST", form: new FormData(form, submitter) });
    if (response.status === 401) return;
    // What has failed on the way has no page of its own: the form stays as it is, to be sent again.
    if (response.status >= 500 || response.status === 403) { say(form, response.status === 403 ? "old" : "busy"); return; }
    if (response.ok && form.matches("[data-keep]")) forget(form);
    show(await response.text());
    if (response.ok) history.replaceState({ opened: true }, "");
    (page.querySelector("[data-focus]") ?? page.querySelector("h1"))?.focus();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    say(form, "offline");
  } finally {
    form.removeAttribute("aria-busy");
  }
}

page.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target.getAttribute("aria-busy") !== "true") send(event.target, event.submitter);
});
page.addEventListener("input", (event) => {
  const form = event.target.closest("[data-keep]");
  if (form) keep(form);
});
// Withdrawn, or closed for answers: what stands here does not hold any more. To look again is for the person to say.
document.addEventListener("praxispost:change", (event) => {
  if (event.detail.kind !== "withdrawal" || event.detail.message !== page.dataset.message) return;
  const closed = document.getElementById("changed").content.cloneNode(true);
  page.replaceChildren(closed);
});

if (wasPressed() || history.state?.opened) page.querySelector("[data-open]")?.requestSubmit();

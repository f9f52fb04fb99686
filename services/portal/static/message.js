// One message: opened by the person's own press, here or in the list before; answered without leaving the page.
import { ask, put } from "./server.js";
import { listOf, wasPressed } from "./mailbox.js";
import { forget, keep, restore } from "./typed.js";

const SHOWN = [200, 404, 409];
const SAID = { 403: "old", 413: "long" };
const page = document.getElementById("message");

function say(form, name) {
  for (const each of form.querySelectorAll("[data-said]")) each.hidden = each.dataset.said !== name;
}

async function show(html) {
  put(page, html);
  const answer = page.querySelector("[data-keep]");
  if (!answer || !await restore(answer)) return;
  (answer.querySelector("[data-kept]") ?? answer).hidden = false;
  answer.closest("details")?.setAttribute("open", "");
}

/** What came back: the message as it is now. Anything else leaves the form as it is, to be sent again. */
async function taken(form, response) {
  if (response.status === 401) return;
  if (!SHOWN.includes(response.status)) { say(form, SAID[response.status] ?? "busy"); return; }
  if (response.ok && form.matches("[data-keep]")) forget(form);
  await show(await response.text());
  if (response.ok) history.replaceState({ opened: true }, "");
  (page.querySelector("[data-focus]") ?? page.querySelector("h1"))?.focus();
}

async function send(form, submitter) {
  const fields = new FormData(form, submitter);
  form.setAttribute("aria-busy", "true");
  say(form, "");
  try {
    await taken(form, await ask(form.action, { method: "POST", form: fields }));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    say(form, "offline");
  } finally {
    form.removeAttribute("aria-busy");
  }
}

function kept(event) {
  const form = event.target.closest("[data-keep]");
  if (form) keep(form);
}

page.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-open], [data-keep]")) return;
  event.preventDefault();
  if (event.target.getAttribute("aria-busy") !== "true") send(event.target, event.submitter);
});
page.addEventListener("input", kept);
page.addEventListener("praxispost:attachments", kept);
// Withdrawn, or closed for answers: what stands here does not hold any more. To look again is for the person to say.
document.addEventListener("praxispost:change", (event) => {
  if (event.detail.kind !== "withdrawal" || event.detail.message !== page.dataset.message) return;
  page.replaceChildren(document.getElementById("changed").content.cloneNode(true));
});

document.querySelector("[data-back]").search = listOf();
if (wasPressed() || history.state?.opened) page.querySelector("[data-open]")?.requestSubmit();

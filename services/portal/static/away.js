// When the session has ended, covers the page until somebody logs in again; what was typed into the page stays where it is.
import { ask, put } from "./server.js";

const PATH = "/practice/login/again";
const AGAIN_AFTER = 3000;
// As long as identity gives to staff; the stream of hints says it earlier, but a lost connection ends that, too.
const IDLE = 15 * 60_000;
const LOOK = 30_000;
let cover = null;
let known = Date.now();

async function unlock(event) {
  const form = event.target.closest("[data-again]");
  if (!form) return;
  event.preventDefault();
  const lost = form.querySelector("[data-lost]");
  lost.hidden = true;
  const response = await fetch(PATH, { method: "POST", body: new URLSearchParams(new FormData(form)) }).catch(() => null);
  if (!response || response.status >= 500) { lost.hidden = false; return; }
  if (response.status !== 204) {
    put(cover, await response.text());
    cover.querySelector("[data-focus]")?.focus();
    return;
  }
  const who = document.body.dataset.person;
  const badge = await fetch("/practice/person").catch(() => null);
  if (!badge?.ok) { lost.hidden = false; return; }
  // Somebody else sits here now: nothing of the page is theirs.
  if ((await badge.text()) !== who) { location.assign("/practice"); return; }
  cover.close();
  cover.remove();
  cover = null;
  known = Date.now();
  document.dispatchEvent(new CustomEvent("praxispost:back"));
}

/** `ending`: what must be over before somebody can come in again. */
async function lock(ending = null) {
  if (cover) return;
  cover = document.createElement("dialog");
  cover.className = "again";
  cover.setAttribute("aria-labelledby", "again-heading");
  cover.addEventListener("cancel", (event) => event.preventDefault());
  cover.addEventListener("submit", unlock);
  document.body.append(cover);
  cover.showModal();
  await ending;
  await fill();
}

/** The form, as soon as it can be had: the cover stands meanwhile. */
async function fill() {
  const response = await fetch(PATH).catch(() => null);
  if (!response?.ok) { setTimeout(fill, AGAIN_AFTER); return; }
  put(cover, await response.text());
  cover.querySelector("input:not([type=hidden])")?.focus();
}

function lockNow(event) {
  const form = event.target.closest("[data-lock]");
  if (!form) return;
  event.preventDefault();
  // Whoever leaves must not wait for the line: the cover comes first.
  lock(fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" }).catch(() => {}));
}

/** Nobody has done anything here for long, and nobody has said that the session goes on: what is not known to be open is covered. */
async function look() {
  if (cover || Date.now() - known < IDLE) return;
  const response = await ask("/practice/person", { background: true }).catch(() => null);
  if (response?.ok) known = Date.now();
  else lock();
}

setInterval(look, LOOK);
document.addEventListener("praxispost:act", () => { known = Date.now(); });
document.addEventListener("praxispost:away", () => lock());
document.addEventListener("submit", lockNow);
// A page that the browser kept as it was may be of a session that has ended since.
addEventListener("pageshow", (event) => { if (event.persisted) ask("/practice/person", { background: true }).catch(() => {}); });

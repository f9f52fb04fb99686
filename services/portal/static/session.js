// A session that nobody uses ends. This says so in time, and then takes everything off the screen. What was typed is kept.
import { ask } from "./server.js";
import { press } from "./mailbox.js";
import { allKept } from "./typed.js";

// As long as identity gives to a person.
const IDLE = 30 * 60_000;
const WARNED = 2 * 60_000;
const TYPING = 5 * 60_000;
const GONE = "gone";
const person = document.body.dataset.person;
const tabs = new BroadcastChannel("praxispost-account");
const warning = document.getElementById("still-there");
let last = Date.now();
let timer = 0;

function used() {
  last = Date.now();
  warning.close();
  look();
}

function look() {
  clearTimeout(timer);
  const left = IDLE - (Date.now() - last);
  if (left <= 0) { leave(); return; }
  if (left <= WARNED && !warning.open) warning.showModal();
  timer = setTimeout(look, left <= WARNED ? left : left - WARNED);
}

/** Somebody is there. Where the session has ended nevertheless, or there is no line, the page hears of it. */
function stay() {
  ask("/mailbox/here", { method: "POST", form: {} }).catch(() => {});
}

/** Nothing that was read stays; who logs in goes on here. */
async function leave() {
  clearTimeout(timer);
  warning.close();
  if (history.state?.opened) press(location.pathname);
  await allKept();
  document.querySelector("main").replaceChildren();
  location.replace(`/login?ended=1&next=${encodeURIComponent(location.pathname + location.search)}`);
}

document.addEventListener("praxispost:away", leave);
// The person who does something in another tab may have logged out there, or be somebody else by now.
document.addEventListener("praxispost:act", () => { tabs.postMessage(person); used(); });
tabs.addEventListener("message", ({ data }) => { if (data === person) used(); else leave(); });
document.addEventListener("visibilitychange", look);
document.addEventListener("input", () => { if (Date.now() - last > TYPING) stay(); });
warning.addEventListener("submit", (event) => {
  if (event.target.matches("[data-stay]")) { event.preventDefault(); stay(); }
});
warning.addEventListener("cancel", (event) => { event.preventDefault(); stay(); });
document.addEventListener("submit", (event) => {
  if (!event.target.matches('form[action="/logout"]')) return;
  sessionStorage.clear();
  tabs.postMessage(GONE);
});
// A page that the browser kept as it was may be of a session that has ended since.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
tabs.postMessage(person);
look();

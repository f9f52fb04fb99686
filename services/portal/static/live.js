// Keeps a page as it is at this moment. An element with data-live (where its content comes from) and data-on (which kinds of
// change concern it) is read again when a hint of such a kind comes; data-of narrows that to one conversation, patient or message.
import { ask, put } from "./server.js";

const WAIT = 120;
const due = new Set();
let timer = 0;

function concerns(element, change) {
  if (!element.dataset.on.split(" ").includes(change.kind)) return false;
  const of = element.dataset.of;
  return !of || change.kind === "again" || [change.conversation, change.patient, change.message].includes(of);
}

async function readAgain() {
  const elements = [...due];
  due.clear();
  for (const element of elements) {
    if (!element.isConnected) continue;
    const response = await ask(element.dataset.live, { background: true });
    if (response.ok) put(element, await response.text());
  }
}

function hinted(change) {
  document.dispatchEvent(new CustomEvent("praxispost:change", { detail: change }));
  for (const element of document.querySelectorAll("[data-live]")) {
    if (concerns(element, change)) due.add(element);
  }
  if (due.size && !timer) {
    timer = setTimeout(() => { timer = 0; readAgain(); }, WAIT);
  }
}

/** Read at once what the page was sent without. */
export function readMissing() {
  for (const element of document.querySelectorAll("[data-now]")) due.add(element);
  readAgain();
}

/** Follow the hints of the stream that the page names; after a gap everything is read again. */
export function followEvents() {
  const path = document.querySelector("[data-events]")?.dataset.events;
  if (!path) return;
  let broken = false;
  const stream = new EventSource(path);
  stream.addEventListener("change", (event) => hinted(JSON.parse(event.data)));
  stream.addEventListener("away", () => {
    stream.close();
    document.dispatchEvent(new CustomEvent("praxispost:away"));
  });
  stream.addEventListener("error", () => { broken = true; });
  stream.addEventListener("open", () => {
    if (broken) hinted({ kind: "again" });
    broken = false;
  });
  document.addEventListener("praxispost:back", () => { stream.close(); followEvents(); hinted({ kind: "again" }); }, { once: true });
}

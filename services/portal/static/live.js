// Keeps a page as it is at this moment. An element with data-live (where its content comes from) and data-on (which kinds of
// change concern it) is read again when a hint of such a kind comes; data-of narrows that to one conversation, patient or message.
import { ask, put } from "./server.js";

const WAIT = 120;
const AGAIN_AFTER = 3000;
// Over HTTP/1.1 a browser has six connections to a host for all its windows; those of a practice that nobody looks at hold none for long.
// A patient's page goes on: a message that is withdrawn must go from it at once.
const REST_AFTER = 60_000;
const due = new Set();
let timer = 0;
let stream = null;
let resting = 0;
let rests = false;

function concerns(element, change) {
  if (!element.dataset.on.split(" ").includes(change.kind)) return false;
  const of = element.dataset.of;
  return !of || change.kind === "again" || [change.conversation, change.patient, change.message].includes(of);
}

async function readAgain() {
  // Nobody sees the page: it is read when somebody does. To have been shown a message is a fact of its own.
  if (document.hidden) return;
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

async function comeBack(path) {
  const stopped = new AbortController();
  try {
    const response = await ask(path, { background: true, headers: { Accept: "text/event-stream" }, signal: stopped.signal });
    stopped.abort();
    if (response.status === 401) return;
    if (response.ok) { followEvents(true); return; }
  } catch { /* No connection: later. */ }
  setTimeout(() => comeBack(path), AGAIN_AFTER);
}

/** Read at once what the page was sent without. */
export function readMissing() {
  for (const element of document.querySelectorAll("[data-now]")) due.add(element);
  readAgain();
}

/** Follow the hints of the stream that the page names; after a gap everything is read again. The page of one person is never gone on
 *  with by another who has logged in in another window meanwhile. */
export function followEvents(afterGap = false) {
  const path = document.querySelector("[data-events]")?.dataset.events;
  if (!path) return;
  let broken = afterGap;
  const followed = new EventSource(path);
  stream?.close();
  stream = followed;
  followed.addEventListener("change", (event) => hinted(JSON.parse(event.data)));
  followed.addEventListener("away", () => {
    followed.close();
    document.dispatchEvent(new CustomEvent("praxispost:away"));
  });
  followed.addEventListener("error", () => {
    broken = true;
    // Refused for good: the session has ended, which asking tells, or the portal begins anew.
    if (followed.readyState === EventSource.CLOSED) setTimeout(() => comeBack(path), AGAIN_AFTER);
  });
  followed.addEventListener("person", ({ data }) => {
    if (data !== document.body.dataset.person) {
      followed.close();
      document.dispatchEvent(new CustomEvent("praxispost:away"));
      return;
    }
    if (broken) hinted({ kind: "again" });
    broken = false;
  });
}

function rest() {
  if (!stream || stream.readyState === EventSource.CLOSED || !document.body.classList.contains("practice")) return;
  stream.close();
  rests = true;
}

document.addEventListener("praxispost:back", () => followEvents(true));
document.addEventListener("visibilitychange", () => {
  clearTimeout(resting);
  if (document.hidden) { resting = setTimeout(rest, REST_AFTER); return; }
  if (rests) { rests = false; followEvents(true); }
  if (due.size) readAgain();
});

// An open conversation: begins at what is new, stays where one reads when older messages come, and reads again only the messages
// that a hint concerns. Texts come on a person's act alone; what is read again here has none, and the page keeps those that it has.
import { ask, put } from "./server.js";

const WAIT = 60;
const box = document.getElementById("messages");
const due = new Set();
let timer = 0;
let reading = false;
let begun = false;

const pages = () => [...box.querySelectorAll("[data-page]")];
const newest = () => pages().at(-1);
const isAtEnd = () => window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 80;

async function readAgain() {
  timer = 0;
  if (reading) return;
  reading = true;
  try {
    while (due.size) {
      const [page] = due;
      due.delete(page);
      if (page.isConnected) await readPage(page);
    }
  } finally {
    reading = false;
  }
}

async function readPage(page) {
  const stays = page === newest() && isAtEnd();
  const query = page.dataset.page ? `?page=${encodeURIComponent(page.dataset.page)}` : "";
  const response = await ask(box.dataset.path + query, { background: true });
  if (!response.ok) return;
  put(page, await response.text());
  if (stays) window.scrollTo({ top: document.documentElement.scrollHeight });
}

function hinted({ detail: change }) {
  if (!pages().length) return;
  if (change.kind === "again") for (const page of pages()) due.add(page);
  else if (change.patient === box.dataset.patient && change.message) {
    due.add(document.getElementById(`m-${change.message}`)?.closest("[data-page]") ?? newest());
  }
  if (due.size && !timer) timer = setTimeout(readAgain, WAIT);
}

/** The first time: to the first new answer, otherwise to the newest message. */
function begin() {
  begun = true;
  const fresh = box.querySelector("[data-new]")?.closest(".bubble");
  if (fresh) fresh.scrollIntoView({ block: "start" });
  else window.scrollTo({ top: document.documentElement.scrollHeight });
}

/** Older messages came above: what one was reading stays where it was, and the keyboard goes on among them. */
function stay(older, height) {
  window.scrollBy({ top: document.documentElement.scrollHeight - height, behavior: "instant" });
  const last = older.querySelector(".messages > li:last-child a");
  last?.focus({ preventScroll: true });
}

let height = 0;
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-older]")) height = document.documentElement.scrollHeight;
}, true);
box.addEventListener("praxispost:put", (event) => {
  if (event.target === box) begin();
  else if (event.target.classList.contains("older")) stay(event.target, height);
});
if (!begun && pages().length) begin();
document.addEventListener("praxispost:change", hinted);

// The sheet on which a message is written: kept as a draft a moment after typing stops and when the page is left, sent once, and told to colleagues.
// Whether something arrived is never guessed: after a lost answer the next try says that it is unsure, and the portal compares.
import { ask, put } from "./server.js";

const PAUSE = 900;
const AGAIN = [2000, 5000, 10000, 20000];
const ANNOUNCE = 40000;
// Browsers refuse more in a request that outlives its page.
const LARGEST_LAST = 60000;
const NEAR = 1000;

const sheet = document.getElementById("sheet");
const texts = sheet?.dataset;
let timer = 0;
let tries = 0;
let dirty = false;
let unsure = false;
let busy = null;
let sending = false;
let locked = false;
let leaving = false;
let announced = 0;

const form = () => sheet.querySelector("form");
const field = (name) => form().elements[name];
const conflict = () => sheet.querySelector(".changed") !== null;

function say(text, aloud = false) {
  sheet.querySelector("#state").textContent = text;
  if (aloud) sheet.querySelector("[data-aloud]").textContent = text;
}

function fields(more = {}) {
  const data = new URLSearchParams(new FormData(form()));
  for (const [name, value] of Object.entries({ script: "yes", person: texts.person, ...more })) data.set(name, value);
  if (unsure) data.set("unsure", "yes");
  return data;
}

/* Keeping */

function changed() {
  dirty = true;
  if (Date.now() - announced > ANNOUNCE) announce(false);
  schedule(PAUSE);
}

function schedule(after) {
  clearTimeout(timer);
  if (!locked && !conflict()) timer = setTimeout(keep, after);
}

async function keep() {
  clearTimeout(timer);
  if (!dirty || locked || leaving || sending || conflict()) return;
  if (busy) { schedule(PAUSE); return; }
  busy = keepOnce();
  try { await busy; } finally { busy = null; }
}

async function keepOnce() {
  dirty = false;
  if (!tries) say(texts.saving);
  const data = fields();
  let response;
  try {
    response = await ask(form().dataset.autosave, { method: "POST", form: data, keepalive: data.toString().length < LARGEST_LAST });
  } catch { lost(); return; }
  const json = (response.headers.get("content-type") ?? "").includes("json");
  if (response.status === 401) { dirty = true; say(texts.away, true); }
  else if (!response.ok && response.status !== 409 && response.status !== 422) lost();
  else if (json) answered(await response.json());
  else showChanged(await response.text());
}

function lost() {
  dirty = true;
  unsure = true;
  say(texts.lost, !tries);
  schedule(AGAIN[Math.min(tries, AGAIN.length - 1)]);
  tries += 1;
}

function answered(answer) {
  if (answer.go) { leave(answer.go); return; }
  if (answer.draft) kept(answer);
  if (answer.anew) begunAnew(answer);
  if (answer.errors) {
    say(texts.wrong.replace("{why}", Object.values(answer.errors)[0]), true);
    if (answer.gone) dropDocument(answer.gone);
  }
}

function kept({ draft, version, state }) {
  const isNew = field("draft_id").value !== draft;
  field("draft_id").value = draft;
  field("version").value = version;
  say(state, tries > 0);
  tries = 0;
  unsure = false;
  field("unsure")?.remove();
  sheet.querySelector("[data-unsure]").hidden = true;
  showDraft(isNew);
  if (dirty) schedule(PAUSE);
}

/** What of the page belongs to the draft that it keeps now. */
function showDraft(isNew) {
  const path = `/practice/drafts/${field("draft_id").value}`;
  if (isNew) history.replaceState(null, "", path);
  const news = sheet.querySelector("#news");
  news.dataset.live = `${path}/news?version=${field("version").value}`;
  news.dataset.on = "draft again";
  news.dataset.of = field("patient_id").value;
  const remove = sheet.querySelector("[data-delete]");
  remove.href = `${path}/delete`;
  remove.hidden = false;
}

/** The draft is gone or was sent otherwise: what stands here becomes another one. */
function begunAnew({ anew, problem }) {
  field("draft_id").value = "";
  field("version").value = "0";
  field("request_id").value = anew;
  unsure = false;
  tries = 0;
  const box = sheet.querySelector("#news");
  box.removeAttribute("data-live");
  box.replaceChildren(Object.assign(document.createElement("p"), { className: "notice warn", textContent: problem }));
  for (const input of form().querySelectorAll("input[name=attachment]")) input.closest("li").remove();
  dirty = true;
  schedule(PAUSE);
}

function dropDocument(id) {
  for (const input of form().querySelectorAll("input[name=attachment]")) if (input.value === id) input.closest("li").remove();
  dirty = true;
  schedule(AGAIN[0]);
}

/** A colleague was faster: both texts stay, and the person decides. */
function showChanged(html) {
  dirty = true;
  tries = 0;
  say("");
  put(sheet.querySelector("#changed-place"), html);
  sheet.querySelector("#news").replaceChildren();
  sheet.querySelector(".changed").focus();
}

/** A draft that is gone under an unsure page: whether that was its own sending, the next try tells. */
function told(news) {
  if (news.querySelector("[data-sent]")) sheet.querySelector("[data-unsure]").hidden = true;
  if (news.firstElementChild && unsure) keep();
}

/* Sending */

async function submit(event) {
  // Beside the letter stand the forms that show its documents.
  if (event.target.id !== "letter") return;
  const act = event.submitter?.value ?? "save";
  event.preventDefault();
  if (sending) return;
  if (act === "save") { dirty = true; tries = 0; keep(); return; }
  sending = true;
  clearTimeout(timer);
  const moved = document.activeElement;
  sheet.inert = true;
  if (act === "send") say(texts.sending, true);
  if (busy) await busy;
  if (leaving) return;
  await sendOnce(act);
  sheet.inert = leaving;
  sending = false;
  if (document.activeElement === document.body) moved?.focus();
}

async function sendOnce(act) {
  let response;
  try {
    response = await ask(form().getAttribute("action"), { method: "POST", form: fields({ act }) });
  } catch { sentPerhaps(); return; }
  const json = (response.headers.get("content-type") ?? "").includes("json");
  if (response.status === 401) { dirty = true; say(texts.away, true); }
  else if (response.status >= 500 || response.status === 429) sentPerhaps();
  else if (json) leave((await response.json()).go);
  else showSheet(await response.text());
}

function sentPerhaps() {
  dirty = true;
  unsure = true;
  say(texts.lost);
  sheet.querySelector("[data-unsure]").hidden = false;
  schedule(AGAIN[1]);
  tries = 1;
}

/** What the portal did not take, with everything that was typed, and what is wrong with it. */
function showSheet(html) {
  put(sheet, html);
  unsure = field("unsure") !== null && field("unsure") !== undefined;
  dirty = true;
  tries = 0;
  if (field("draft_id").value) showDraft(true);
  count();
  (sheet.querySelector("[data-focus]") ?? sheet.querySelector("[aria-invalid]"))?.focus();
  schedule(PAUSE);
}

function leave(path) {
  leaving = true;
  clearTimeout(timer);
  // Going back must not lead to a sheet that was sent.
  location.replace(path);
}

/* Leaving, locking, coming back */

function lastWords() {
  if (!dirty || locked || leaving || sending || conflict()) return;
  if (busy) unsure = true;
  keepOnce();
}

/* Colleagues */

function announce(stopped) {
  if (!texts.announce) return;
  announced = stopped ? 0 : Date.now();
  const told = ask(texts.announce, { method: "POST", form: stopped ? { stopped: "yes" } : {}, background: true, keepalive: true });
  told.catch(() => { announced = 0; });
}

/* What the fields say while one types */

function count() {
  const place = sheet.querySelector("[data-count]");
  const most = Number(place.dataset.count);
  const body = field("body").value;
  const left = body.length < most - NEAR ? most : most - [...body].length;
  const was = place.textContent;
  place.hidden = left > NEAR;
  place.classList.toggle("over", left < 0);
  place.textContent = place.hidden ? "" : (left < 0 ? texts.over : texts.left).replace("{count}", Math.abs(left).toLocaleString(document.documentElement.lang));
  if ((!was && place.textContent) || (left < 0) !== (place.dataset.was === "over")) sheet.querySelector("[data-aloud]").textContent = place.textContent;
  place.dataset.was = left < 0 ? "over" : "";
}

function begin() {
  unsure = Boolean(field("unsure"));
  sheet.addEventListener("input", (event) => {
    if (event.target.type === "file") return;
    if (event.target.name === "body") count();
    changed();
  });
  sheet.addEventListener("praxispost:attachments", changed);
  sheet.addEventListener("submit", submit);
  sheet.addEventListener("click", (event) => { if (event.target.closest("[data-leave]")) { leaving = true; clearTimeout(timer); } });
  document.addEventListener("praxispost:put", (event) => { if (event.target.id === "news") told(event.target); });
  document.addEventListener("praxispost:away", () => { locked = true; clearTimeout(timer); });
  document.addEventListener("praxispost:back", () => { locked = false; tries = 0; keep(); });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") keep(); });
  window.addEventListener("pagehide", () => { lastWords(); if (announced) announce(true); });
  window.addEventListener("beforeunload", (event) => { if (dirty && tries && !leaving && !locked) event.preventDefault(); });
  window.addEventListener("online", () => { if (dirty) keep(); });
  count();
}

if (sheet) begin();

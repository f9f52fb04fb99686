// The search for a patient as a combobox with a list (WAI-ARIA Authoring Practices): what fits shows while one types; arrows and Enter choose.
import { ask, put } from "./server.js";

const WAIT = 150;
const form = document.querySelector("[data-choose]");
const input = form.elements.query;
const list = form.querySelector("[data-list]");
const said = form.querySelector("[data-said]");
let timer = 0;
let running = null;

const options = () => [...list.querySelectorAll("[role=option]")];
const active = () => list.querySelector("[aria-selected=true]");

function mark(option) {
  active()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
}

function show(open) {
  const choices = open && options().length > 0;
  list.hidden = !open;
  input.setAttribute("aria-expanded", String(choices));
  if (choices) input.setAttribute("aria-controls", "suggestions");
  else input.removeAttribute("aria-controls");
  if (!open) mark(null);
}

async function search() {
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  try {
    const response = await ask(form.dataset.choose, { method: "POST", form: { query: input.value }, signal });
    if (!response.ok) throw new Error(String(response.status));
    put(list, await response.text());
  } catch (error) {
    if (error.name !== "AbortError") said.textContent = form.dataset.lost;
    return;
  }
  if (signal.aborted) return;
  show(true);
  const count = options().length;
  said.textContent = !count ? list.textContent.trim() : count === 1 ? form.dataset.one : form.dataset.many.replace("{count}", count);
}

function typed() {
  clearTimeout(timer);
  document.querySelector("[data-found]")?.remove();
  if (input.value.trim().length < 2) { running?.abort(); show(false); return; }
  timer = setTimeout(search, WAIT);
}

function step(by) {
  const all = options();
  const at = all.indexOf(active());
  mark(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length]);
}

function pressed(event) {
  if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
  const open = !list.hidden && options().length > 0;
  if (["ArrowDown", "ArrowUp"].includes(event.key)) {
    event.preventDefault();
    if (open) step(event.key === "ArrowDown" ? 1 : -1);
    else if (input.value.trim().length >= 2) search();
  } else if (event.key === "Escape" && !list.hidden) {
    event.preventDefault();
    show(false);
  } else if (event.key === "Enter" && open) {
    event.preventDefault();
    // Never somebody whom nobody pointed at.
    if (active()) location.assign(active().dataset.go);
    else step(1);
  } else if (event.key === "Tab") {
    show(false);
  }
}

function enhance() {
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.addEventListener("input", typed);
  input.addEventListener("keydown", pressed);
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) location.assign(option.dataset.go);
  });
  document.addEventListener("pointerdown", (event) => { if (!form.contains(event.target)) show(false); });
  if (input.value.trim().length >= 2 && !document.querySelector("[data-found]")) search();
}

enhance();

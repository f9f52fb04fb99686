// When the session has ended, covers the page until somebody logs in again; what was typed into the page stays where it is.
import { put } from "./server.js";

const PATH = "/practice/login/again";
let cover = null;

async function unlock(event) {
  const form = event.target.closest("[data-again]");
  if (!form) return;
  event.preventDefault();
  const response = await fetch(PATH, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (response.status !== 204) {
    put(cover, await response.text());
    cover.querySelector("[data-focus]")?.focus();
    return;
  }
  const who = document.body.dataset.person;
  const badge = await fetch("/practice/person");
  // Somebody else sits here now: nothing of the page is theirs.
  if ((await badge.text()) !== who) { location.assign("/practice"); return; }
  cover.close();
  cover.remove();
  cover = null;
  document.dispatchEvent(new CustomEvent("praxispost:back"));
}

async function lock() {
  if (cover) return;
  cover = document.createElement("dialog");
  cover.className = "again";
  cover.setAttribute("aria-labelledby", "again-heading");
  cover.addEventListener("cancel", (event) => event.preventDefault());
  cover.addEventListener("submit", unlock);
  document.body.append(cover);
  cover.showModal();
  put(cover, await (await fetch(PATH)).text());
  cover.querySelector("input:not([type=hidden])")?.focus();
}

async function lockNow(event) {
  const form = event.target.closest("[data-lock]");
  if (!form) return;
  event.preventDefault();
  await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" });
  lock();
}

document.addEventListener("praxispost:away", lock);
document.addEventListener("submit", lockNow);

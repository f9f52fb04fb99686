// Requests of the pages' scripts to the portal, and what happens when the session is locked or has ended.
import { merge } from "./keyed.js";

const token = () => document.querySelector('meta[name="form-token"]').content;

/** Ask the portal. `background`: nobody pressed anything, so the session's idle time goes on. `keepalive`: also when the page is left meanwhile. */
export async function ask(path, { method = "GET", form = null, body = null, headers = {}, background = false, keepalive = false, signal } = {}) {
  const sent = { "X-Script": "1", ...headers };
  if (background) sent["X-Background"] = "1";
  else document.dispatchEvent(new CustomEvent("praxispost:act"));
  if (method !== "GET") sent["X-Form-Token"] = token();
  const content = form ? new URLSearchParams(form) : body;
  const response = await fetch(path, { method, headers: sent, body: content, keepalive, signal, credentials: "same-origin" });
  if (response.status === 401) document.dispatchEvent(new CustomEvent("praxispost:away"));
  return response;
}

/** Put a part of a page that the portal rendered in the place of an element's content; with data-keyed, only what changed. */
export function put(element, html) {
  const kept = document.activeElement?.id;
  const parsed = new DOMParser().parseFromString(html, "text/html");
  // Where something went wrong, a whole page was answered: what it says stands in its main part.
  const content = parsed.querySelector("main") ?? parsed.body;
  if (element.dataset.keyed === undefined) element.replaceChildren(...content.childNodes);
  else merge(element, content.children);
  if (kept && document.activeElement === document.body) document.getElementById(kept)?.focus({ preventScroll: true });
  element.dispatchEvent(new CustomEvent("praxispost:put", { bubbles: true }));
}

// A form that is on its way is not sent a second time, as by a double click: its second code would make the first one useless.

/** Guard all forms that load a page. */
export function sendOnce() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const stays = form.dataset.into || form.target || "download" in form.dataset;
    if (event.defaultPrevented || stays || form.method !== "post") return;
    if (form.dataset.sent) event.preventDefault();
    else form.dataset.sent = "1";
  });
  // A page that is shown again by going back starts afresh.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("[data-sent]")) delete form.dataset.sent;
  });
}

// Shows a document over the page, in a frame that may do nothing; without this script it opens in a window of its own.
let count = 0;

function viewer(form) {
  const dialog = document.createElement("dialog");
  dialog.className = "viewer";
  const heading = document.createElement("h2");
  heading.id = `viewer-${++count}`;
  heading.textContent = form.dataset.preview;
  dialog.setAttribute("aria-labelledby", heading.id);
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = form.dataset.close;
  close.addEventListener("click", () => dialog.close());
  const head = document.createElement("div");
  head.className = "viewer-head";
  head.append(heading, close);
  const frame = document.createElement("iframe");
  frame.name = `viewer-frame-${count}`;
  frame.title = form.dataset.preview;
  frame.setAttribute("sandbox", "");
  const waiting = document.createElement("p");
  waiting.className = "viewer-wait";
  waiting.setAttribute("role", "status");
  dialog.append(head, waiting, frame);
  dialog.addEventListener("close", () => dialog.remove());
  return { dialog, frame, waiting };
}

/** Take over the buttons that show a document. */
export function showDocuments() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.preview || event.defaultPrevented) return;
    const { dialog, frame, waiting } = viewer(form);
    document.body.append(dialog);
    dialog.showModal();
    waiting.textContent = form.dataset.loading;
    // The frame's first load, of nothing, is over by now.
    frame.addEventListener("load", () => waiting.remove());
    form.target = frame.name;
  });
}

// The list of messages: remembers which one was pressed, so that its page opens it, and says aloud what is unread.

const OPENING = "opening";

/** Whether the message of this page was pressed in the list just now; asked once. Nothing but a person's own press opens a message. */
export function wasPressed() {
  const pressed = sessionStorage.getItem(OPENING) === location.pathname;
  sessionStorage.removeItem(OPENING);
  return pressed;
}

/** Open the message of this path as soon as its page comes. */
export function press(path) {
  sessionStorage.setItem(OPENING, path);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-opens]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  press(link.pathname);
});

document.addEventListener("praxispost:put", (event) => {
  const said = document.querySelector(`[data-said-of="${event.target.id}"]`);
  const says = event.target.querySelector("[data-says]");
  if (said && says && said.textContent !== says.textContent) said.textContent = says.textContent;
});

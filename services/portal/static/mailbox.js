// The list of messages: remembers which one was pressed, so that its page opens it, and says aloud what is unread.

const OPENING = "opening";
const LIST = "list";

/** Whether the message of this page was pressed in the list just now; asked once. Nothing but a person's own press opens a message. */
export function wasPressed() {
  const pressed = sessionStorage.getItem(OPENING) === location.pathname;
  sessionStorage.removeItem(OPENING);
  return pressed;
}

/** Which page of the list, and for whom, the message was pressed in. */
export const listOf = () => sessionStorage.getItem(LIST) ?? "";

/** The message of this address is opened as soon as its page comes. */
export function press(path) {
  sessionStorage.setItem(OPENING, path);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-opens]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  sessionStorage.setItem(LIST, location.search);
  press(link.pathname);
});

document.addEventListener("praxispost:put", (event) => {
  const said = document.querySelector(`[data-said-of="${event.target.id}"]`);
  const says = event.target.querySelector("[data-says]");
  if (said && says && said.textContent !== says.textContent) said.textContent = says.textContent;
});

// Brings an element's children to a new state and leaves alone what is as it was, so that focus, selections and what is open stay.
// Children are known by their id. Inside of one that changed, elements with data-kept keep the content that they have.
const TOKEN = 'input[name="form_token"]';

/** What a node is apart from what differs each time it is rendered. */
function plain(node) {
  const copy = node.cloneNode(true);
  for (const token of copy.querySelectorAll(TOKEN)) token.removeAttribute("value");
  for (const kept of copy.querySelectorAll("[data-kept]")) kept.replaceChildren();
  return copy;
}

function exchange(here, fresh) {
  if (plain(here).isEqualNode(plain(fresh))) return here;
  if (here.dataset.keyed !== undefined && fresh.dataset.keyed !== undefined) {
    merge(here, fresh.children);
    return here;
  }
  for (const kept of fresh.querySelectorAll("[data-kept]")) {
    const known = here.querySelector(`#${CSS.escape(kept.id)}[data-kept]`);
    if (known) kept.replaceWith(known);
  }
  here.replaceWith(fresh);
  return fresh;
}

/** With data-keyed="grow" nothing goes away: what is new comes at the end. */
export function merge(element, fresh) {
  const grows = element.dataset.keyed === "grow";
  const wanted = [...fresh];
  const known = new Map([...element.children].map((child) => [child.id, child]));
  if (!grows) {
    const ids = new Set(wanted.map((node) => node.id));
    for (const child of [...element.children]) if (!ids.has(child.id)) child.remove();
  }
  let next = grows ? null : element.firstElementChild;
  for (const node of wanted) {
    const here = known.get(node.id);
    if (here && here === next) {
      next = exchange(here, node).nextElementSibling;
    } else if (here && grows) {
      exchange(here, node);
    } else {
      element.insertBefore(here ? exchange(here, node) : node, next);
    }
  }
}

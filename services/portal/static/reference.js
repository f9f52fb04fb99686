// The link of a prompt ends with a reference behind "#", which browsers send nowhere. It is good for one thing only, "Nicht für
// mich": it goes along to that page, the same way, and is sent when its button is pressed.
const reference = location.hash.slice(1);

if (reference) {
  for (const link of document.querySelectorAll("[data-with-reference]")) link.hash = reference;
  for (const field of document.querySelectorAll("[data-reference]")) field.value = reference;
  for (const other of document.querySelectorAll("[data-without-reference]")) {
    other.hidden = true;
    for (const field of other.querySelectorAll("input")) field.required = false;
  }
}

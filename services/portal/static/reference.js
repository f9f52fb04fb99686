// The link of a prompt ends with a reference behind "#", which browsers send nowhere. It is good for one thing only, "Nicht für
// mich", so it goes along to that page, the same way.

for (const link of document.querySelectorAll("[data-with-reference]")) {
  if (location.hash.length > 1) link.hash = location.hash;
}

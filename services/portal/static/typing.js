// A form with data-as-typed sends itself while one types, one request at a time; the last thing typed is always the last one sent.
// Going back to the page finds it as it was left: what was typed stays with the tab's history, never in an address.
const WAIT = 180;

function keep(field) {
  history.replaceState({ ...history.state, [field.id]: field.value }, "");
}

function comeBack(form, field) {
  const typed = history.state?.[field.id];
  if (!typed || (field.value && field.value !== typed)) return;
  field.value = typed;
  form.requestSubmit();
}

for (const form of document.querySelectorAll("form[data-as-typed]")) {
  const field = form.querySelector("input:not([type=hidden])");
  let timer = 0;
  const send = () => {
    clearTimeout(timer);
    if (form.getAttribute("aria-busy") === "true") { timer = setTimeout(send, WAIT); return; }
    form.requestSubmit();
  };
  form.addEventListener("input", () => { keep(field); clearTimeout(timer); timer = setTimeout(send, WAIT); });
  comeBack(form, field);
}

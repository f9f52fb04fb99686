// A form with data-as-typed sends itself while one types, one request at a time; the last thing typed is always the last one sent.
const WAIT = 180;

for (const form of document.querySelectorAll("form[data-as-typed]")) {
  let timer = 0;
  const send = () => {
    clearTimeout(timer);
    if (form.getAttribute("aria-busy") === "true") { timer = setTimeout(send, WAIT); return; }
    form.requestSubmit();
  };
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(send, WAIT); });
}

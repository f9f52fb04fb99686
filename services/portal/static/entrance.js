// The ways in: shows a password on request, and counts down until a code may be sent again.

function reveal(button) {
  const field = document.getElementById(button.dataset.reveals);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
  });
  // Nothing that was shown is sent as a field whose content browsers remember.
  field.form.addEventListener("submit", () => { field.type = "password"; });
}

function count(button) {
  const left = button.parentElement.querySelector("[data-left]");
  const shown = left.querySelector("[data-count]");
  const until = Date.now() + 1000 * Number(button.dataset.wait);
  const show = () => {
    const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    button.disabled = seconds > 0;
    left.hidden = seconds === 0;
    shown.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (seconds === 0) clearInterval(ticking);
  };
  const ticking = setInterval(show, 1000);
  show();
}

for (const button of document.querySelectorAll("[data-reveals]")) reveal(button);
for (const button of document.querySelectorAll("[data-wait]")) if (button.dataset.wait !== "0") count(button);

// Takes away what holds only until a moment, as that a colleague is writing, when that has passed.
const EVERY = 2000;

/** Look every other second. */
export function endWhatIsOver() {
  setInterval(() => {
    const now = Date.now();
    for (const element of document.querySelectorAll("[data-until]")) {
      if (Date.parse(element.dataset.until) <= now) element.remove();
    }
  }, EVERY);
}

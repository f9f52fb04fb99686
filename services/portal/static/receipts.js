// Shows what stands behind a receipt while a mouse rests on it; keyboard and touch open it as the button that it is.
const WAIT = 250;
let timer = 0;
let hovered = null;

function facts(receipt) {
  return receipt.querySelector("[popover]");
}

function leave() {
  clearTimeout(timer);
  if (hovered?.matches(":popover-open")) hovered.hidePopover();
  hovered = null;
}

/** Let receipts be looked at by hovering. What is opened so stays while the mouse is on it and goes with Escape. */
export function showReceipts() {
  if (!("popover" in HTMLElement.prototype)) return;
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    const receipt = event.target.closest("[data-receipt]");
    if (receipt && facts(receipt) === hovered) return;
    leave();
    if (!receipt || facts(receipt).matches(":popover-open")) return;
    hovered = facts(receipt);
    const source = receipt.querySelector("button");
    timer = setTimeout(() => { if (hovered?.isConnected && !hovered.matches(":popover-open")) hovered.showPopover({ source }); }, WAIT);
  });
  // A click on a receipt that is shown by hovering keeps it open.
  document.addEventListener("click", (event) => {
    const receipt = event.target.closest?.("[data-receipt]");
    if (!receipt || !hovered || facts(receipt) !== hovered || !event.target.closest("button")) return;
    clearTimeout(timer);
    if (hovered.matches(":popover-open")) event.preventDefault();
    hovered = null;
  });
}

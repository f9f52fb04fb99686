// Prints the page, once what is to be printed is there.
const button = document.querySelector("[data-print]");
const ready = () => { button.hidden = !document.querySelector(".sheets"); };

button.addEventListener("click", () => print());
document.addEventListener("praxispost:put", ready);
ready();

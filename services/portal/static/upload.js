// The attachments of a form: chosen or dropped, sent one by one, shown with their progress, and sent again where the line broke.
// The element fires "praxispost:attachments" (bubbles; detail: ids, busy) whenever the set changes.
import { ask } from "./server.js";

const AT_ONCE = 2;
const PAUSES = [1000, 3000, 8000, 15000];

const token = () => document.querySelector('meta[name="form-token"]').content;
const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });

/** Sizes as the pages write them. */
function sizeOf(bytes) {
  let [size, unit] = [bytes / 1000, 0];
  while (size >= 999.5 && unit < 3) { size /= 1000; unit += 1; }
  const digits = { maximumFractionDigits: size < 10 ? 1 : 0 };
  return `${Math.max(size, 0.1).toLocaleString(document.documentElement.lang, digits)} ${["kB", "MB", "GB", "TB"][unit]}`;
}

class Upload {
  constructor(field, file) {
    this.field = field;
    this.file = file;
    this.id = crypto.randomUUID();
    this.original = field.original();
    this.state = "waiting";
    this.row = field.row(this);
    this.bar = this.row.querySelector("progress");
    this.note = this.row.querySelector(".upload-state");
    this.note.id = `upload-${this.id}`;
    this.again = this.row.querySelector("[data-retry]");
    this.again.addEventListener("click", () => this.restart());
    this.row.querySelector("[data-remove]").addEventListener("click", () => this.remove());
    this.show("waiting", field.texts.waiting);
  }

  show(state, text) {
    this.state = state;
    this.row.dataset.state = state;
    this.note.textContent = text;
    this.bar.hidden = !["waiting", "running"].includes(state);
    this.again.hidden = state !== "broken";
    this.row.querySelector("[data-verb]").textContent = this.field.texts[["waiting", "running"].includes(state) ? "cancel" : "remove"];
  }

  /** Send it, and again after a while where the line broke or the portal asks for it. */
  async run() {
    this.show("running", this.field.texts.running);
    for (const pause of [...PAUSES, null]) {
      const answer = await this.send();
      if (this.state === "removed") return;
      if (answer.id) { this.finish(answer); return; }
      if (answer.status === 401 || pause === null || !answer.again) { this.fail(answer); return; }
      this.show("running", answer.problem);
      await Promise.race([wait(pause), new Promise((on) => { window.addEventListener("online", on, { once: true }); })]);
      if (this.state === "removed") return;
      if (!(await this.reachable())) { this.fail({ problem: this.field.texts.away, again: true }); return; }
      this.show("running", this.field.texts.running);
    }
  }

  /** Whether it makes sense to send it again: false where the session has ended. */
  async reachable() {
    try { return (await ask(this.field.path, { background: true })).status !== 401; } catch { return true; }
  }

  send() {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      this.request = request;
      request.open("POST", this.field.path);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.setRequestHeader("X-Form-Token", token());
      request.setRequestHeader("X-Script", "1");
      request.setRequestHeader("X-Upload-Id", this.id);
      request.setRequestHeader("X-File-Name", encodeURIComponent(this.file.name.normalize("NFC").toWellFormed?.() ?? this.file.name));
      request.setRequestHeader("X-File-Type", this.file.type);
      if (this.original) request.setRequestHeader("X-Keep-Original", "yes");
      request.upload.addEventListener("progress", (event) => this.progress(event.loaded / event.total));
      const lost = { problem: this.field.texts.lost, again: true };
      for (const kind of ["error", "timeout", "abort"]) request.addEventListener(kind, () => resolve(lost));
      request.addEventListener("load", () => resolve({ ...lost, ...parsed(request), status: request.status }));
      request.send(this.file);
    });
  }

  progress(part) {
    this.bar.value = part;
    this.note.textContent = part < 1 ? `${this.field.texts.running}, ${Math.floor(part * 100)} %` : this.field.texts.checking;
  }

  finish(answer) {
    hold(this.row, answer.id, this.file.name, this.file.size);
    this.row.querySelector(".upload-size").textContent = answer.size;
    this.show("done", this.field.texts.done);
    this.field.say(`${this.file.name}: ${this.field.texts.done}`);
    this.field.changed();
  }

  fail(answer) {
    if (answer.status === 401) {
      document.dispatchEvent(new CustomEvent("praxispost:away"));
      answer = { problem: this.field.texts.away, again: true };
    }
    this.show(answer.again ? "broken" : "refused", answer.problem);
    this.field.say(`${this.file.name}: ${answer.problem}`);
    this.field.changed();
  }

  restart() {
    this.show("waiting", this.field.texts.waiting);
    this.row.querySelector("[data-remove]").focus();
    this.field.next();
  }

  remove() {
    this.state = "removed";
    this.request?.abort();
    this.field.forget(this);
  }
}

/** What the form sends of an attachment. */
function hold(row, id, fileName, size) {
  for (const [name, value] of Object.entries({ attachment: id, [`attachment_name:${id}`]: fileName, [`attachment_size:${id}`]: size })) {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    row.append(input);
  }
}

function parsed(request) {
  try { return JSON.parse(request.responseText); } catch { return { again: request.status >= 500 || request.status === 429 }; }
}

class Field {
  constructor(element) {
    this.element = element;
    this.path = element.dataset.upload;
    this.most = Number(element.dataset.most);
    this.largest = Number(element.dataset.largest);
    this.texts = element.querySelector("[data-upload-texts]").dataset;
    this.list = element.querySelector("[data-upload-list]");
    this.problem = element.querySelector("[data-upload-problem]");
    this.said = element.querySelector("[data-upload-said]");
    this.input = element.querySelector("input[type=file]");
    this.uploads = [];
    element.querySelector("[data-upload-add]").hidden = false;
    this.input.addEventListener("change", () => { this.add([...this.input.files]); this.input.value = ""; });
    for (const box of this.list.querySelectorAll("input[type=checkbox]")) this.takeOver(box);
    this.listen(element.closest("form") ?? element);
    document.addEventListener("praxispost:back", () => this.again());
    element.addEventListener("praxispost:attach", (event) => { for (const each of event.detail) this.attach(each); });
  }

  /** What the page was sent with gets a button instead of the box that works without this script. */
  takeOver(box) {
    const kept = box.closest("li");
    const name = box.nextElementSibling.textContent;
    const row = this.row({ file: { name, size: 0 } });
    row.querySelector(".upload-size").textContent = kept.querySelector(".small").textContent;
    row.querySelector("progress").hidden = true;
    row.querySelector("[data-verb]").textContent = this.texts.remove;
    row.dataset.state = "done";
    row.querySelector(".upload-buttons").prepend(...kept.querySelectorAll("button[form]"));
    for (const input of kept.querySelectorAll("input")) {
      input.type = "hidden";
      row.append(input);
    }
    row.querySelector("[data-remove]").addEventListener("click", () => { this.drop(row, name); });
    kept.replaceWith(row);
  }

  /** What was attached on a page that is gone, and that this page has found again. */
  attach({ id, name, size }) {
    const row = this.row({ file: { name, size } });
    row.querySelector("progress").hidden = true;
    row.querySelector("[data-verb]").textContent = this.texts.remove;
    row.dataset.state = "done";
    hold(row, id, name, size);
    row.querySelector("[data-remove]").addEventListener("click", () => { this.drop(row, name); });
  }

  listen(form) {
    form.addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      form.classList.add("dropping");
    });
    form.addEventListener("dragleave", (event) => { if (!form.contains(event.relatedTarget)) form.classList.remove("dropping"); });
    form.addEventListener("drop", (event) => {
      form.classList.remove("dropping");
      if (!event.dataTransfer?.files.length) return;
      event.preventDefault();
      this.add([...event.dataTransfer.files]);
    });
    // Before the form's other listeners: what is not there yet must not look as if it were sent.
    form.addEventListener("submit", (event) => { if (!this.complete()) { event.preventDefault(); event.stopImmediatePropagation(); } }, true);
  }

  row(upload) {
    const row = this.element.querySelector("[data-upload-row]").content.firstElementChild.cloneNode(true);
    for (const name of row.querySelectorAll("[data-name]")) name.textContent = upload.file.name;
    row.querySelector(".upload-name").textContent = upload.file.name;
    row.querySelector(".upload-size").textContent = sizeOf(upload.file.size);
    row.querySelector("progress").setAttribute("aria-label", upload.file.name);
    this.list.append(row);
    return row;
  }

  original() { return this.element.querySelector("[data-upload-original]")?.checked ?? false; }

  add(files) {
    this.complain("");
    const room = this.most - this.list.children.length;
    if (files.length > room) this.complain(this.texts.many);
    for (const file of files.slice(0, Math.max(room, 0))) {
      const upload = new Upload(this, file);
      this.uploads.push(upload);
      if (file.size === 0) upload.fail({ problem: this.texts.empty });
      else if (file.size > this.largest) upload.fail({ problem: this.texts.large });
    }
    this.next();
  }

  next() {
    const running = this.uploads.filter((each) => each.state === "running").length;
    const waiting = this.uploads.filter((each) => each.state === "waiting");
    for (const upload of waiting.slice(0, AT_ONCE - running)) upload.run().finally(() => this.next());
    this.element.toggleAttribute("data-busy", this.busy());
  }

  busy() { return this.uploads.some((each) => ["waiting", "running"].includes(each.state)); }

  again() { for (const upload of this.uploads) if (upload.state === "broken") upload.restart(); }

  forget(upload) {
    this.uploads = this.uploads.filter((each) => each !== upload);
    this.drop(upload.row, upload.file.name);
    this.next();
  }

  drop(row, name) {
    const beside = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (beside?.querySelector("[data-remove]") ?? this.input).focus();
    this.complain("");
    this.say(`${name}: ${this.texts.removed}`);
    this.changed();
  }

  /** Whether all that the list shows is attached; says what is not. */
  complete() {
    const missing = this.uploads.some((each) => ["broken", "refused"].includes(each.state));
    const text = this.busy() ? this.texts.busy : missing ? this.texts.missing : "";
    this.complain(text);
    if (text) this.problem.scrollIntoView({ block: "nearest" });
    return !text;
  }

  complain(text) {
    this.problem.hidden = !text;
    this.problem.textContent = text;
    if (text) this.say(text);
  }

  say(text) { this.said.textContent = text; }

  changed() {
    const ids = [...this.list.querySelectorAll("input[name=attachment]")].map((input) => input.value);
    this.element.dispatchEvent(new CustomEvent("praxispost:attachments", { bubbles: true, detail: { ids, busy: this.busy() } }));
  }
}

const fields = new WeakSet();

/** Make the fields for attachments work that are on the page now, and those that come. */
export function takeAttachments() {
  for (const element of document.querySelectorAll("[data-upload]")) {
    if (fields.has(element)) continue;
    fields.add(element);
    new Field(element);
  }
}

document.addEventListener("praxispost:put", takeAttachments);
window.addEventListener("beforeunload", (event) => { if (document.querySelector("[data-upload][data-busy]")) event.preventDefault(); });
// A file that misses the form must not take the page's place.
for (const kind of ["dragover", "drop"]) {
  document.addEventListener(kind, (event) => { if (document.querySelector("[data-upload]") && event.dataTransfer?.types.includes("Files")) event.preventDefault(); });
}

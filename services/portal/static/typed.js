// Keeps an answer that is being typed until it is sent: in this tab only, and sealed with a key that pages give only to the person who
// is logged in. So it outlives a reload, a lost connection and the end of the session, and nobody else who uses the device can read it.
const CIPHER = "AES-GCM";
const NONCE = 12;
let writing = Promise.resolve();

const decode = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
const encode = (bytes) => btoa(Array.from(bytes, (each) => String.fromCharCode(each)).join(""));

function sealing(form, nonce) {
  const raw = decode(form.dataset.key);
  const how = { name: CIPHER, iv: nonce, additionalData: new TextEncoder().encode(form.dataset.keep) };
  return crypto.subtle.importKey("raw", raw, CIPHER, false, ["encrypt", "decrypt"]).then((key) => [how, key]);
}

async function write(form, text) {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE));
  const [how, key] = await sealing(form, nonce);
  const sealed = new Uint8Array(await crypto.subtle.encrypt(how, key, new TextEncoder().encode(text)));
  sessionStorage.setItem(form.dataset.keep, encode([...nonce, ...sealed]));
}

async function read(form) {
  const kept = sessionStorage.getItem(form.dataset.keep);
  if (!kept) return null;
  try {
    const [how, key] = await sealing(form, decode(kept).slice(0, NONCE));
    const opened = await crypto.subtle.decrypt(how, key, decode(kept).slice(NONCE));
    return JSON.parse(new TextDecoder().decode(opened));
  } catch {
    // Somebody else's, or of another day: nobody can read it any more.
    sessionStorage.removeItem(form.dataset.keep);
    return null;
  }
}

/** Keep what the form holds now: the text and what is attached; the request id stays with them, so that nothing is sent twice. */
export function keep(form) {
  const fields = new FormData(form);
  const attachments = fields.getAll("attachment").map((id) => ({
    id, name: fields.get(`attachment_name:${id}`), size: Number(fields.get(`attachment_size:${id}`)),
  }));
  const body = fields.get("body");
  if (!body.trim() && !attachments.length) { forget(form); return; }
  const text = JSON.stringify({ body, attachments, requestId: fields.get("request_id") });
  if (crypto.subtle) writing = writing.then(() => write(form, text)).catch(() => {});
}

/** Fill the form with what was kept; tells whether there was something. */
export async function restore(form) {
  if (!crypto.subtle) return false;
  await writing;
  const kept = await read(form);
  if (!kept || form.elements.body.value || form.elements.attachment) return false;
  form.elements.body.value = kept.body;
  form.elements.request_id.value = kept.requestId;
  form.querySelector("[data-upload]")?.dispatchEvent(new CustomEvent("praxispost:attach", { detail: kept.attachments }));
  return true;
}

/** It was sent, or is not wanted any more. */
export function forget(form) {
  writing = writing.then(() => sessionStorage.removeItem(form.dataset.keep));
}

/** When all that was typed is kept. */
export const allKept = () => writing;

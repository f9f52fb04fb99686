// Runs on every page: what the pages do beyond plain links and forms. Without it everything but live changes still works.
import { followEvents, readMissing } from "./live.js";
import { sendFragments } from "./fragments.js";
import { sendOnce } from "./once.js";
import { showReceipts } from "./receipts.js";
import { showDocuments } from "./preview.js";
import { takeAttachments } from "./upload.js";
import { endWhatIsOver } from "./until.js";

followEvents();
readMissing();
takeAttachments();
sendFragments();
sendOnce();
showReceipts();
showDocuments();
endWhatIsOver();
document.querySelector("[data-focus]")?.focus();

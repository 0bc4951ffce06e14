// Answers that never reached the server, as a file for the invigilator: sealed with the attempt's key, which only
// this page and the server have. The server takes it when two people agree; until then nothing changes.

import { attempt, body } from "./exam-page.js";

export const FORMAT = "exam-engine answers 1";

export async function saveFile(queue, remaining) {
  const answers = [...queue.late, ...queue.entries.values()].map(({ item, epoch, revision, response }) => [item, epoch, revision, response]);
  const sealed = await queue.box.seal({ attempt, answers, remaining }, `${attempt}/file`);
  const file = new Blob([JSON.stringify({ format: FORMAT, attempt, sealed })], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `answers-${body.dataset.ticket}.exam`;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

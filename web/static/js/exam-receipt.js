// After hand-in nothing of the attempt stays on this machine.

import { Queue } from "./exam-queue.js";

Queue.open(document.body.dataset.attempt).then((queue) => queue.clear());

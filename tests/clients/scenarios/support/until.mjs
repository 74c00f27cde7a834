// Polling with a deadline, for what the protocol announces through no stream and no join.
import { setTimeout as pause } from "node:timers/promises";

const POLL_MS = 50;

/** Probes until the answer is truthy, and returns it. */
export async function until(what, probe, deadlineMs = 15_000) {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const answer = await probe();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`not within ${deadlineMs / 1000} s: ${what}`);
    await pause(POLL_MS);
  }
}

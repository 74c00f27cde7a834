// Reading SSE streams of the SDK to the end, and the facts to compare.
import assert from "node:assert/strict";

export async function collect(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

export function names(events) {
  return events.map((event) => event.event);
}

export function dataOf(events, name) {
  return events.filter((event) => event.event === name).map((event) => event.data);
}

/** Ids count 0, 1, 2, … without a gap or a repeat, and the run introduces itself first. */
export function assertWhole(events, runId) {
  assert.deepEqual(events.map((event) => event.id), events.map((_, n) => String(n)));
  assert.deepEqual(events[0], { id: "0", event: "metadata", data: { run_id: runId, attempt: 1 } });
}

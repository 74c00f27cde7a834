// Points in the life of a run that the checks wait for.
import { until } from "./until.mjs";
import { client, ECHO } from "./server.mjs";
import { say } from "./conversation.mjs";

export function hasStatus(threadId, runId, status, deadlineMs) {
  return until(
    `run ${runId} is ${status}`,
    async () => {
      const run = await client.runs.get(threadId, runId);
      return run.status === status && run;
    },
    deadlineMs,
  );
}

/** A run that executes until somebody stops it. */
export async function startSleeper(threadId, text = "sleep 60 old") {
  const run = await client.runs.create(threadId, ECHO, { input: say(text) });
  await hasStatus(threadId, run.run_id, "running");
  return run;
}

export async function newThread() {
  return (await client.threads.create()).thread_id;
}

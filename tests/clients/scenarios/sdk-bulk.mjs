// Many runs in one request, and what becomes of their threads, through the LangGraph SDK (wire contract 4.3, 5.7).
import assert from "node:assert/strict";
import { scenario } from "./support/scenario.mjs";
import { client, ECHO, marker, refused, send } from "./support/server.mjs";
import { say, transcript } from "./support/conversation.mjs";
import { hasStatus, newThread, startSleeper } from "./support/runs.mjs";

const { threads, runs } = client;

await scenario("sdk-bulk", {
  "a batch answers its runs in order, with the keys that the SDK adds ignored": async () => {
    const marks = [marker(), marker(), marker()];
    const batch = await runs.createBatch(
      marks.map((metadata, n) => ({ assistantId: ECHO, input: say(`number ${n}`), metadata, multitaskStrategy: "reject" })),
    );
    assert.deepEqual(batch.map(({ metadata }) => metadata.scenario), marks.map(({ scenario: mark }) => mark));
    for (const [n, { thread_id, run_id }] of batch.entries()) {
      assert.deepEqual(transcript(await runs.join(thread_id, run_id)), [`human: number ${n}`, `ai: echo: number ${n}`]);
    }
  },

  "a batch with one mistake stores nothing": async () => {
    const mark = marker();
    await refused(404, runs.createBatch([{ assistantId: ECHO, metadata: mark }, { assistantId: "nobody", metadata: mark }]), "1: ");
    const { body } = await send("POST", "/runs/search", { metadata: mark });
    assert.deepEqual(body, []);
  },

  "several runs of a thread are cancelled at once": async () => {
    const threadId = await newThread();
    const running = await startSleeper(threadId);
    const waiting = await runs.create(threadId, ECHO, { input: say("later") });
    await runs.cancelMany({ threadId, runIds: [running.run_id, waiting.run_id] });
    await hasStatus(threadId, running.run_id, "interrupted");
    await hasStatus(threadId, waiting.run_id, "interrupted");
    assert.equal((await threads.get(threadId)).status, "idle");
  },

  "several runs are rolled back at once": async () => {
    const threadId = await newThread();
    const delayed = await runs.create(threadId, ECHO, { input: say("later"), afterSeconds: 600 });
    await runs.cancelMany({ threadId, runIds: [delayed.run_id], action: "rollback" });
    await refused(404, runs.get(threadId, delayed.run_id));
  },

  "what matches no run is refused": async () => {
    const threadId = await newThread();
    await refused(404, runs.cancelMany({ threadId, runIds: [threadId] }));
    await refused(422, runs.cancelMany({}));
  },

  "a stateless run may keep its thread": async () => {
    const run = await runs.create(null, ECHO, { input: say("hi"), onCompletion: "keep" });
    await runs.join(run.thread_id, run.run_id);
    assert.deepEqual(transcript((await threads.getState(run.thread_id)).values), ["human: hi", "ai: echo: hi"]);
  },

  "a run may take its thread with it": async () => {
    const threadId = await newThread();
    const values = await runs.wait(threadId, ECHO, { input: say("hi"), onCompletion: "delete" });
    assert.deepEqual(transcript(values), ["human: hi", "ai: echo: hi"]);
    await refused(404, threads.get(threadId));
  },
});

// The life of runs through the LangGraph SDK: background, waiting, double texting, delays, failures, cancelling
// (wire contract 4 and 5).
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { scenario } from "./support/scenario.mjs";
import { client, connect, ECHO, ECHO_ASSISTANT_ID, marker, refused } from "./support/server.mjs";
import { say, transcript } from "./support/conversation.mjs";
import { hasStatus, newThread, startSleeper } from "./support/runs.mjs";
import { collect, names } from "./support/streams.mjs";
import { until } from "./support/until.mjs";

const { threads, runs } = client;

async function conversation(threadId) {
  return transcript((await threads.getState(threadId)).values);
}

async function statusOf(threadId) {
  return (await threads.get(threadId)).status;
}

await scenario("sdk-runs", {
  "a background run is accepted as pending and joined": async () => {
    const threadId = await newThread();
    const mark = marker();
    let announced;
    const run = await runs.create(threadId, ECHO, {
      input: say("hello"),
      metadata: mark,
      onRunCreated: (created) => (announced = created),
    });
    assert.equal(run.status, "pending");
    assert.equal(run.thread_id, threadId);
    assert.equal(run.assistant_id, ECHO_ASSISTANT_ID);
    assert.equal(run.metadata.scenario, mark.scenario);
    assert.deepEqual(announced, { run_id: run.run_id, thread_id: threadId });

    assert.deepEqual(transcript(await runs.join(threadId, run.run_id)), ["human: hello", "ai: echo: hello"]);
    const ended = await runs.get(threadId, run.run_id);
    assert.equal(ended.status, "success");
    assert.equal(ended.error ?? null, null);

    const thread = await threads.get(threadId);
    assert.equal(thread.status, "idle");
    assert.equal(thread.metadata.graph_id, ECHO);
    assert.equal(thread.metadata.assistant_id, ECHO_ASSISTANT_ID);
  },

  "the answer is there the moment a run is a success": async () => {
    const threadId = await newThread();
    const { run_id } = await runs.create(threadId, ECHO, { input: say("hello") });
    await until("success", async () => (await runs.get(threadId, run_id)).status === "success");
    const [thread, state] = await Promise.all([threads.get(threadId), threads.getState(threadId)]);
    assert.deepEqual(transcript(thread.values), ["human: hello", "ai: echo: hello"]);
    assert.deepEqual(transcript(state.values), ["human: hello", "ai: echo: hello"]);
  },

  "runs are listed newest first, paged, filtered and cut to fields": async () => {
    const threadId = await newThread();
    const ids = [];
    for (const text of ["one", "fail two", "three"]) {
      const run = await runs.create(threadId, ECHO, { input: say(text) });
      await runs.join(threadId, run.run_id);
      ids.unshift(run.run_id);
    }
    const listed = (options) => runs.list(threadId, options).then((found) => found.map((run) => run.run_id));
    assert.deepEqual(await listed(), ids);
    assert.deepEqual(await listed({ limit: 1, offset: 1 }), [ids[1]]);
    assert.deepEqual(await listed({ status: "error" }), [ids[1]]);
    assert.deepEqual(await runs.list(threadId, { limit: 1, select: ["run_id", "status"] }), [
      { run_id: ids[0], status: "success" },
    ]);
  },

  "waiting for a run gives the values of its end": async () => {
    const threadId = await newThread();
    const values = await runs.wait(threadId, ECHO, { input: say("hello") });
    assert.deepEqual(transcript(values), ["human: hello", "ai: echo: hello"]);
    assert.deepEqual(values, (await threads.getState(threadId)).values);
  },

  "a stateless run is waited for or streamed and leaves no thread": async () => {
    const values = await runs.wait(null, ECHO, { input: say("hello") });
    assert.deepEqual(transcript(values), ["human: hello", "ai: echo: hello"]);

    let announced;
    const events = await collect(
      runs.stream(null, ECHO, { input: say("hello"), onRunCreated: (created) => (announced = created) }),
    );
    assert.deepEqual(names(events), ["metadata", "values", "values"]);
    assert.equal(announced.run_id, events[0].data.run_id);
    assert.deepEqual(transcript(events.at(-1).data), ["human: hello", "ai: echo: hello"]);

    const run = await runs.create(null, ECHO, { input: say("hello") });
    await until("the thread is gone", () => threads.get(run.thread_id).then(() => false, (error) => error.status === 404));
  },

  "reject leaves a busy thread alone": async () => {
    const threadId = await newThread();
    const { run_id } = await startSleeper(threadId);
    await refused(409, () => runs.create(threadId, ECHO, { input: say("new"), multitaskStrategy: "reject" }));
    assert.equal((await runs.get(threadId, run_id)).status, "running");
    assert.equal((await runs.list(threadId)).length, 1);
    await runs.cancel(threadId, run_id, true);
  },

  "enqueue, also by default, answers in order": async () => {
    const threadId = await newThread();
    const first = await runs.create(threadId, ECHO, { input: say("sleep 0.5 one") });
    const second = await runs.create(threadId, ECHO, { input: say("two"), multitaskStrategy: "enqueue" });
    const third = await runs.create(threadId, ECHO, { input: say("three") });
    assert.equal((await runs.get(threadId, second.run_id)).status, "pending");
    assert.equal(await statusOf(threadId), "busy");

    await runs.join(threadId, third.run_id);
    assert.deepEqual(await conversation(threadId), [
      ...["human: sleep 0.5 one", "ai: echo: sleep 0.5 one"],
      ...["human: two", "ai: echo: two"],
      ...["human: three", "ai: echo: three"],
    ]);
    for (const { run_id } of [first, second, third]) {
      assert.equal((await runs.get(threadId, run_id)).status, "success");
    }
  },

  "interrupt stops the old run and keeps what its user said": async () => {
    const threadId = await newThread();
    const old = await startSleeper(threadId);
    const steered = await runs.create(threadId, ECHO, { input: say("new"), multitaskStrategy: "interrupt" });
    await runs.join(threadId, steered.run_id);
    assert.deepEqual(await conversation(threadId), ["human: sleep 60 old", "human: new", "ai: echo: new"]);
    assert.equal((await runs.get(threadId, old.run_id)).status, "interrupted");
    assert.equal((await runs.get(threadId, steered.run_id)).status, "success");
    assert.equal(await statusOf(threadId), "idle");
  },

  "interrupt keeps the input of runs that had not started, too": async () => {
    const threadId = await newThread();
    await startSleeper(threadId);
    const queued = await runs.create(threadId, ECHO, { input: say("queued"), multitaskStrategy: "enqueue" });
    const steered = await runs.create(threadId, ECHO, { input: say("new"), multitaskStrategy: "interrupt" });
    await runs.join(threadId, steered.run_id);
    const kept = ["human: sleep 60 old", "human: queued", "human: new", "ai: echo: new"];
    assert.deepEqual(await conversation(threadId), kept);
    assert.equal((await runs.get(threadId, queued.run_id)).status, "interrupted");
  },

  "rollback erases the old run": async () => {
    const threadId = await newThread();
    await runs.wait(threadId, ECHO, { input: say("base") });
    const old = await startSleeper(threadId);
    const anew = await runs.create(threadId, ECHO, { input: say("new"), multitaskStrategy: "rollback" });
    await runs.join(threadId, anew.run_id);
    assert.deepEqual(await conversation(threadId), ["human: base", "ai: echo: base", "human: new", "ai: echo: new"]);
    await refused(404, () => runs.get(threadId, old.run_id));
    await refused(404, () => runs.join(threadId, old.run_id));
    const left = await threads.getHistory(threadId, { metadata: { run_id: old.run_id } });
    assert.deepEqual(left, []);
  },

  "a delayed run counts as in flight": async () => {
    const threadId = randomUUID();
    await refused(404, () => runs.create(threadId, ECHO, { input: say("later"), ifNotExists: "reject" }));
    const run = await runs.create(threadId, ECHO, { input: say("later"), afterSeconds: 60, ifNotExists: "create" });
    assert.equal((await runs.get(threadId, run.run_id)).status, "pending");
    assert.equal((await threads.get(threadId)).metadata.graph_id, ECHO);
    assert.equal(await statusOf(threadId), "busy");
    await refused(409, () => threads.updateState(threadId, { values: say("edit") }));
    await refused(409, () => runs.create(threadId, ECHO, { input: say("new"), multitaskStrategy: "reject" }));

    await runs.cancel(threadId, run.run_id, true);
    assert.equal((await runs.get(threadId, run.run_id)).status, "interrupted");
    assert.equal(await statusOf(threadId), "idle");
  },

  "a delayed run starts when it is due": async () => {
    const threadId = await newThread();
    const started = performance.now();
    const run = await runs.create(threadId, ECHO, { input: say("later"), afterSeconds: 1 });
    const values = await runs.join(threadId, run.run_id);
    assert.ok(performance.now() - started > 900, "it started early");
    assert.deepEqual(transcript(values), ["human: later", "ai: echo: later"]);
  },

  "a failing run says why, wherever one asks": async () => {
    const threadId = await newThread();
    await assert.rejects(() => runs.wait(threadId, ECHO, { input: say("fail boom") }), /: boom$/);
    const told = await runs.wait(threadId, ECHO, { input: say("fail boom"), raiseError: false });
    assert.equal(told.__error__.message, "boom");
    assert.equal(typeof told.__error__.error, "string");

    const [run] = await runs.list(threadId);
    assert.equal(run.status, "error");
    assert.equal(run.error, "boom");
    assert.equal((await runs.join(threadId, run.run_id)).__error__.message, "boom");
    assert.equal(await statusOf(threadId), "error");

    await runs.wait(threadId, ECHO, { input: say("again") });
    assert.equal(await statusOf(threadId), "idle");
  },

  "a run may fail without a reason": async () => {
    await assert.rejects(() => runs.wait(null, ECHO, { input: say("fail") }), /: failed$/);
  },

  "cancel with wait returns when the run has stopped": async () => {
    const threadId = await newThread();
    const { run_id } = await startSleeper(threadId);
    assert.equal(await runs.cancel(threadId, run_id, true), undefined);
    assert.equal((await runs.get(threadId, run_id)).status, "interrupted");
    assert.equal(await statusOf(threadId), "idle");
    assert.deepEqual(await conversation(threadId), ["human: sleep 60 old"]);
  },

  "cancel without wait returns at once, and the run stops soon": async () => {
    const threadId = await newThread();
    const { run_id } = await startSleeper(threadId);
    assert.equal(await runs.cancel(threadId, run_id), undefined);
    await hasStatus(threadId, run_id, "interrupted");
    assert.deepEqual(transcript(await runs.join(threadId, run_id)), ["human: sleep 60 old"]);
  },

  "cancelling a waiting run lets the running one finish": async () => {
    const threadId = await newThread();
    const first = await runs.create(threadId, ECHO, { input: say("sleep 1 one") });
    const second = await runs.create(threadId, ECHO, { input: say("two"), multitaskStrategy: "enqueue" });
    await runs.cancel(threadId, second.run_id, true);
    assert.equal((await runs.get(threadId, second.run_id)).status, "interrupted");
    await runs.join(threadId, first.run_id);
    assert.equal((await runs.get(threadId, first.run_id)).status, "success");
  },

  "cancelling a finished run changes nothing": async () => {
    const threadId = await newThread();
    const { run_id } = await runs.create(threadId, ECHO, { input: say("hello") });
    await runs.join(threadId, run_id);
    for (const wait of [false, true]) assert.equal(await runs.cancel(threadId, run_id, wait), undefined);
    await runs.cancel(threadId, run_id, true, "rollback");
    assert.equal((await runs.get(threadId, run_id)).status, "success");
    assert.deepEqual(await conversation(threadId), ["human: hello", "ai: echo: hello"]);
  },

  "cancel with rollback erases the run": async () => {
    const threadId = await newThread();
    await runs.wait(threadId, ECHO, { input: say("base") });
    const { run_id } = await startSleeper(threadId);
    await runs.cancel(threadId, run_id, true, "rollback");
    await refused(404, () => runs.get(threadId, run_id));
    assert.deepEqual(await conversation(threadId), ["human: base", "ai: echo: base"]);
    assert.equal(await statusOf(threadId), "idle");
  },

  "four pending waits do not block a cancel of the same client": async () => {
    const busy = connect(); // four requests at a time; a place is free again when the headers of an answer arrive
    const threadIds = await Promise.all(Array.from({ length: 4 }, newThread));
    const waits = threadIds.map((threadId) => busy.runs.wait(threadId, ECHO, { input: say("sleep 60") }));
    for (const threadId of threadIds) {
      const [run] = await until("the run is there", async () => {
        const found = await runs.list(threadId);
        return found.length > 0 && found;
      });
      await hasStatus(threadId, run.run_id, "running");
      await busy.runs.cancel(threadId, run.run_id, true);
    }
    for (const values of await Promise.all(waits)) assert.deepEqual(transcript(values), ["human: sleep 60"]);
  },

  "a run is deleted once it has ended": async () => {
    const threadId = await newThread();
    const { run_id } = await startSleeper(threadId);
    await refused(409, () => runs.delete(threadId, run_id));
    await runs.cancel(threadId, run_id, true);
    assert.equal(await runs.delete(threadId, run_id), undefined);
    await refused(404, () => runs.get(threadId, run_id));
    await refused(404, () => runs.delete(threadId, run_id));
    await refused(404, () => runs.cancel(threadId, run_id));
  },

  "a run is known on its own thread only": async () => {
    const [threadId, other] = [await newThread(), await newThread()];
    const { run_id } = await runs.create(threadId, ECHO, { input: say("hello") });
    await refused(404, () => runs.get(other, run_id));
    await refused(404, () => runs.join(other, run_id));
    await refused(404, () => runs.cancel(other, run_id));
  },

  "an unknown assistant is refused before anything starts": async () => {
    const threadId = await newThread();
    for (const assistant of ["nobody", randomUUID()]) {
      const payload = { input: say("hello") };
      await refused(404, () => runs.create(threadId, assistant, payload), "No assistant found for");
      await refused(404, () => runs.wait(threadId, assistant, payload), "No assistant found for");
      await refused(404, () => collect(runs.stream(threadId, assistant, payload)), "No assistant found for");
      await refused(404, () => runs.create(null, assistant, payload), "No assistant found for");
    }
    assert.deepEqual(await runs.list(threadId), []);
    assert.equal(await statusOf(threadId), "idle");
  },

  "an echo speaks of nothing when it is told nothing": async () => {
    for (const input of [{}, { messages: [] }, { text: "hello" }]) {
      const { messages } = await runs.wait(null, ECHO, { input });
      assert.deepEqual(messages.map((message) => message.content), ["echo: "]);
    }
    const blocks = [{ type: "text", text: "one" }, { type: "text", text: "two" }];
    const { messages } = await runs.wait(null, ECHO, { input: { messages: [{ role: "user", content: blocks }] } });
    assert.deepEqual(messages[0].content, blocks);
    assert.equal(messages.at(-1).content, "echo: one\ntwo");
  },
});

// Copies, branches, replays and prunes of threads through the LangGraph SDK (wire contract 3, 5.11 and 7.2).
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { scenario } from "./support/scenario.mjs";
import { client, ECHO, ECHO_ASSISTANT_ID, marker, refused, send } from "./support/server.mjs";
import { say, transcript } from "./support/conversation.mjs";
import { newThread, startSleeper } from "./support/runs.mjs";

const { threads, runs } = client;

const ids = (states) => states.map((state) => state.checkpoint.checkpoint_id);

/** A thread on which echo has answered to each of these. */
async function conversation(...texts) {
  const threadId = await newThread();
  for (const text of texts) await runs.wait(threadId, ECHO, { input: say(text) });
  return threadId;
}

/** The same state but for the thread it belongs to. */
function moved(value, from, to) {
  return JSON.parse(JSON.stringify(value).replaceAll(from, to));
}

await scenario("threads", {
  "threads are created, read, changed, found and deleted": async () => {
    const mark = marker();
    const first = await threads.create({ metadata: { ...mark, order: 1 } });
    const second = await threads.create({ metadata: { ...mark, order: 2 } });
    assert.equal((await threads.get(first.thread_id)).metadata.order, 1);
    const changed = await threads.update(first.thread_id, { metadata: { changed: true } });
    assert.deepEqual(changed.metadata, { ...mark, order: 1, changed: true });
    const newestFirst = await threads.search({ metadata: mark });
    assert.deepEqual(newestFirst.map((thread) => thread.thread_id), [second.thread_id, first.thread_id]);
    assert.equal(await threads.count({ metadata: mark }), 2);
    await threads.delete(first.thread_id);
    assert.equal(await threads.count({ metadata: mark }), 1);
  },

  "a copy is the same conversation under another id": async () => {
    const source = await conversation("one", "two");
    const copy = await threads.copy(source);
    assert.notEqual(copy.thread_id, source);
    assert.equal(copy.status, "idle");
    assert.equal(copy.metadata.thread_id, copy.thread_id);

    const [before, after] = [await threads.getState(source), await threads.getState(copy.thread_id)];
    assert.deepEqual(after, moved(before, source, copy.thread_id));
    const [old, now] = [await threads.getHistory(source), await threads.getHistory(copy.thread_id)];
    assert.deepEqual(now, moved(old, source, copy.thread_id));
    assert.deepEqual(await runs.list(copy.thread_id), []);
  },

  "what happens on a copy stays on the copy": async () => {
    const source = await conversation("one");
    const { thread_id: copyId } = await threads.copy(source);
    const before = await threads.getState(source);
    const [human] = before.values.messages;

    // A message with a known id is replaced where it stands.
    await threads.updateState(copyId, { values: { messages: [{ ...human, content: "changed" }] } });
    await runs.wait(copyId, ECHO, { input: say("more") });
    assert.deepEqual(await threads.getState(source), before);
    const { values } = await threads.getState(copyId);
    assert.deepEqual(transcript(values), ["human: changed", "ai: echo: one", "human: more", "ai: echo: more"]);
  },

  "a busy thread is copied as it stands": async () => {
    const source = await conversation("one");
    const run = await startSleeper(source);
    const copy = await threads.copy(source);
    assert.equal(copy.status, "idle");
    await threads.updateState(copy.thread_id, { values: { note: "free" } });
    await refused(409, () => threads.updateState(source, { values: { note: "busy" } }));
    await runs.cancel(source, run.run_id, true);
  },

  "a thread that is not there cannot be copied": async () => {
    await refused(404, () => threads.copy(randomUUID()));
  },

  "the past can be read, and gone on from": async () => {
    const threadId = await conversation("one");
    const past = await threads.getState(threadId);
    await runs.wait(threadId, ECHO, { input: say("two") });
    const head = await threads.getState(threadId);

    const { checkpoint } = await threads.updateState(threadId, { values: say("instead"), checkpoint: past.checkpoint });
    const branch = await threads.getState(threadId);
    assert.deepEqual(branch.checkpoint, checkpoint);
    assert.deepEqual(branch.parent_checkpoint, past.checkpoint);
    assert.equal(branch.metadata.source, "update");
    assert.equal(branch.metadata.graph_id, ECHO);
    assert.equal(branch.metadata.assistant_id, ECHO_ASSISTANT_ID);
    assert.deepEqual(transcript(branch.values), ["human: one", "ai: echo: one", "human: instead"]);

    assert.deepEqual(await threads.getState(threadId, head.checkpoint), head);
    assert.deepEqual(await threads.getState(threadId, past.checkpoint.checkpoint_id), past);
    assert.equal(ids(await threads.getHistory(threadId))[1], head.checkpoint.checkpoint_id);

    await threads.updateState(threadId, { values: { note: 1 }, checkpointId: head.checkpoint.checkpoint_id });
    const back = await threads.getState(threadId);
    assert.deepEqual(back.values, { ...head.values, note: 1 });
    await refused(404, () => threads.updateState(threadId, { values: {}, checkpoint: { ...head.checkpoint, checkpoint_id: randomUUID() } }));
  },

  "a null update makes a checkpoint and changes nothing": async () => {
    const threadId = await conversation("one");
    const before = await threads.getState(threadId);
    await threads.updateState(threadId, { values: null, asNode: ECHO });
    const after = await threads.getState(threadId);
    assert.deepEqual(after.values, before.values);
    assert.deepEqual(after.parent_checkpoint, before.checkpoint);
  },

  "patchState merges metadata of the thread": async () => {
    const threadId = await newThread();
    await threads.patchState(threadId, { patched: true });
    assert.equal((await threads.get(threadId)).metadata.patched, true);
  },

  "a past is replayed from supersteps": async () => {
    const source = await conversation("one", "two");
    const history = (await threads.getHistory(source, { limit: 100 })).reverse();
    const loops = history.filter((state) => state.metadata.source === "loop");
    const thread = await threads.create({
      graphId: ECHO,
      supersteps: loops.map((state) => ({ updates: [{ values: state.values, asNode: ECHO }] })),
    });
    const replayed = (await threads.getHistory(thread.thread_id, { limit: 100 })).reverse();
    assert.deepEqual(replayed.map((state) => state.values), loops.map((state) => state.values));
    assert.deepEqual((await threads.getState(thread.thread_id)).next, []);
    const { messages } = await runs.wait(thread.thread_id, ECHO, { input: say("three") });
    assert.equal(messages.length, 6);
    await refused(400, () => threads.create({ supersteps: [{ updates: [{ values: {}, asNode: ECHO }] }] }));
  },

  "search extracts what is asked for": async () => {
    const mark = marker();
    const thread = await threads.create({ metadata: mark });
    await runs.wait(thread.thread_id, ECHO, { input: say("hello") });
    const body = { metadata: mark, select: ["thread_id"], extract: { last: "values.messages[-1].content", mark: "metadata.scenario" } };
    const { body: found } = await send("POST", "/threads/search", body);
    assert.deepEqual(found, [{ thread_id: thread.thread_id, extracted: { last: "echo: hello", mark: mark.scenario } }]);
    assert.equal((await send("POST", "/threads/search", { extract: { bad: "values.messages[" } })).status, 422);
  },

  "a prune keeps the latest state, or nothing": async () => {
    const threadId = await conversation("one", "two");
    const state = await threads.getState(threadId);
    const kept = await send("POST", "/threads/prune", { thread_ids: [threadId, randomUUID()], strategy: "keep_latest" });
    assert.deepEqual(kept.body, { pruned_count: 1 });
    assert.deepEqual(await threads.getHistory(threadId), [{ ...state, parent_checkpoint: null, parent_checkpoint_id: null }]);
    assert.equal((await runs.wait(threadId, ECHO, { input: say("three") })).messages.length, 6);

    assert.deepEqual((await send("POST", "/threads/prune", { thread_ids: [threadId] })).body, { pruned_count: 1 });
    await refused(404, () => threads.get(threadId));
  },
});

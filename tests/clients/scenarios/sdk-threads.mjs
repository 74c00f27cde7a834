// Threads, their state and their history through the LangGraph SDK (wire contract 3 and 7).
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { scenario } from "./support/scenario.mjs";
import { client, ECHO, ECHO_ASSISTANT_ID, marker, refused, send } from "./support/server.mjs";
import { say, transcript } from "./support/conversation.mjs";
import { newThread } from "./support/runs.mjs";

const { threads, runs } = client;

/** A thread on which echo has answered once. */
async function answeredThread(text = "hello", payload = {}) {
  const threadId = await newThread();
  await runs.wait(threadId, ECHO, { input: say(text), ...payload });
  return threadId;
}

/** Three threads that share a mark, oldest first. */
async function markedThreads(mark) {
  const ids = [];
  for (const kind of ["a", "b", "c"]) {
    const thread = await threads.create({ metadata: { ...mark, kind, nested: { kind, list: [1, 2] } } });
    ids.push(thread.thread_id);
  }
  return ids;
}

function idsOf(found) {
  return found.map((thread) => thread.thread_id);
}

await scenario("sdk-threads", {
  "a new thread is idle and empty": async () => {
    const thread = await threads.create();
    assert.match(thread.thread_id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.equal(thread.status, "idle");
    assert.deepEqual(thread.metadata, {});
    assert.deepEqual(thread.values, {});
    assert.deepEqual(thread.interrupts, {});
    assert.ok(Math.abs(Date.parse(thread.created_at) - Date.now()) < 3_600_000);
    assert.deepEqual(await threads.get(thread.thread_id), thread);
  },

  "a thread takes the id and the metadata it is given": async () => {
    const threadId = randomUUID();
    const metadata = { ...marker(), camelCase: { snake_case: null, number: 1.5 }, list: [{}, []] };
    const thread = await threads.create({ threadId, metadata, graphId: ECHO });
    assert.equal(thread.thread_id, threadId);
    assert.deepEqual(thread.metadata, { ...metadata, graph_id: ECHO });
  },

  "an id is given away once, and do_nothing returns the first thread": async () => {
    const threadId = randomUUID();
    await threads.create({ threadId, metadata: { first: true } });
    await refused(409, () => threads.create({ threadId }));
    await refused(409, () => threads.create({ threadId, ifExists: "raise" }));
    const again = await threads.create({ threadId, ifExists: "do_nothing", metadata: { second: true } });
    assert.deepEqual(again.metadata, { first: true });
  },

  "an update merges metadata at the top level": async () => {
    const created = await threads.create({ metadata: { kept: 1, replaced: { x: 1 } } });
    const updated = await threads.update(created.thread_id, { metadata: { replaced: { y: 2 }, added: true } });
    assert.deepEqual(updated.metadata, { kept: 1, replaced: { y: 2 }, added: true });
    assert.ok(Date.parse(updated.updated_at) >= Date.parse(created.updated_at));
    assert.deepEqual((await threads.get(created.thread_id)).metadata, updated.metadata);
  },

  "a minimal update answers nothing": async () => {
    const threadId = await newThread();
    assert.equal(await threads.update(threadId, { metadata: { quiet: true }, returnMinimal: true }), undefined);
    assert.equal((await threads.get(threadId)).metadata.quiet, true);
  },

  "a patch of the state merges metadata into the thread": async () => {
    const { thread_id: threadId } = await threads.create({ metadata: { kept: 1 } });
    await threads.patchState(threadId, { added: true });
    assert.deepEqual((await threads.get(threadId)).metadata, { kept: 1, added: true });
  },

  "search filters by contained metadata, newest first": async () => {
    const mark = marker();
    const [a, b, c] = await markedThreads(mark);
    assert.deepEqual(idsOf(await threads.search({ metadata: mark })), [c, b, a]);
    assert.deepEqual(idsOf(await threads.search({ metadata: { ...mark, nested: { kind: "b" } } })), [b]);
    assert.deepEqual(await threads.search({ metadata: { ...mark, kind: "d" } }), []);
    assert.deepEqual(idsOf(await threads.search({ metadata: mark, ids: [a, c] })), [c, a]);
  },

  "search pages and sorts": async () => {
    const mark = marker();
    const [a, b, c] = await markedThreads(mark);
    const page = (query) => threads.search({ metadata: mark, ...query }).then(idsOf);
    assert.deepEqual(await page({ limit: 2 }), [c, b]);
    assert.deepEqual(await page({ limit: 2, offset: 2 }), [a]);
    assert.deepEqual(await page({ sortBy: "created_at", sortOrder: "asc" }), [a, b, c]);
    assert.deepEqual(await page({ sortBy: "thread_id", sortOrder: "asc" }), [a, b, c].sort());
    await threads.update(b, { metadata: { touched: true } });
    assert.deepEqual((await page({ sortBy: "updated_at", sortOrder: "desc" }))[0], b);
  },

  "search tells the total and where the next page starts": async () => {
    const mark = marker();
    await markedThreads(mark);
    const first = await send("POST", "/threads/search", { metadata: mark, limit: 2 });
    assert.equal(first.headers.get("x-pagination-total"), "3");
    assert.equal(first.headers.get("x-pagination-next"), "2");
    const last = await send("POST", "/threads/search", { metadata: mark, limit: 2, offset: 2 });
    assert.equal(last.headers.get("x-pagination-total"), "3");
    assert.equal(last.headers.get("x-pagination-next"), null);
  },

  "search selects fields": async () => {
    const mark = marker();
    const [a] = await markedThreads(mark);
    const [found] = await threads.search({ metadata: { ...mark, kind: "a" }, select: ["thread_id", "status"] });
    assert.deepEqual(found, { thread_id: a, status: "idle" });
    await refused(422, () => threads.search({ metadata: mark, select: ["nonsense"] }));
  },

  "search and count filter by status": async () => {
    const mark = marker();
    const [, b] = await markedThreads(mark);
    await runs.wait(b, ECHO, { input: say("fail boom"), raiseError: false });
    assert.deepEqual(idsOf(await threads.search({ metadata: mark, status: "error" })), [b]);
    assert.equal(await threads.count({ metadata: mark, status: "error" }), 1);
    assert.equal(await threads.count({ metadata: mark, status: "idle" }), 2);
    assert.equal(await threads.count({ metadata: mark }), 3);
  },

  "a page size out of range is refused": async () => {
    await refused(422, () => threads.search({ limit: 0 }));
    await refused(422, () => threads.search({ limit: 1001 }));
    await refused(422, () => threads.search({ offset: -1 }));
  },

  "a deleted thread is unknown": async () => {
    const threadId = await answeredThread();
    await threads.delete(threadId);
    await refused(404, () => threads.get(threadId));
    await refused(404, () => threads.delete(threadId));
    await refused(404, () => runs.list(threadId));
  },

  "unknown threads are 404 on every route, ids that are none are 422": async () => {
    const threadId = randomUUID();
    const calls = [
      (id) => threads.get(id),
      (id) => threads.update(id, { metadata: { a: 1 } }),
      (id) => threads.delete(id),
      (id) => threads.getState(id),
      (id) => threads.getHistory(id),
      (id) => threads.updateState(id, { values: say("hello") }),
      (id) => runs.list(id),
      (id) => runs.get(id, randomUUID()),
      (id) => runs.create(id, ECHO, { input: say("hello") }),
    ];
    for (const call of calls) await refused(404, () => call(threadId));
    await refused(422, () => threads.get("no-uuid"));
  },

  "an error carries code, message and the message again as detail": async () => {
    const { status, headers, body } = await send("GET", `/threads/${randomUUID()}`);
    assert.equal(status, 404);
    assert.equal(body.code, "not_found");
    assert.equal(typeof body.message, "string");
    assert.equal(body.detail, body.message);
    assert.ok(headers.get("x-request-id"));
  },

  "a thread without runs has an empty state and no history": async () => {
    const threadId = await newThread();
    const state = await threads.getState(threadId);
    assert.deepEqual(state.values, {});
    assert.deepEqual(state.next, []);
    assert.deepEqual(state.tasks, []);
    assert.equal(state.checkpoint, null);
    assert.equal(state.parent_checkpoint, null);
    assert.equal(state.created_at, null);
    assert.deepEqual(state.metadata, {});
    assert.deepEqual(await threads.getHistory(threadId), []);
  },

  "the state after a run shows the conversation and that nothing is left to do": async () => {
    const threadId = await answeredThread();
    const state = await threads.getState(threadId);
    assert.deepEqual(transcript(state.values), ["human: hello", "ai: echo: hello"]);
    const [human, ai] = state.values.messages;
    assert.ok(human.id && ai.id && human.id !== ai.id);
    assert.deepEqual([human.role, ai.role], ["user", "assistant"]);
    assert.deepEqual([ai.tool_calls, ai.invalid_tool_calls], [[], []]);
    for (const message of [human, ai]) {
      assert.deepEqual([message.additional_kwargs, message.response_metadata], [{}, {}]);
    }
    assert.deepEqual(state.next, []);
    assert.deepEqual(state.tasks, []);
    assert.equal(state.checkpoint.thread_id, threadId);
    assert.equal(state.checkpoint.checkpoint_ns, "");
    assert.ok(state.checkpoint.checkpoint_id);
    assert.ok(state.parent_checkpoint.checkpoint_id);
    assert.equal(typeof state.metadata.step, "number");
    assert.deepEqual((await threads.get(threadId)).values, state.values);
  },

  "messages of an update are appended": async () => {
    const threadId = await answeredThread();
    const { checkpoint } = await threads.updateState(threadId, { values: say("by the way") });
    const state = await threads.getState(threadId);
    assert.deepEqual(transcript(state.values), ["human: hello", "ai: echo: hello", "human: by the way"]);
    assert.equal(state.checkpoint.checkpoint_id, checkpoint.checkpoint_id);
    assert.equal(checkpoint.thread_id, threadId);
    assert.equal(state.metadata.source, "update");
    assert.equal((await threads.get(threadId)).status, "idle");
  },

  "a message with a known id is replaced in its place": async () => {
    const threadId = await answeredThread();
    const [human] = (await threads.getState(threadId)).values.messages;
    await threads.updateState(threadId, { values: { messages: [{ type: "human", id: human.id, content: "edited" }] } });
    const { messages } = (await threads.getState(threadId)).values;
    assert.deepEqual(transcript({ messages }), ["human: edited", "ai: echo: hello"]);
    assert.equal(messages[0].id, human.id);
  },

  "a message is removed by its id, all of them by the special one": async () => {
    const threadId = await answeredThread();
    const [human] = (await threads.getState(threadId)).values.messages;
    await threads.updateState(threadId, { values: { messages: [{ type: "remove", id: human.id, content: "" }] } });
    assert.deepEqual(transcript((await threads.getState(threadId)).values), ["ai: echo: hello"]);

    const unknown = { messages: [{ type: "remove", id: randomUUID(), content: "" }] };
    await refused(422, () => threads.updateState(threadId, { values: unknown }));

    const anew = { messages: [{ type: "remove", id: "__remove_all__", content: "" }, { role: "user", content: "anew" }] };
    await threads.updateState(threadId, { values: anew });
    assert.deepEqual(transcript((await threads.getState(threadId)).values), ["human: anew"]);
  },

  "a run goes on from an edited state": async () => {
    const threadId = await answeredThread();
    await threads.updateState(threadId, { values: { messages: [{ role: "assistant", content: "noted" }] } });
    await runs.wait(threadId, ECHO, { input: say("more") });
    const { values } = await threads.getState(threadId);
    const expected = ["human: hello", "ai: echo: hello", "ai: noted", "human: more", "ai: echo: more"];
    assert.deepEqual(transcript(values), expected);
  },

  "a thread no agent has touched cannot be edited": async () => {
    const threadId = await newThread();
    await refused(400, () => threads.updateState(threadId, { values: say("hello") }));
  },

  "an earlier state can be read by its checkpoint": async () => {
    const threadId = await answeredThread("one");
    const { checkpoint } = await threads.getState(threadId);
    await runs.wait(threadId, ECHO, { input: say("two") });

    const one = ["human: one", "ai: echo: one"];
    const byId = await threads.getState(threadId, checkpoint.checkpoint_id);
    const byReference = await threads.getState(threadId, checkpoint);
    assert.deepEqual(transcript(byId.values), one);
    assert.deepEqual(byReference.values, byId.values);
    await refused(404, () => threads.getState(threadId, randomUUID()));
  },

  "the history of a run goes from its answer back to its input": async () => {
    const run = marker();
    const threadId = await answeredThread("hello", { metadata: run });
    const history = await threads.getHistory(threadId);
    const shown = (name) => history.map((state) => state.metadata[name]);

    assert.deepEqual(shown("source"), ["loop", "loop", "input"]);
    assert.deepEqual(shown("step"), [1, 0, -1]);
    assert.deepEqual(history.map((state) => transcript(state.values).length), [2, 1, 0]);
    assert.deepEqual(history.map((state) => state.next), [[], [ECHO], ["__start__"]]);
    const parents = history.map((state) => state.parent_checkpoint?.checkpoint_id ?? null);
    assert.deepEqual(parents, [...history.slice(1).map((state) => state.checkpoint.checkpoint_id), null]);

    const [{ run_id }] = await runs.list(threadId);
    for (const { metadata } of history) {
      const { run_id: by, thread_id, graph_id, assistant_id, scenario: mark } = metadata;
      const expected = [run_id, threadId, ECHO, ECHO_ASSISTANT_ID, run.scenario];
      assert.deepEqual([by, thread_id, graph_id, assistant_id, mark], expected);
    }
  },

  "history is limited, paged and filtered": async () => {
    const threadId = await answeredThread("one");
    await runs.wait(threadId, ECHO, { input: say("two") });
    const history = await threads.getHistory(threadId, { limit: 100 });
    const ids = (states) => states.map((state) => state.checkpoint.checkpoint_id);
    const all = ids(history);
    assert.equal(all.length, 6);
    assert.deepEqual(history.map((state) => state.metadata.step), [4, 3, 2, 1, 0, -1]); // steps go on from run to run

    assert.deepEqual(ids(await threads.getHistory(threadId, { limit: 2 })), all.slice(0, 2));
    const checkpoint = history[1].checkpoint;
    const pages = [checkpoint.checkpoint_id, checkpoint, { configurable: { checkpoint_id: checkpoint.checkpoint_id } }];
    for (const before of pages) {
      assert.deepEqual(ids(await threads.getHistory(threadId, { before, limit: 3 })), all.slice(2, 5));
    }

    const inputs = await threads.getHistory(threadId, { metadata: { source: "input" } });
    assert.deepEqual(ids(inputs), [all[2], all[5]]);
    const beginning = await threads.getHistory(threadId, { metadata: { step: -1 } });
    assert.deepEqual(ids(beginning), [all[5]]);
    assert.deepEqual(await threads.getHistory(threadId, { metadata: { source: "fork" } }), []);
  },
});

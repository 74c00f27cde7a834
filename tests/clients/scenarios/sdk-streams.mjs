// What a run says while it runs: modes, order, ids, replay, broken lines (wire contract 6.1 to 6.4, 5.6).
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Client } from "@langchain/langgraph-sdk";
import { scenario } from "./support/scenario.mjs";
import { client, ECHO, refused, url } from "./support/server.mjs";
import { say, transcript } from "./support/conversation.mjs";
import { startDroppingProxy } from "./support/dropping-proxy.mjs";
import { hasStatus, newThread } from "./support/runs.mjs";
import { assertWhole, collect, dataOf, names } from "./support/streams.mjs";

const { threads, runs } = client;
const ALL_MODES = ["values", "updates", "messages-tuple", "custom"];

/** Streams one run on a new thread to its end. */
async function streamed(text, payload = {}, through = client) {
  const threadId = await newThread();
  let created;
  const stream = through.runs.stream(threadId, ECHO, { input: say(text), ...payload, onRunCreated: (run) => (created = run) });
  const events = await collect(stream);
  return { threadId, runId: created?.run_id, created, events };
}

/** The custom events of `steps N`. */
function steps(count) {
  return Array.from({ length: count }, (_, i) => ({ step: i + 1, of: count }));
}

/** Starts a stream and goes away as soon as the first event of this name is there. */
async function abandon(threadId, eventName, payload) {
  const leaving = new AbortController();
  let created;
  const options = { ...payload, signal: leaving.signal, onRunCreated: (run) => (created = run) };
  try {
    for await (const event of runs.stream(threadId, ECHO, options)) {
      if (event.event === eventName) leaving.abort();
    }
  } catch (error) {
    if (!leaving.signal.aborted) throw error;
  }
  assert.ok(leaving.signal.aborted, `the stream ended before any ${eventName}`);
  return created.run_id;
}

/** Streams `steps 30` over a line that breaks in the middle of an event, and checks that nothing is missing or doubled. */
async function survivesABrokenLine(payload) {
  const proxy = await startDroppingProxy(url, "event: custom", 5);
  try {
    const through = new Client({ apiUrl: proxy.url });
    const { threadId, runId, events } = await streamed("steps 30 far", { streamMode: ALL_MODES, ...payload }, through);
    assert.equal(proxy.drops, 1);
    assertWhole(events, runId);
    assert.deepEqual(dataOf(events, "custom"), steps(30));
    assert.deepEqual(transcript(events.at(-1).data), ["human: steps 30 far", "ai: echo: steps 30 far"]);
    assert.equal((await runs.get(threadId, runId)).status, "success");
  } finally {
    proxy.close();
  }
}

await scenario("sdk-streams", {
  "a stream announces its run before the first event": async () => {
    const { threadId, created, events } = await streamed("hello");
    assert.deepEqual(created, { run_id: events[0].data.run_id, thread_id: threadId });
  },

  "values: the state after the input and after the answer, by default, too": async () => {
    for (const payload of [{ streamMode: "values" }, { streamMode: ["values"] }, {}]) {
      const { threadId, runId, events } = await streamed("hello", payload);
      assert.deepEqual(names(events), ["metadata", "values", "values"]);
      assertWhole(events, runId);
      assert.deepEqual(transcript(events[1].data), ["human: hello"]);
      assert.deepEqual(events[2].data, (await threads.getState(threadId)).values);
      assert.deepEqual(transcript(events[2].data), ["human: hello", "ai: echo: hello"]);
    }
  },

  "updates: what the node changed": async () => {
    const { runId, events } = await streamed("hello", { streamMode: "updates" });
    assert.deepEqual(names(events), ["metadata", "updates"]);
    assertWhole(events, runId);
    assert.deepEqual(Object.keys(events[1].data), [ECHO]);
    assert.deepEqual(transcript(events[1].data[ECHO]), ["ai: echo: hello"]);
  },

  "messages-tuple: the answer in pieces that share the id of the message": async () => {
    const { threadId, runId, events } = await streamed("hello there", { streamMode: "messages-tuple" });
    assert.deepEqual(names(events), ["metadata", "messages", "messages", "messages"]);
    assertWhole(events, runId);
    const pieces = dataOf(events, "messages");
    assert.deepEqual(pieces.map(([chunk]) => chunk.content), ["echo: ", "hello ", "there"]);
    const answer = (await threads.getState(threadId)).values.messages.at(-1);
    for (const [chunk, metadata] of pieces) {
      assert.equal(chunk.id, answer.id);
      assert.ok(["ai", "AIMessageChunk"].includes(chunk.type), chunk.type);
      assert.ok(Array.isArray(metadata.tags));
      assert.equal(metadata.langgraph_node, ECHO);
      assert.equal(typeof metadata.langgraph_step, "number");
      assert.deepEqual([metadata.run_id, metadata.thread_id], [runId, threadId]);
    }
  },

  "messages: the answer so far, then the whole": async () => {
    const { threadId, runId, events } = await streamed("hello there", { streamMode: "messages" });
    assertWhole(events, runId);
    const answer = (await threads.getState(threadId)).values.messages.at(-1);
    const [about] = dataOf(events, "messages/metadata").filter((data) => answer.id in data);
    assert.equal(about[answer.id].metadata.langgraph_node, ECHO);
    const partial = dataOf(events, "messages/partial");
    assert.deepEqual(partial.map(([message]) => message.content), ["echo: ", "echo: hello ", "echo: hello there"]);
    assert.ok(partial.every(([message]) => message.id === answer.id));
    assert.equal(events.at(-1).event, "messages/complete");
    assert.deepEqual(transcript({ messages: events.at(-1).data }), ["ai: echo: hello there"]);
    assert.ok(names(events).indexOf("messages/metadata") < names(events).indexOf("messages/partial"));
  },

  "custom: what the agent reports in its own words": async () => {
    const { runId, events } = await streamed("steps 3 now", { streamMode: "custom" });
    assert.deepEqual(names(events), ["metadata", "custom", "custom", "custom"]);
    assertWhole(events, runId);
    assert.deepEqual(dataOf(events, "custom"), steps(3));
  },

  "several modes share one order": async () => {
    const { runId, events } = await streamed("hello there", { streamMode: ALL_MODES });
    const pieces = ["messages", "messages", "messages"];
    assert.deepEqual(names(events), ["metadata", "values", ...pieces, "updates", "values"]);
    assertWhole(events, runId);
  },

  "several modes keep that order over several steps": async () => {
    const { runId, events } = await streamed("steps 3 now", { streamMode: ALL_MODES });
    assertWhole(events, runId);
    const order = names(events);
    assert.deepEqual([...new Set(order)].sort(), ["custom", "messages", "metadata", "updates", "values"]);
    assert.deepEqual(order.slice(0, 2), ["metadata", "values"]);
    assert.deepEqual(order.slice(-2), ["updates", "values"]);
    assert.ok(order.lastIndexOf("custom") < order.indexOf("messages"));
    assert.deepEqual(dataOf(events, "custom"), steps(3));
    const pieces = dataOf(events, "messages").map(([chunk]) => chunk.content);
    assert.deepEqual(pieces, ["echo: ", "steps ", "3 ", "now"]);
  },

  "a failure is the last event": async () => {
    const { threadId, runId, events } = await streamed("fail boom", { streamMode: ["values", "updates"] });
    assert.deepEqual(names(events), ["metadata", "values", "error"]);
    assertWhole(events, runId);
    const { error, message } = events.at(-1).data;
    assert.equal(typeof error, "string");
    assert.equal(message, "boom");
    assert.equal((await runs.get(threadId, runId)).status, "error");
  },

  "a cancelled run ends its stream without an error": async () => {
    const threadId = await newThread();
    let created;
    const payload = { input: say("sleep 60"), onRunCreated: (run) => (created = run) };
    const events = [];
    for await (const event of runs.stream(threadId, ECHO, payload)) {
      events.push(event);
      if (event.event === "values") await runs.cancel(threadId, created.run_id, true);
    }
    assert.deepEqual(names(events), ["metadata", "values"]);
  },

  "a stateless stream counts its events, too": async () => {
    let created;
    const payload = { input: say("hello"), streamMode: ALL_MODES, onRunCreated: (run) => (created = run) };
    const events = await collect(runs.stream(null, ECHO, payload));
    assertWhole(events, created.run_id);
    assert.deepEqual(transcript(events.at(-1).data), ["human: hello", "ai: echo: hello"]);
    assert.deepEqual(await collect(runs.joinStream(null, created.run_id, { lastEventId: "-1" })), events);
  },

  "joining after an event gives exactly the rest": async () => {
    for (const streamResumable of [true, false]) {
      const { threadId, runId, events } = await streamed("steps 3 now", { streamMode: ALL_MODES, streamResumable });
      for (const seen of [0, 2, events.length - 2, events.length - 1]) {
        const rest = await collect(runs.joinStream(threadId, runId, { lastEventId: String(seen) }));
        assert.deepEqual(rest, events.slice(seen + 1));
      }
      assert.deepEqual(await collect(runs.joinStream(threadId, runId, { lastEventId: "-1" })), events);
    }
  },

  "joining a run while it runs gives the rest, past and future": async () => {
    const threadId = await newThread();
    const payload = { input: say("steps 10 now"), streamMode: ALL_MODES, streamResumable: true };
    const events = [];
    let rest;
    let created;
    for await (const event of runs.stream(threadId, ECHO, { ...payload, onRunCreated: (run) => (created = run) })) {
      events.push(event);
      if (event.event === "custom") rest ??= collect(runs.joinStream(threadId, created.run_id, { lastEventId: "1" }));
    }
    assert.deepEqual(await rest, events.slice(2));
  },

  "two readers of one run both get every event": async () => {
    const threadId = await newThread();
    const payload = { input: say("steps 10 now"), streamMode: ALL_MODES, streamResumable: true };
    const { run_id } = await runs.create(threadId, ECHO, payload);
    const read = () => collect(runs.joinStream(threadId, run_id, { lastEventId: "-1" }));
    const [one, other] = await Promise.all([read(), read()]);
    assertWhole(one, run_id);
    assert.deepEqual(other, one);
    assert.deepEqual(dataOf(one, "custom"), steps(10));
    assert.deepEqual(transcript(one.at(-1).data), ["human: steps 10 now", "ai: echo: steps 10 now"]);
  },

  "a reader may ask for some of the modes": async () => {
    const { threadId, runId, events } = await streamed("steps 3 now", { streamMode: ALL_MODES, streamResumable: true });
    const options = { lastEventId: "-1", streamMode: ["custom"] };
    const joined = await collect(runs.joinStream(threadId, runId, options));
    const custom = (event) => event.event === "custom";
    assert.deepEqual(joined.filter(custom), events.filter(custom));
    assert.deepEqual(names(joined).filter((name) => !["custom", "metadata"].includes(name)), []);
  },

  "joining a run that has ended, from now on, gives nothing but its failure": async () => {
    const { threadId, runId } = await streamed("hello");
    assert.deepEqual(await collect(runs.joinStream(threadId, runId)), []);
    const failed = await streamed("fail boom");
    assert.deepEqual(await collect(runs.joinStream(failed.threadId, failed.runId)), [failed.events.at(-1)]);
  },

  "a run that is unknown has no stream": async () => {
    const threadId = await newThread();
    await refused(404, () => collect(runs.joinStream(threadId, randomUUID())));
    await refused(404, () => collect(runs.stream(randomUUID(), ECHO, { input: say("hello") })));
  },

  "the SDK resumes a broken resumable stream without gap or repeat": () => survivesABrokenLine({ streamResumable: true }),

  "a broken stream whose reader comes back is not cancelled": () => survivesABrokenLine({ onDisconnect: "cancel" }),

  "a run goes on without its reader when it shall continue": async () => {
    const threadId = await newThread();
    const payload = { input: say("steps 10 now"), streamMode: ["custom"], onDisconnect: "continue" };
    const runId = await abandon(threadId, "custom", payload);
    const values = await runs.join(threadId, runId);
    assert.deepEqual(transcript(values), ["human: steps 10 now", "ai: echo: steps 10 now"]);
    assert.equal((await runs.get(threadId, runId)).status, "success");
  },

  "a run ends without its reader when it shall be cancelled": async () => {
    const threadId = await newThread();
    const runId = await abandon(threadId, "values", { input: say("sleep 60"), onDisconnect: "cancel" });
    await hasStatus(threadId, runId, "interrupted", 25_000); // the reader has a grace of 10 s to come back
  },
});

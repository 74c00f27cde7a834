// A thread seen and steered through the SDK's streaming protocol, over both of its transports (wire contract 6.6 to 6.12).
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { scenario } from "./support/scenario.mjs";
import { client, connect, ECHO, send } from "./support/server.mjs";
import { say, transcript } from "./support/conversation.mjs";
import { hasStatus, newThread } from "./support/runs.mjs";

const TRANSPORTS = ["sse", "websocket"];

/** Runs a check on a new thread over each transport. */
function overBoth(check) {
  return async () => {
    for (const transport of TRANSPORTS) {
      const thread = client.threads.stream(randomUUID(), { assistantId: ECHO, transport });
      try {
        await check(thread);
      } catch (error) {
        error.message = `${transport}: ${error.message}`;
        throw error;
      } finally {
        await thread.close();
      }
    }
  };
}

/**
 * Waits until what was subscribed to before is there: commands and streams are answered in order. On a WebSocket the
 * SDK takes the end of a run for the end of subscriptions that have not been answered yet.
 */
async function listening(thread) {
  await thread.subscribe({ channels: ["lifecycle"] });
}

function texts(values) {
  return transcript({ messages: values.messages.map((message) => ({ type: message.getType?.() ?? message.type, content: message.content })) });
}

/** Reads a subscription until it pauses at the end of a run. */
async function collect(subscription) {
  const events = [];
  for await (const event of subscription) events.push(event);
  return events;
}

await scenario("protocol-stream", {
  "a thread that does not exist has no state, and its first run creates it": overBoth(async (thread) => {
    assert.equal((await send("GET", `/threads/${thread.threadId}/state`)).status, 404);
    const output = thread.output;
    await listening(thread);
    const { run_id } = await thread.run.start({ input: say("hello") });
    assert.deepEqual(texts(await output), ["human: hello", "ai: echo: hello"]);
    await hasStatus(thread.threadId, run_id, "success");
  }),

  "messages are streamed piece by piece": overBoth(async (thread) => {
    const streamed = (async () => {
      for await (const message of thread.messages) {
        const pieces = [];
        for await (const piece of message.text) pieces.push(piece);
        if (pieces.join("").startsWith("echo: ")) return pieces;
      }
    })();
    await listening(thread);
    await thread.run.start({ input: say("hello there") });
    assert.deepEqual(await streamed, ["echo: ", "hello ", "there"]);
  }),

  "a run that was started before anybody read is replayed whole": overBoth(async (thread) => {
    const { run_id } = await thread.run.start({ input: say("steps 2 now") });
    await hasStatus(thread.threadId, run_id, "success");
    const late = client.threads.stream(thread.threadId, { assistantId: ECHO, transport: "sse" });
    const events = [];
    for await (const event of await late.subscribe({ channels: ["lifecycle", "custom"] })) {
      events.push(event);
      if (event.params.data.event === "completed") break;
    }
    await late.close();
    assert.deepEqual(events.map((event) => event.method), ["lifecycle", "custom", "custom", "custom", "custom", "lifecycle"]);
    const custom = events.filter((event) => event.method === "custom").map((event) => event.params.data);
    assert.deepEqual(custom.filter((data) => data.name === undefined).map((data) => data.payload), [{ step: 1, of: 2 }, { step: 2, of: 2 }]);
    assert.deepEqual(custom.filter((data) => data.name === "progress").map((data) => data.payload), [{ percent: 50 }, { percent: 100 }]);
  }),

  "subscriptions pause at the end of a run and go on with the next": overBoth(async (thread) => {
    const values = await thread.subscribe({ channels: ["values", "lifecycle"] });
    for (const text of ["first", "second"]) {
      const { run_id } = await thread.run.start({ input: say(text) });
      const events = await collect({ [Symbol.asyncIterator]: () => values[Symbol.asyncIterator]() });
      await hasStatus(thread.threadId, run_id, "success");
      const last = events.filter((event) => event.method === "values").at(-1);
      assert.equal(last.params.data.messages.at(-1).content, `echo: ${text}`);
      assert.equal(events.filter((event) => event.method === "lifecycle" && event.params.namespace.length === 0).at(-1).params.data.event, "completed");
    }
  }),

  "a failing run fails its thread": overBoth(async (thread) => {
    const lifecycle = await thread.subscribe({ channels: ["lifecycle"] });
    await thread.run.start({ input: say("fail boom") });
    const { data } = (await collect(lifecycle)).at(-1).params;
    assert.equal(data.event, "failed");
    assert.match(data.error, /boom/);
  }),

  "a run that the user stops is interrupted and asks nothing": overBoth(async (thread) => {
    const lifecycle = await thread.subscribe({ channels: ["lifecycle"] });
    const { run_id } = await thread.run.start({ input: say("sleep 60") });
    await hasStatus(thread.threadId, run_id, "running");
    await client.runs.cancel(thread.threadId, run_id, false);
    assert.equal((await collect(lifecycle)).at(-1).params.data.event, "interrupted");
    assert.deepEqual(thread.interrupts, []);
  }),

  "tool calls are put together from their events": async () => {
    for (const transport of TRANSPORTS) {
      const thread = client.threads.stream(randomUUID(), { assistantId: "approval", transport });
      const tools = await thread.subscribe({ channels: ["tools", "lifecycle"] });
      const calls = (async () => {
        // The SDK hands out a call at its start and again at its end.
        const seen = new Map();
        for await (const call of thread.toolCalls) seen.set(call.callId, [call.name, call.input, await call.output]);
        return [...seen];
      })();
      await listening(thread);
      await thread.run.start({ input: say("free") });
      const told = (await collect(tools)).filter(({ method }) => method === "tools").map(({ params }) => params.data.event);
      assert.deepEqual(told, ["tool-started", "tool-output-delta", "tool-finished"], transport);
      assert.deepEqual(await calls, [["call-1", ["act", { words: "free" }, ""]]], transport);
      await thread.close();
    }
  },

  "state, checkpoints and forks": overBoth(async (thread) => {
    const { run_id } = await thread.run.start({ input: say("first") });
    await hasStatus(thread.threadId, run_id, "success");
    const { values, checkpoint } = await thread.state.get({ namespace: [] });
    assert.deepEqual(transcript(values), ["human: first", "ai: echo: first"]);
    const { checkpoints } = await thread.state.listCheckpoints({});
    assert.equal(checkpoints[0].id, checkpoint.id);
    const second = await thread.run.start({ input: say("second") });
    await hasStatus(thread.threadId, second.run_id, "success");
    const fork = await thread.run.start({ input: say("third"), forkFrom: checkpoint.id });
    await hasStatus(thread.threadId, fork.run_id, "success");
    const { values: forked } = await client.threads.getState(thread.threadId);
    assert.deepEqual(transcript(forked), ["human: first", "ai: echo: first", "human: third", "ai: echo: third"]);
    assert.equal((await thread.agent.getTree()).tree.status, "completed");
  }),

  "commands that are refused carry their code": overBoth(async (thread) => {
    const { run_id } = await thread.run.start({ input: say("hello") });
    await hasStatus(thread.threadId, run_id, "success");
    await assert.rejects(thread.input.respond({ namespace: [], interrupt_id: "x", response: 1 }), { code: "invalid_argument" });
    await assert.rejects(thread.state.get({ namespace: ["child"] }), { code: "no_such_namespace" });
    await assert.rejects(client.threads.stream(randomUUID(), { assistantId: "nobody" }).run.start({ input: null }), { code: "invalid_argument" });
  }),

  "joining a thread shows its runs one after the other": async () => {
    const threadId = await newThread();
    const leaving = new AbortController();
    const seen = [];
    const joined = (async () => {
      for await (const event of connect().threads.joinStream(threadId, { signal: leaving.signal, lastEventId: "-", streamMode: ["lifecycle"] })) {
        seen.push(`${event.data.run_id} ${event.data.status}`);
        if (seen.length === 4) return;
      }
    })();
    const runs = [];
    for (const text of ["first", "second"]) runs.push((await client.runs.create(threadId, ECHO, { input: say(text) })).run_id);
    await joined;
    leaving.abort();
    assert.deepEqual(seen, runs.flatMap((run) => [`${run} run_started`, `${run} run_done`]));
  },
});

// Runs that stop for a person, through the LangGraph SDK (wire contract 5.8, 5.9). The agent `approval` takes the steps
// agent, tools, agent; in `tools` it asks before it acts, unless the user said "free".
import assert from "node:assert/strict";
import { scenario } from "./support/scenario.mjs";
import { client, refused } from "./support/server.mjs";
import { say, transcript } from "./support/conversation.mjs";
import { newThread } from "./support/runs.mjs";
import { collect, dataOf, names } from "./support/streams.mjs";

const APPROVAL = "approval";
const { threads, runs } = client;

/** Streams a run to its end; fails if it failed. */
async function stream(threadId, payload) {
  const events = await collect(runs.stream(threadId, APPROVAL, payload));
  assert.deepEqual(dataOf(events, "error"), []);
  return events;
}

function lastValues(events) {
  return dataOf(events, "values").filter((values) => "messages" in values).at(-1);
}

await scenario("sdk-interrupts", {
  "a run stops before a step and goes on without a change": async () => {
    const threadId = await newThread();
    const before = await stream(threadId, { input: say("free"), interruptBefore: ["tools"] });
    assert.deepEqual(transcript(lastValues(before)), ["human: free", "ai: "]);
    assert.equal((await threads.get(threadId)).status, "interrupted");
    assert.deepEqual((await threads.getState(threadId)).next, ["tools"]);

    const after = await stream(threadId, { input: null });
    assert.deepEqual(transcript(lastValues(after)), ["human: free", "ai: ", "tool: ", "ai: done "]);
    assert.equal((await threads.get(threadId)).status, "idle");
    assert.deepEqual((await threads.getState(threadId)).next, []);
  },

  "a message is edited while the run waits, and the run goes on from the edit": async () => {
    const threadId = await newThread();
    const before = await stream(threadId, { input: say("free"), interruptBefore: ["tools"] });
    const planned = lastValues(before).messages.at(-1);

    await threads.updateState(threadId, { values: { messages: [{ ...planned, content: "modified" }] } });
    await threads.update(threadId, { metadata: { modified: true } });

    const thread = await threads.get(threadId);
    assert.equal(thread.status, "interrupted");
    assert.equal(thread.metadata.modified, true);
    const state = await threads.getState(threadId);
    assert.deepEqual(transcript(state.values), ["human: free", "ai: modified"]);
    assert.deepEqual(state.next, ["tools"]);
    assert.equal(state.tasks.length, 1);
    assert.equal(state.tasks[0].name, "tools");
    assert.equal(state.tasks[0].error, null);
    assert.deepEqual(state.tasks[0].interrupts, []);

    const after = await stream(threadId, { input: null });
    assert.deepEqual(transcript(lastValues(after)), ["human: free", "ai: modified", "tool: ", "ai: done "]);
    assert.equal((await threads.get(threadId)).status, "idle");
    const history = await threads.getHistory(threadId);
    assert.deepEqual(history[0].next, []);
    assert.deepEqual(history.at(-1).next, ["__start__"]);
  },

  "waiting for a run that stops gives the values so far": async () => {
    const threadId = await newThread();
    const values = await runs.wait(threadId, APPROVAL, { input: say("free"), interruptBefore: ["agent"] });
    assert.deepEqual(transcript(values), ["human: free"]);
    assert.equal((await threads.get(threadId)).status, "interrupted");
  },

  "a question shows on the stream, the thread and the state, and its answer finishes the run": async () => {
    const threadId = await newThread();
    const events = await stream(threadId, { input: say("act"), streamMode: ["values", "updates"] });
    const asked = [{ id: "approve", value: { question: "approve" } }];
    assert.deepEqual(dataOf(events, "updates").at(-1), { __interrupt__: asked });
    assert.deepEqual(dataOf(events, "values").at(-1), { __interrupt__: asked });

    const thread = await threads.get(threadId);
    assert.equal(thread.status, "interrupted");
    const state = await threads.getState(threadId);
    assert.deepEqual(thread.interrupts, { [state.tasks[0].id]: asked });
    assert.deepEqual(state.tasks[0].interrupts, asked);

    const values = await runs.wait(threadId, APPROVAL, { command: { resume: "yes" } });
    assert.deepEqual(transcript(values), ["human: act", "ai: ", "tool: yes", "ai: done yes"]);
    assert.deepEqual((await threads.get(threadId)).interrupts, {});
  },

  "each of two questions gets its own answer": async () => {
    const threadId = await newThread();
    const { __interrupt__: asked } = await runs.wait(threadId, APPROVAL, { input: say("two") });
    const values = await runs.wait(threadId, APPROVAL, {
      command: { resume: Object.fromEntries(asked.map(({ id, value }) => [id, `${value.question}!`])) },
    });
    assert.equal(values.messages.at(-1).content, "done first!, second!");
  },

  "an answer that nobody waits for is refused": async () => {
    await refused(400, runs.create(await newThread(), APPROVAL, { command: { resume: 1 } }), "does not wait");
  },

  "a command changes the state and the run succeeds": async () => {
    const threadId = await newThread();
    await runs.wait(threadId, APPROVAL, { input: say("free") });
    const events = await stream(threadId, { command: { update: { mark: 1, list: ["a"] } } });
    assert.equal(names(events).includes("error"), false);
    const { values } = await threads.getState(threadId);
    assert.deepEqual([values.mark, values.list], [1, ["a"]]);
    assert.equal((await runs.list(threadId))[0].status, "success");
  },

  "tasks and checkpoints tell the work step by step": async () => {
    const events = await stream(await newThread(), { input: say("free"), streamMode: ["tasks", "checkpoints"] });
    const told = events.slice(1).map(({ event, data }) => {
      if (event === "checkpoints") return [data.metadata.source, data.metadata.step, data.values.messages?.length ?? 0];
      return "input" in data ? ["begins", data.name, data.triggers[0]] : ["ends", data.name, data.result.messages.length];
    });
    assert.deepEqual(told, [
      ["input", -1, 0],
      ["loop", 0, 1],
      ["begins", "agent", "branch:to:agent"],
      ["ends", "agent", 1],
      ["loop", 1, 2],
      ["begins", "tools", "branch:to:tools"],
      ["ends", "tools", 1],
      ["loop", 2, 3],
      ["begins", "agent", "branch:to:agent"],
      ["ends", "agent", 1],
      ["loop", 3, 4],
    ]);
  },

  "checkpoints of debug are the history from its beginning": async () => {
    const threadId = await newThread();
    const events = await stream(threadId, { input: say("free"), streamMode: "debug" });
    const place = ({ metadata, checkpoint, parent_checkpoint }) => ({ step: metadata.step, checkpoint, parent_checkpoint });
    const shown = dataOf(events, "debug").filter(({ type }) => type === "checkpoint").map(({ payload }) => place(payload));
    const history = await threads.getHistory(threadId, { limit: shown.length });
    assert.deepEqual(shown, history.reverse().map(place));
  },

  "tools are told from start to end": async () => {
    const events = await stream(await newThread(), { input: say("free"), streamMode: "tools" });
    assert.deepEqual(dataOf(events, "tools").map(({ event, toolCallId }) => [event, toolCallId]), [
      ["on_tool_start", "call-1"],
      ["on_tool_event", "call-1"],
      ["on_tool_end", "call-1"],
    ]);
  },
});

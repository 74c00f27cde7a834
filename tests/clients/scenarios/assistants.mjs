// Assistants through the LangGraph SDK (wire contract 8): what the reference server's tests expect of them, and versions.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { scenario } from "./support/scenario.mjs";
import { client, ECHO, ECHO_ASSISTANT_ID, marker, refused } from "./support/server.mjs";
import { say, transcript } from "./support/conversation.mjs";
import { newThread } from "./support/runs.mjs";

const { assistants, runs, threads } = client;

function idsOf(found) {
  return found.map((assistant) => assistant.assistant_id);
}

await scenario("assistants", {
  "an assistant is created, read, changed and deleted": async () => {
    const config = { configurable: { model_name: "small" } };
    const created = await assistants.create({ graphId: ECHO, config });
    assert.equal(created.graph_id, ECHO);
    assert.deepEqual(created.config, config);
    assert.equal(created.name, "Untitled");
    assert.equal(created.version, 1);

    const metadata = { kind: "woof" };
    await assistants.update(created.assistant_id, { graphId: ECHO, metadata });
    const read = await assistants.get(created.assistant_id);
    assert.deepEqual([read.graph_id, read.config, read.metadata, read.version], [ECHO, config, metadata, 2]);

    await assistants.delete(created.assistant_id);
    await refused(404, () => assistants.get(created.assistant_id));
    await refused(404, () => assistants.delete(created.assistant_id));
  },

  "an id is given away once, and do_nothing returns the first assistant": async () => {
    const assistantId = randomUUID();
    await assistants.create({ graphId: ECHO, assistantId, name: "first" });
    await refused(409, () => assistants.create({ graphId: ECHO, assistantId }));
    const again = await assistants.create({ graphId: ECHO, assistantId, ifExists: "do_nothing", name: "second" });
    assert.equal(again.name, "first");
    await refused(404, () => assistants.create({ graphId: "nobody" }));
  },

  "every agent has an assistant with an id that follows from its name": async () => {
    const byName = await assistants.get(ECHO);
    assert.equal(byName.assistant_id, ECHO_ASSISTANT_ID);
    assert.deepEqual(await assistants.get(ECHO_ASSISTANT_ID), byName);
    assert.equal(byName.metadata.created_by, "system");
    const found = await assistants.search({ graphId: ECHO, metadata: { created_by: "system" } });
    assert.deepEqual(idsOf(found), [ECHO_ASSISTANT_ID]);
    await refused(409, () => assistants.delete(ECHO));
  },

  "assistants are found by name, agent and metadata, and shown in pages": async () => {
    const metadata = marker();
    const ids = [];
    for (const name of ["Alpha", "Beta", "Alphabet"]) {
      ids.push((await assistants.create({ graphId: ECHO, metadata, name })).assistant_id);
    }
    const [alpha, beta, alphabet] = ids;

    assert.deepEqual(idsOf(await assistants.search({ metadata })), [alphabet, beta, alpha]);
    assert.deepEqual(idsOf(await assistants.search({ metadata, name: "aLPHa" })), [alphabet, alpha]);
    assert.deepEqual(idsOf(await assistants.search({ metadata, sortBy: "name", sortOrder: "asc" })), [alpha, alphabet, beta]);
    assert.deepEqual(await assistants.search({ metadata, graphId: "nobody" }), []);
    assert.deepEqual(await assistants.search({ metadata: marker() }), []);
    assert.equal(await assistants.count({ metadata }), 3);
    assert.equal(await assistants.count({ metadata, name: "beta" }), 1);
    assert.deepEqual(await assistants.search({ metadata, limit: 1, select: ["name"] }), [{ name: "Alphabet" }]);

    const first = await assistants.search({ metadata, limit: 2, includePagination: true });
    assert.deepEqual(idsOf(first.assistants), [alphabet, beta]);
    assert.equal(first.next, "2");
    const last = await assistants.search({ metadata, limit: 2, offset: Number(first.next), includePagination: true });
    assert.deepEqual(idsOf(last.assistants), [alpha]);
    assert.equal(last.next, null);
  },

  "versions are kept, one of them is in force, and the next is a new number": async () => {
    const { assistant_id: id } = await assistants.create({ graphId: ECHO, name: "one", config: { tags: ["1"] } });
    assert.equal((await assistants.update(id, { name: "two", config: { tags: ["2"] } })).version, 2);
    assert.equal((await assistants.update(id, {})).version, 3);

    const versions = await assistants.getVersions(id);
    assert.deepEqual(versions.map(({ version, name }) => [version, name]), [[3, "two"], [2, "two"], [1, "one"]]);
    assert.deepEqual((await assistants.getVersions(id, { limit: 1, offset: 1 })).map(({ version }) => version), [2]);

    const back = await assistants.setLatest(id, 1);
    assert.deepEqual([back.version, back.name, back.config], [1, "one", { tags: ["1"] }]);
    assert.equal((await assistants.get(id)).version, 1);
    const next = await assistants.update(id, { metadata: { after: true } });
    assert.deepEqual([next.version, next.name, next.metadata], [4, "one", { after: true }]);
    await refused(404, () => assistants.setLatest(id, 99));
    await refused(404, () => assistants.getVersions(randomUUID()));
  },

  "an assistant can be drawn, and says what it takes": async () => {
    for (const options of [undefined, { xray: true }, { xray: 2 }]) {
      const { nodes, edges } = await assistants.getGraph(ECHO, options);
      assert.deepEqual(nodes.map(({ id, type }) => `${type} ${id}`), ["schema __start__", "runnable echo", "schema __end__"]);
      assert.equal(nodes[1].data.name, ECHO);
      assert.deepEqual(edges, [{ source: "__start__", target: ECHO }, { source: ECHO, target: "__end__" }]);
    }

    const schemas = await assistants.getSchemas(ECHO_ASSISTANT_ID);
    assert.equal(schemas.graph_id, ECHO);
    for (const part of ["input_schema", "output_schema", "state_schema"]) {
      assert.equal(schemas[part].properties.messages.type, "array");
      assert.equal(schemas[part].properties.messages.langgraph_type, "messages");
    }
    assert.ok("config_schema" in schemas && "context_schema" in schemas);
    assert.deepEqual(await assistants.getSubgraphs(ECHO), {});
    assert.deepEqual(await assistants.getSubgraphs(ECHO, { namespace: "inner", recurse: true }), {});
    for (const call of ["getGraph", "getSchemas", "getSubgraphs"]) {
      await refused(404, () => assistants[call](randomUUID()));
    }
  },

  "a run takes the settings of its assistant and names it": async () => {
    const metadata = marker();
    const { assistant_id: id } = await assistants.create({
      graphId: ECHO, metadata, config: { configurable: { model: "a", depth: 1 } }, context: { user: "a" },
    });
    const threadId = await newThread();
    const run = await runs.create(threadId, id, { input: say("hello"), config: { configurable: { model: "r" } }, metadata: { mine: 1 } });
    assert.equal(run.assistant_id, id);
    assert.deepEqual(run.metadata, { ...metadata, mine: 1 });
    assert.deepEqual(run.kwargs.config.configurable, { depth: 1, model: "r" });
    assert.deepEqual(run.kwargs.context, { user: "a" });
    assert.deepEqual(transcript(await runs.join(threadId, run.run_id)), ["human: hello", "ai: echo: hello"]);
    const thread = await threads.get(threadId);
    assert.deepEqual([thread.metadata.graph_id, thread.metadata.assistant_id], [ECHO, id]);
    await refused(404, () => runs.create(threadId, randomUUID(), { input: say("hello") }), "No assistant found for");
  },

  "the threads of an assistant go with it when that is asked for": async () => {
    const kept = await assistants.create({ graphId: ECHO });
    const dropped = await assistants.create({ graphId: ECHO });
    const [keptThread, droppedThread] = [await newThread(), await newThread()];
    await runs.wait(keptThread, kept.assistant_id, { input: say("hello") });
    await runs.create(droppedThread, dropped.assistant_id, { input: say("sleep 60") });
    await assistants.delete(kept.assistant_id, { deleteThreads: false });
    await assistants.delete(dropped.assistant_id, { deleteThreads: true });
    await threads.get(keptThread);
    await refused(404, () => threads.get(droppedThread));
  },
});

// Streams that lose their line and are joined again, through the LangGraph SDK (wire contract 6.4).
import assert from "node:assert/strict";
import { scenario } from "./support/scenario.mjs";
import { client, connect, ECHO, url } from "./support/server.mjs";
import { say } from "./support/conversation.mjs";
import { startDroppingProxy } from "./support/dropping-proxy.mjs";
import { hasStatus, newThread } from "./support/runs.mjs";
import { assertWhole, collect, dataOf } from "./support/streams.mjs";

const { threads, runs } = client;
const STREAM = { streamResumable: true, streamMode: ["values", "custom"] };

/** Reads a stream until `enough` says so, and drops it in the middle. */
async function readUntil(stream, enough) {
  const events = [];
  for await (const event of stream) {
    events.push(event);
    if (enough(event)) break;
  }
  return events;
}

await scenario("sdk-resumable", {
  "whoever joins from the start reads what the first reader reads, while the run goes on": async () => {
    const threadId = await newThread();
    let announce;
    const created = new Promise((resolve) => (announce = resolve));
    const first = collect(runs.stream(threadId, ECHO, { input: say("steps 5"), ...STREAM, onRunCreated: announce }));
    const { run_id } = await created;
    const joined = await collect(runs.joinStream(threadId, run_id, { lastEventId: "-1" }));
    assert.deepEqual(joined, await first);
    assertWhole(joined, run_id);
  },

  "a reader that hung up goes on behind the last event it has": async () => {
    const threadId = await newThread();
    let announced;
    const seen = await readUntil(
      runs.stream(threadId, ECHO, { input: say("steps 8"), ...STREAM, onRunCreated: (run) => (announced = run) }),
      ({ event }) => event === "custom",
    );
    const rest = await collect(runs.joinStream(threadId, announced.run_id, { lastEventId: seen.at(-1).id }));
    assertWhole([...seen, ...rest], announced.run_id);
    assert.deepEqual(dataOf([...seen, ...rest], "custom").map(({ step }) => step), [1, 2, 3, 4, 5, 6, 7, 8]);
    await hasStatus(threadId, announced.run_id, "success");
  },

  "a line that breaks is mended by hand with the last event's id": async () => {
    const threadId = await newThread();
    const proxy = await startDroppingProxy(url, "event: custom", 3);
    const seen = [];
    let announced;
    try {
      // No reconnect of its own: the error comes out here.
      const broken = connect(proxy.url).runs.stream(threadId, ECHO, {
        input: say("steps 8"), ...STREAM, onRunCreated: (run) => (announced = run),
      });
      for await (const event of broken) {
        seen.push(event);
        if (proxy.drops > 0) break;
      }
    } catch {
      // Whether the SDK reports the break or mends it itself, the rest has to fit.
    } finally {
      proxy.close();
    }
    assert.equal(proxy.drops, 1);
    const rest = await collect(runs.joinStream(threadId, announced.run_id, { lastEventId: seen.at(-1).id }));
    assertWhole([...seen, ...rest], announced.run_id);
  },

  "a stream is replayed after its run has ended, whole or from any event": async () => {
    const threadId = await newThread();
    const events = await collect(runs.stream(threadId, ECHO, { input: say("steps 2"), ...STREAM }));
    const runId = events[0].data.run_id;
    for (let last = -1; last < events.length; last++) {
      assert.deepEqual(await collect(runs.joinStream(threadId, runId, { lastEventId: String(last) })), events.slice(last + 1));
    }
  },

  "a resumable stream whose reader is gone is not cancelled": async () => {
    const threadId = await newThread();
    let announced;
    await readUntil(
      runs.stream(threadId, ECHO, { input: say("steps 3"), ...STREAM, onRunCreated: (run) => (announced = run) }),
      ({ event }) => event === "metadata",
    );
    assert.equal((await hasStatus(threadId, announced.run_id, "success")).status, "success");
  },
});

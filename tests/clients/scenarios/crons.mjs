// Crons through the LangGraph SDK (wire contract 10).
import assert from "node:assert/strict";
import { scenario } from "./support/scenario.mjs";
import { client, ECHO, ECHO_ASSISTANT_ID, marker, refused } from "./support/server.mjs";
import { say } from "./support/conversation.mjs";
import { newThread } from "./support/runs.mjs";

const { crons, threads } = client;

/** Never due while the scenario runs, unless that is on New Year's Eve. */
const YEARLY = "0 0 1 1 *";

function idsOf(found) {
  return found.map((cron) => cron.cron_id);
}

await scenario("crons", {
  "a cron is created, and says when it fires next": async () => {
    const metadata = marker();
    const cron = await crons.create(ECHO, { schedule: YEARLY, input: say("happy new year"), metadata, timezone: "Europe/Berlin" });
    assert.equal(cron.assistant_id, ECHO_ASSISTANT_ID);
    assert.equal(cron.thread_id, null);
    assert.equal(cron.schedule, YEARLY);
    assert.equal(cron.timezone, "Europe/Berlin");
    assert.equal(cron.enabled, true);
    assert.equal(cron.on_run_completed, "delete");
    assert.deepEqual(cron.metadata, metadata);
    assert.deepEqual(cron.payload.input, say("happy new year"));
    assert.match(cron.next_run_date, /-12-31T23:00:00/);
  },

  "a cron of a thread goes with the thread": async () => {
    const threadId = await newThread();
    const cron = await crons.createForThread(threadId, ECHO, { schedule: YEARLY, multitaskStrategy: "enqueue" });
    assert.equal(cron.thread_id, threadId);
    assert.deepEqual(idsOf(await crons.search({ threadId })), [cron.cron_id]);
    await threads.delete(threadId);
    assert.deepEqual(await crons.search({ threadId }), []);
  },

  "crons are found and counted": async () => {
    const metadata = marker();
    const created = [];
    for (const enabled of [true, true, false]) {
      created.push(await crons.create(ECHO, { schedule: YEARLY, metadata, enabled }));
    }
    const ids = idsOf(created);
    assert.deepEqual(idsOf(await crons.search({ metadata, sortBy: "created_at", sortOrder: "asc" })), ids);
    assert.deepEqual(idsOf(await crons.search({ metadata, limit: 1, offset: 1 })), [ids[1]]);
    assert.deepEqual(idsOf(await crons.search({ metadata, enabled: false })), [ids[2]]);
    assert.deepEqual(await crons.search({ metadata, limit: 1, select: ["cron_id", "enabled"] }), [{ cron_id: ids[2], enabled: false }]);
    assert.equal(await crons.count({ metadata }), 3);
    assert.equal(await crons.count({ metadata, assistantId: ECHO_ASSISTANT_ID }), 3);
  },

  "an update changes what it names, and null clears the end": async () => {
    const cron = await crons.create(ECHO, { schedule: YEARLY, endTime: "2100-01-01T00:00:00Z", input: say("before") });
    assert.equal(Date.parse(cron.end_time), Date.parse("2100-01-01T00:00:00Z"));
    const changed = await crons.update(cron.cron_id, { schedule: "@daily", input: say("after") });
    assert.equal(changed.schedule, "@daily");
    assert.equal(changed.end_time, cron.end_time);
    assert.deepEqual(changed.payload.input, say("after"));
    assert.notEqual(changed.next_run_date, cron.next_run_date);
    assert.equal((await crons.update(cron.cron_id, { endTime: null })).end_time, null);
    assert.equal((await crons.update(cron.cron_id, { enabled: false })).next_run_date, null);
  },

  "a deleted cron is gone": async () => {
    const cron = await crons.create(ECHO, { schedule: YEARLY });
    await crons.delete(cron.cron_id);
    await refused(404, () => crons.update(cron.cron_id, { enabled: true }));
    await refused(404, () => crons.delete(cron.cron_id));
  },

  "what is wrong is refused by name": async () => {
    await refused(422, () => crons.create(ECHO, { schedule: "never" }), "schedule");
    await refused(422, () => crons.create(ECHO, { schedule: YEARLY, timezone: "Mars/Base" }), "timezone");
    await refused(404, () => crons.create("nobody", { schedule: YEARLY }));
  },
});

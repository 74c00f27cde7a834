// A supervisor changes its mind while a language model is in the middle of its work. The agent and what it looks things up in
// are those of the test SteeringScenarioTests: LOOK_UP_URL answers `called` when a look-up has begun and `release` lets it end.
import assert from "node:assert/strict";
import { scenario } from "../support/scenario.mjs";
import { client, url } from "../support/server.mjs";
import { say, transcript } from "../support/conversation.mjs";
import { hasStatus, newThread } from "../support/runs.mjs";
import { Supervisor } from "../support/supervisor.mjs";
import { until } from "../support/until.mjs";

const AGENT = "researcher";
const FACT = "tool: The Loire, 1006 km.";

const supervisor = new Supervisor([{ name: "worker", description: "Looks things up", graphId: AGENT, url }]);

async function lookUp(step) {
  const response = await fetch(`${process.env.LOOK_UP_URL}/${step}`, { method: "POST" });
  assert.equal(response.status, 200, step);
}

await scenario("deep-agents-steering", {
  "a task that is updated in mid-run goes on from what it has finished, by the new order": async () => {
    const taskId = await supervisor.start("worker", "Which river is the longest?");
    await lookUp("called");
    const [first] = await client.runs.list(taskId);

    assert.equal(await supervisor.update(taskId, "Answer in French"), `Updated async subagent. taskId: ${taskId}`);
    assert.equal((await client.runs.get(taskId, first.run_id)).status, "running"); // what it has begun is finished first
    await lookUp("release");

    const check = await until("the task is done", async () => {
      const result = await supervisor.check(taskId);
      return !["pending", "running"].includes(result.status) && result;
    });
    assert.deepEqual([check.status, check.result], ["success", "C'est la Loire."]);
    assert.deepEqual(transcript((await client.threads.getState(taskId)).values), [
      "human: Which river is the longest?",
      "ai: ",
      FACT,
      "human: Answer in French",
      "ai: C'est la Loire.",
    ]);
    assert.deepEqual((await client.runs.list(taskId)).map((run) => run.status), ["success", "interrupted"]);
    assert.equal((await client.runs.get(taskId, first.run_id)).status, "interrupted");
  },

  "with the strategy steer the same run goes on and answers both": async () => {
    const threadId = await newThread();
    const first = await client.runs.create(threadId, AGENT, { input: say("Which river is the longest?") });
    await lookUp("called");

    const steered = await client.runs.create(threadId, AGENT, { input: say("And how long is it?"), multitaskStrategy: "steer" });
    assert.equal(steered.run_id, first.run_id);
    await lookUp("release");

    await hasStatus(threadId, first.run_id, "success");
    assert.deepEqual(transcript((await client.threads.getState(threadId)).values), [
      "human: Which river is the longest?",
      "ai: ",
      FACT,
      "human: And how long is it?",
      "ai: It is the Loire. It is 1006 km long.",
    ]);
    const runs = await client.runs.list(threadId);
    assert.deepEqual(runs.map((run) => run.run_id), [first.run_id]);
    assert.deepEqual(runs[0].updates.map((update) => update.status), ["delivered"]);
  },
});

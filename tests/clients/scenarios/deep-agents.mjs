// An unmodified Deep Agents supervisor delegates: start, check, steer, cancel, list (wire contract 2).
import assert from "node:assert/strict";
import { scenario } from "./support/scenario.mjs";
import { client, ECHO, ECHO_ASSISTANT_ID, url } from "./support/server.mjs";
import { transcript } from "./support/conversation.mjs";
import { callTool } from "./support/scripted-model.mjs";
import { Supervisor, taskIdIn } from "./support/supervisor.mjs";
import { until } from "./support/until.mjs";

const supervisor = new Supervisor([
  { name: "worker", description: "Repeats what it is told", graphId: ECHO, url },
  { name: "worker-by-id", description: "The same, by its assistant id", graphId: ECHO_ASSISTANT_ID, url },
]);

function checked(taskId, status) {
  return until(`task ${taskId} is ${status}`, async () => {
    const result = await supervisor.check(taskId);
    return result.status === status && result;
  });
}

const done = "steered";
const stopped = "stopped";
const failed = "failed";
const tasks = {};

await scenario("deep-agents", {
  "a model starts a task and checks it in the same turn": async () => {
    const [, check] = await supervisor.turn(
      callTool("start_async_task", { agentName: "worker", description: "hello" }),
      (messages) => callTool("check_async_task", { taskId: taskIdIn(messages.at(-1).text) }),
    );
    const { status, threadId } = JSON.parse(check);
    assert.ok(["pending", "running", "success"].includes(status), status);
    assert.equal((await checked(threadId, "success")).result, "echo: hello");
  },

  "a running task is steered and answers the new instructions with both messages kept": async () => {
    const taskId = (tasks[done] = await supervisor.start("worker", "sleep 30 first"));
    assert.deepEqual(await checked(taskId, "running"), { status: "running", threadId: taskId });
    const [first] = await client.runs.list(taskId);

    assert.equal(await supervisor.update(taskId, "now this"), `Updated async subagent. taskId: ${taskId}`);
    assert.equal((await checked(taskId, "success")).result, "echo: now this");

    const { values } = await client.threads.getState(taskId);
    assert.deepEqual(transcript(values), ["human: sleep 30 first", "human: now this", "ai: echo: now this"]);
    assert.deepEqual(transcript((await client.threads.get(taskId)).values), transcript(values));
    assert.equal((await client.runs.get(taskId, first.run_id)).status, "interrupted");
  },

  "a finished task takes further instructions": async () => {
    const taskId = await supervisor.start("worker", "one");
    await checked(taskId, "success");
    await supervisor.update(taskId, "two");
    assert.equal((await checked(taskId, "success")).result, "echo: two");
    const { values } = await client.threads.getState(taskId);
    assert.deepEqual(transcript(values), ["human: one", "ai: echo: one", "human: two", "ai: echo: two"]);
  },

  "a cancelled task stops": async () => {
    const taskId = (tasks[stopped] = await supervisor.start("worker", "sleep 60"));
    await checked(taskId, "running");
    assert.equal(await supervisor.cancel(taskId), `Cancelled async subagent task: ${taskId}`);
    await until("the run is interrupted", async () => (await client.runs.list(taskId))[0].status === "interrupted");
    await until("the thread is idle", async () => (await client.threads.get(taskId)).status === "idle");
  },

  "a failed task says so, and its run says why": async () => {
    const taskId = (tasks[failed] = await supervisor.start("worker", "fail boom"));
    const result = await checked(taskId, "error");
    assert.deepEqual(result, { status: "error", threadId: taskId, error: "The async subagent encountered an error." });
    assert.equal((await client.runs.list(taskId))[0].error, "boom");
  },

  "the list shows every task with its status": async () => {
    const asTold = await supervisor.list();
    assert.equal(asTold[tasks[done]], "success");
    assert.equal(asTold[tasks[stopped]], "cancelled"); // the supervisor's own word; it does not ask again
    assert.equal(asTold[tasks[failed]], "error");

    assert.deepEqual(await supervisor.check(tasks[stopped]), { status: "interrupted", threadId: tasks[stopped] });
    assert.equal((await supervisor.list())[tasks[stopped]], "interrupted");
  },

  "cancelling a finished task is no failure": async () => {
    const taskId = tasks[done];
    assert.equal(await supervisor.cancel(taskId), `Cancelled async subagent task: ${taskId}`);
    assert.equal((await supervisor.check(taskId)).result, "echo: now this");
  },

  "an assistant id does what the graph id does": async () => {
    const taskId = await supervisor.start("worker-by-id", "hello by id");
    assert.equal((await checked(taskId, "success")).result, "echo: hello by id");
    assert.equal((await client.runs.list(taskId))[0].assistant_id, ECHO_ASSISTANT_ID);
  },

  "an unknown graph is reported to the model": async () => {
    const lost = new Supervisor([{ name: "nobody", description: "Is not there", graphId: "nobody", url }]);
    const [said] = await lost.turn(callTool("start_async_task", { agentName: "nobody", description: "hello" }));
    assert.match(said, /^Failed to launch async subagent 'nobody': .*No assistant found for/s);
  },
});

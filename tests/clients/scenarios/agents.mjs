// The Agent Protocol's own routes over plain HTTP: agents, and runs that name neither thread nor assistant
// (wire contract 4.3 to 4.5, 8.3, 12 rows 1, 2, 5 and 7).
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { scenario } from "./support/scenario.mjs";
import { ECHO, ECHO_ASSISTANT_ID, marker, send } from "./support/server.mjs";
import { say, transcript } from "./support/conversation.mjs";
import { until } from "./support/until.mjs";

async function sent(status, method, path, body) {
  const answer = await send(method, path, body);
  assert.equal(answer.status, status, `${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

function assertError(body, code) {
  assert.equal(body.code, code);
  assert.equal(typeof body.message, "string");
  assert.equal(body.detail, body.message);
}

/** The conversation as the Agent Protocol shows it: roles instead of types, and not inside the values. */
function assertAnswered(envelope, text) {
  assert.deepEqual(
    envelope.messages.map(({ role, content }) => ({ role, content })),
    [{ role: "user", content: text }, { role: "assistant", content: `echo: ${text}` }],
  );
  assert.ok(envelope.messages.every((message) => typeof message.id === "string"));
  assert.ok(!("messages" in envelope.values));
}

await scenario("agents", {
  "the server says that it is well and what it is": async () => {
    assert.deepEqual(await sent(200, "GET", "/ok"), { ok: true });
    const info = await sent(200, "GET", "/info");
    assert.equal(typeof info.version, "string");
    assert.equal(typeof info.flags.assistants, "boolean");
  },

  "agents are found by name": async () => {
    const all = await sent(200, "POST", "/agents/search", { limit: 1000 });
    const echo = all.find((agent) => agent.agent_id === ECHO);
    assert.equal(echo.name, ECHO);
    assert.equal(echo.capabilities["ap.io.messages"], true);
    assert.equal(echo.capabilities["ap.io.streaming"], true);

    const named = await sent(200, "POST", "/agents/search", { name: ECHO });
    assert.ok(named.some((agent) => agent.agent_id === ECHO));
    assert.deepEqual(await sent(200, "POST", "/agents/search", { name: randomUUID() }), []);
    assert.ok((await sent(200, "POST", "/agents/search", {})).length > 0);
  },

  "an agent is known by its name and by its assistant id": async () => {
    const echo = await sent(200, "GET", `/agents/${ECHO}`);
    assert.equal(echo.agent_id, ECHO);
    assert.deepEqual(await sent(200, "GET", `/agents/${ECHO_ASSISTANT_ID}`), echo);
    assertError(await sent(404, "GET", "/agents/nobody"), "not_found");
  },

  "journey: a run of the default agent is started, looked at and waited for": async () => {
    const started = await send("POST", "/runs", { input: say("hello") });
    assert.equal(started.status, 200);
    const { run_id: runId, status, agent_id } = started.body;
    assert.match(started.headers.get("content-location"), new RegExp(`/runs/${runId}$`));
    assert.equal(status, "pending");
    assert.equal(agent_id, ECHO);

    const seen = await sent(200, "GET", `/runs/${runId}`);
    assert.equal(seen.run_id, runId);
    assert.ok(["pending", "success"].includes(seen.status), seen.status);

    const ended = await sent(200, "GET", `/runs/${runId}/wait`);
    assert.equal(ended.status, "success");
    assert.equal(ended.run.run_id, runId);
    assert.equal(ended.run.status, "success");
    assertAnswered(ended, "hello");
    assert.equal((await sent(200, "GET", `/runs/${runId}`)).status, "success");
  },

  "journey: the same on a thread": async () => {
    const { thread_id: threadId } = await sent(200, "POST", "/threads", {});
    const { run_id: runId } = await sent(200, "POST", `/threads/${threadId}/runs`, { input: say("hello") });
    const ended = await sent(200, "GET", `/threads/${threadId}/runs/${runId}/wait`);
    assert.equal(ended.status, "success");
    assertAnswered(ended, "hello");

    const body = { thread_id: threadId, agent_id: ECHO, messages: [{ role: "user", content: "more" }] };
    const { run_id: nextId } = await sent(200, "POST", "/runs", body);
    await sent(200, "GET", `/runs/${nextId}/wait`);
    const { values } = await sent(200, "GET", `/threads/${threadId}`);
    assert.deepEqual(transcript(values), ["human: hello", "ai: echo: hello", "human: more", "ai: echo: more"]);
    const runs = await sent(200, "GET", `/threads/${threadId}/runs`);
    assert.deepEqual(runs.map((run) => run.run_id), [nextId, runId]);
  },

  "waiting answers an envelope to those who name an agent, the values to those who name an assistant": async () => {
    const envelope = await sent(200, "POST", "/runs/wait", { agent_id: ECHO, input: say("hello") });
    assert.equal(envelope.run.status, "success");
    assertAnswered(envelope, "hello");
    assertAnswered(await sent(200, "POST", "/runs/wait", { input: say("hello") }), "hello");
    const values = await sent(200, "POST", "/runs/wait", { assistant_id: ECHO, input: say("hello") });
    assert.deepEqual(transcript(values), ["human: hello", "ai: echo: hello"]);
  },

  "a failure is told in the envelope": async () => {
    const { run } = await sent(200, "POST", "/runs/wait", { agent_id: ECHO, input: say("fail boom") });
    assert.equal(run.status, "error");
    assert.equal(run.error, "boom");
  },

  "a run that executes is pending to the Agent Protocol and running to the SDKs": async () => {
    const { thread_id: threadId } = await sent(200, "POST", "/threads", {});
    const { run_id: runId } = await sent(200, "POST", "/runs", { thread_id: threadId, input: say("sleep 60") });
    await until("the run is running", async () => {
      const { status } = await sent(200, "GET", `/threads/${threadId}/runs/${runId}`);
      return status === "running";
    });
    assert.equal((await sent(200, "GET", `/runs/${runId}`)).status, "pending");
    const pending = await sent(200, "POST", "/runs/search", { thread_id: threadId, status: "pending" });
    assert.deepEqual(pending.map((run) => run.run_id), [runId]);

    assertError(await sent(409, "DELETE", `/runs/${runId}`), "conflict");
    await sent(204, "POST", `/runs/${runId}/cancel?wait=true`);
    assert.equal((await sent(200, "GET", `/runs/${runId}`)).status, "interrupted");
    await sent(204, "DELETE", `/runs/${runId}`);
    assertError(await sent(404, "GET", `/runs/${runId}`), "not_found");
  },

  "runs are found by their metadata and their agent": async () => {
    const metadata = marker();
    const { run } = await sent(200, "POST", "/runs/wait", { agent_id: ECHO, input: say("hello"), metadata });
    const found = await sent(200, "POST", "/runs/search", { metadata, agent_id: ECHO, status: "success" });
    assert.deepEqual(found.map(({ run_id }) => run_id), [run.run_id]);
    assert.deepEqual(await sent(200, "POST", "/runs/search", { metadata: marker() }), []);
  },

  "what cannot be is refused in one shape": async () => {
    assertError(await sent(404, "POST", "/runs", { agent_id: "nobody", input: say("hello") }), "not_found");
    assertError(await sent(404, "GET", `/runs/${randomUUID()}`), "not_found");
    assertError(await sent(422, "GET", "/runs/no-uuid"), "validation_error");
    assertError(await sent(400, "POST", "/runs", "{ no json"), "bad_request");
    assertError(await sent(422, "POST", "/runs", { input: say("hello"), multitask_strategy: "nonsense" }), "validation_error");
  },
});

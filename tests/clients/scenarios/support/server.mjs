// The server under test, through the official SDK and through plain HTTP.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Client } from "@langchain/langgraph-sdk";

if (!process.env.AGENT_PROTOCOL_URL) {
  console.error("Set AGENT_PROTOCOL_URL to the server under test, e.g. http://localhost:8123");
  process.exit(1);
}

export const url = process.env.AGENT_PROTOCOL_URL.replace(/\/$/, "");

/** The agent every scenario talks to, and its assistant id: UUIDv5 of its name in 6ba7b821-9dad-11d1-80b4-00c04fd430c8. */
export const ECHO = "echo";
export const ECHO_ASSISTANT_ID = "046b5dc7-2108-582c-9c6c-31d556d138f0";

/** An SDK client that does not retry failed requests: a 500 shall fail the check, not slow it down. */
export function connect(apiUrl = url) {
  return new Client({ apiUrl, callerOptions: { maxRetries: 0 } });
}

export const client = connect();

/** One plain HTTP exchange: the status, the headers and the body, parsed when it is JSON (undefined when there is none). */
export async function send(method, path, body) {
  const response = await fetch(url + path, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: parsed(response, await response.text()) };
}

function parsed(response, text) {
  if (text === "") return undefined;
  return /^application\/json\b/.test(response.headers.get("content-type")) ? JSON.parse(text) : text;
}

/** Expects an SDK call to be refused with this status; `text` must occur in the error. */
export async function refused(status, call, text = "") {
  await assert.rejects(call, (error) => {
    assert.match(String(error.message), new RegExp(`^HTTP ${status}: `));
    assert.ok(error.message.includes(text), `"${text}" is not in: ${error.message}`);
    return true;
  });
}

/** Metadata that no other thread or run has. */
export function marker() {
  return { scenario: randomUUID() };
}

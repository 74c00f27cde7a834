// What a user says and what a thread shows of it.

/** The input of a run: one user message. */
export function say(text) {
  return { messages: [{ role: "user", content: text }] };
}

/** A conversation as ["human: hello", "ai: echo: hello"], so that one comparison covers types, contents and order. */
export function transcript(values) {
  return (values.messages ?? []).map((message) => `${message.type}: ${message.content}`);
}

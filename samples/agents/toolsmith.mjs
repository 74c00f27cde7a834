#!/usr/bin/env node
// A program that shows a tool call and streams its answer. Any model or SDK of Node.js would take the place of the tool.
import { createInterface } from "node:readline";

const say = (type, members = {}) => console.log(JSON.stringify({ type, ...members }));

const requests = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const run = JSON.parse((await requests.next()).value);

// The server sends SIGTERM with the line "cancel"; without this handler it would end the program on the spot.
process.on("SIGTERM", () => {
  say("log", { level: "warning", message: "Cancelled before the answer was complete" });
  process.exit(1);
});

function countWords(text) {
  const words = text.split(/\s+/).filter(Boolean);
  return { words: words.length, longest: words.toSorted((a, b) => b.length - a.length)[0] ?? null };
}

// The answer is the only step: an earlier attempt may have given it, and died before it could end.
if (run.completed_steps === 0) {
  const text = run.messages.findLast((message) => message.type === "human")?.content ?? "";
  say("tool_start", { id: "call-1", name: "count_words", input: { text } });
  const counted = countWords(String(text));
  say("tool_end", { id: "call-1", output: counted });

  const answer = `You wrote ${counted.words} words, the longest of which is "${counted.longest}".`;
  for (const piece of answer.match(/\S+\s*/g)) {
    say("delta", { text: piece });
  }
  say("message", { content: answer });
  say("usage", { input_tokens: counted.words, output_tokens: answer.split(" ").length });
}

// Closes our standard input, with which this program ends.
say("done");

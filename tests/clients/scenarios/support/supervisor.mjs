// A real Deep Agents supervisor that delegates to the server under test.
import { randomUUID } from "node:crypto";
import { MemorySaver } from "@langchain/langgraph";
import { createDeepAgent } from "deepagents";
import { answer, callTool, ScriptedModel } from "./scripted-model.mjs";

export class Supervisor {
  #model = new ScriptedModel();
  // A supervisor with a thread of its own sends that thread's id along with every task it starts.
  #config = { configurable: { thread_id: randomUUID() } };
  #agent;

  constructor(subagents) {
    this.#agent = createDeepAgent({ model: this.#model, subagents, checkpointer: new MemorySaver() });
  }

  /** One turn of the conversation: the model takes these steps, then answers. Returns what the tools said, in order. */
  async turn(...steps) {
    this.#model.follow(...steps, answer("done"));
    const request = { messages: [{ role: "user", content: "go on" }] };
    const { messages } = await this.#agent.invoke(request, this.#config);
    return messages.filter((message) => message.type === "tool").slice(-steps.length).map((message) => message.text);
  }

  async #call(tool, args) {
    const [said] = await this.turn(callTool(tool, args));
    return said;
  }

  async start(agentName, description) {
    return taskIdIn(await this.#call("start_async_task", { agentName, description }));
  }

  async check(taskId) {
    return JSON.parse(await this.#call("check_async_task", { taskId }));
  }

  update(taskId, message) {
    return this.#call("update_async_task", { taskId, message });
  }

  cancel(taskId) {
    return this.#call("cancel_async_task", { taskId });
  }

  /** The status of each task, by task id. */
  async list() {
    const said = await this.#call("list_async_tasks", {});
    return Object.fromEntries([...said.matchAll(/taskId: (\S+) agent: \S+ status: (\S+)/g)].map((match) => match.slice(1)));
  }
}

export function taskIdIn(said) {
  const match = /^Launched async subagent\. taskId: (\S+)$/.exec(said);
  if (match === null) throw new Error(`The task was not started: ${said}`);
  return match[1];
}

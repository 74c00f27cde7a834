// A chat model that follows a script, so that a real agent needs neither a key nor a provider.
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage } from "@langchain/core/messages";

export class ScriptedModel extends BaseChatModel {
  #script = [];

  constructor() {
    super({});
  }

  /** Adds steps: an AIMessage, or a function of the conversation so far that returns one. */
  follow(...steps) {
    this.#script.push(...steps);
  }

  _llmType() {
    return "scripted";
  }

  bindTools() {
    return this;
  }

  async _generate(messages) {
    const step = this.#script.shift();
    if (step === undefined) throw new Error("The script has no further step");
    const message = typeof step === "function" ? step(messages) : step;
    return { generations: [{ text: message.text, message }] };
  }
}

let calls = 0;

export function callTool(name, args) {
  return new AIMessage({ content: "", tool_calls: [{ id: `call-${++calls}`, name, args, type: "tool_call" }] });
}

export function answer(text) {
  return new AIMessage(text);
}

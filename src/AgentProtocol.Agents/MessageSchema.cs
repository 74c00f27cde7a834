using System.Text.Json;

namespace AgentProtocol.Agents;

/// <summary>What an agent takes, keeps and answers when it says nothing else: messages.</summary>
internal static class MessageSchema
{
    /// <summary>Development tools recognise a conversation by <c>langgraph_type</c> (wire-contract 8.1).</summary>
    public static JsonElement Element { get; } = JsonElement.Parse(
        """
        {
          "$schema": "http://json-schema.org/draft-07/schema#",
          "title": "Messages",
          "type": "object",
          "properties": {
            "messages": {
              "title": "Messages",
              "type": "array",
              "langgraph_type": "messages",
              "items": {
                "type": "object",
                "properties": {
                  "id": { "type": "string" },
                  "type": { "type": "string", "enum": ["human", "ai", "system", "tool", "function", "remove"] },
                  "role": { "type": "string" },
                  "content": { "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": ["object", "string"] } }] }
                }
              }
            }
          }
        }
        """u8);
}

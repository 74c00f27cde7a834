using System.Text;
using System.Text.Json;

namespace AgentProtocol.Engine.State;

/// <summary>Other views of a state.</summary>
internal static class StateProjection
{
    /// <summary>The messages in Agent Protocol form: role, content, id, metadata (wire-contract 7.3).</summary>
    public static string ToProtocolMessages(this StateValues state)
    {
        if (state.Messages.IsEmpty)
        {
            return "[]";
        }

        var text = new StringBuilder("[");
        foreach (var message in state.Messages)
        {
            using var document = JsonDocument.Parse(message.Json, JsonText.DocumentOptions);
            var root = document.RootElement;
            text.Append(text.Length > 1 ? "," : "")
                .Append("{\"role\":").Append(root.GetProperty("role").GetRawText())
                .Append(",\"content\":").Append(root.GetProperty("content").GetRawText())
                .Append(",\"id\":").AppendJsonString(message.Id);
            if (root.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object)
            {
                text.Append(",\"metadata\":").Append(metadata.GetRawText());
            }

            text.Append('}');
        }

        return text.Append(']').ToString();
    }
}

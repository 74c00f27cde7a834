using System.Text;

namespace AgentProtocol.Engine.State;

/// <summary>
/// A message that is being written, in the form of wire-contract 7.3. It is shown behind a state while its run goes on, and
/// becomes part of the state when the run ends before the message is complete.
/// </summary>
internal static class PartialMessage
{
    /// <summary>The message as far as it is written.</summary>
    public static StateMessage Write(string id, string text) => new(
        id,
        $$"""{"type":"ai","id":{{JsonText.Quote(id)}},"role":"assistant","content":{{JsonText.Quote(text)}},"additional_kwargs":{},"response_metadata":{},"tool_calls":[],"invalid_tool_calls":[]}""");

    /// <summary>What <see cref="Write"/> made, as it was stored; null for none.</summary>
    public static StateMessage? Read(string? json) =>
        json is null ? null : new StateMessage(JsonText.Parse(json).GetProperty("id").GetString()!, json);

    /// <summary>The message as it stays when nobody goes on with it.</summary>
    /// <param name="message">As far as it was written.</param>
    /// <param name="reason">How its run ended: <c>interrupted</c>, <c>timeout</c> or <c>error</c>.</param>
    public static StateMessage Ended(StateMessage message, string reason)
    {
        var text = new StringBuilder("{");
        foreach (var member in JsonText.Parse(message.Json).EnumerateObject())
        {
            text.Append(text.Length > 1 ? "," : "").AppendJsonString(member.Name).Append(':')
                .Append(member.NameEquals("response_metadata") ? $"{{\"finish_reason\":{JsonText.Quote(reason)}}}" : member.Value.GetRawText());
        }

        return message with { Json = text.Append('}').ToString() };
    }

    /// <summary>A state with the message at its end. What the state has already under its id is complete and stays.</summary>
    public static StateValues ShownBehind(StateValues state, StateMessage? message) =>
        message is null || state.IndexOf(message.Id) >= 0 ? state : state.WithMessages([.. state.Messages, message]);
}

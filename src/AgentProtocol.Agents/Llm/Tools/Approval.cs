using System.Text.Json;

namespace AgentProtocol.Agents.Llm.Tools;

/// <summary>A person's say about the calls of one answer (wire-contract 5.8).</summary>
internal sealed class Approval
{
    private const string CallId = "tool_call_id";

    private readonly IReadOnlyDictionary<string, Decision> decisions = new Dictionary<string, Decision>();

    /// <param name="answer">The answer that calls.</param>
    /// <param name="calls">Those of its calls that have no result yet.</param>
    /// <param name="toolbox">Says what the tools do, and which of them a person has to agree to.</param>
    /// <param name="context">Has what was decided, when the run resumes one that asked.</param>
    public Approval(JsonElement answer, IReadOnlyList<ToolCall> calls, Toolbox toolbox, AgentContext context)
    {
        // The question has the id of the answer that it is about, so that what was decided counts for no other: a resumed
        // run may come to further calls that look the same.
        var id = MessageText.Property(answer, "id") ?? "";
        var earlier = context.Interrupts.FirstOrDefault(interrupt => id.Length > 0 && interrupt.Id.StartsWith(id, StringComparison.Ordinal));
        string? problem = null;
        try
        {
            if (earlier is { Answer.ValueKind: not JsonValueKind.Undefined })
            {
                decisions = Decision.Read(earlier.Answer, CallsIn(earlier.Value), calls);
            }
        }
        catch (FormatException exception)
        {
            LlmLog.ApprovalNotUnderstood(context.Logger, exception.Message);
            problem = exception.Message;
        }

        // What was decided counts, also when it has made the call one of another tool.
        if (calls.Any(call => NeedsApproval(call, toolbox) && !decisions.ContainsKey(call.Id)))
        {
            var question = Ask([.. calls.Where(call => NeedsApproval(call, toolbox))], toolbox, problem);
            var isWhole = calls.Count == ToolCall.In(answer).Count;
            Question = new AgentEvent.Interrupt(question, IdOf(question, earlier) ?? (isWhole && earlier is null ? id : $"{id}-{Guid.NewGuid():N}"));
        }
    }

    /// <summary>What has to be asked first; null when all is decided.</summary>
    public AgentEvent.Interrupt? Question { get; }

    /// <summary>What becomes of a call. What nobody has to agree to is made.</summary>
    public Decision Decide(ToolCall call) => decisions.GetValueOrDefault(call.Id) ?? new Decision(call);

    /// <summary>Writes the answer with its calls as they were made: else the model would read results of calls that it sees differently.</summary>
    public static void WriteEdited(Utf8JsonWriter writer, JsonElement answer, IReadOnlyList<Decision> decisions)
    {
        writer.WriteStartObject();
        foreach (var member in answer.EnumerateObject())
        {
            if (member.Name != "tool_calls")
            {
                member.WriteTo(writer);
                continue;
            }

            writer.WriteStartArray(member.Name);
            foreach (var call in member.Value.EnumerateArray())
            {
                WriteCall(writer, call, decisions.FirstOrDefault(decision => decision.IsEdited && decision.Call.Id == MessageText.Property(call, "id")));
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static void WriteCall(Utf8JsonWriter writer, JsonElement call, Decision? edit)
    {
        if (edit is null)
        {
            call.WriteTo(writer);
            return;
        }

        writer.WriteStartObject();
        writer.WriteString("name"u8, edit.Call.Name);
        writer.WritePropertyName("args"u8);
        edit.Call.Arguments.WriteTo(writer);
        writer.WriteString("id"u8, edit.Call.Id);
        writer.WriteString("type"u8, "tool_call"u8);
        writer.WriteEndObject();
    }

    /// <summary>The id of a question that was asked before. Clients show each question once, so any other needs an id of its own.</summary>
    private static string? IdOf(JsonElement question, AgentInterrupt? earlier) =>
        earlier is { Answer.ValueKind: JsonValueKind.Undefined } && JsonElement.DeepEquals(earlier.Value, question) ? earlier.Id : null;

    private static bool NeedsApproval(ToolCall call, Toolbox toolbox) => call.Mistake is null && toolbox.NeedsApproval(call.Name);

    /// <summary>The ids of the calls that a question was about. Some of them may have been made meanwhile.</summary>
    private static IReadOnlyList<string> CallsIn(JsonElement question) =>
        question.ValueKind == JsonValueKind.Object && question.TryGetProperty("action_requests", out var requests) && requests.ValueKind == JsonValueKind.Array
            ? [.. requests.EnumerateArray().Select(request => MessageText.Property(request, CallId) ?? "")]
            : [];

    private static JsonElement Ask(IReadOnlyList<ToolCall> calls, Toolbox toolbox, string? problem) =>
        AgentJson.Write(256, (calls, toolbox, problem), static (writer, value) =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("action_requests"u8);
            foreach (var call in value.calls)
            {
                writer.WriteStartObject();
                writer.WriteString("name"u8, call.Name);
                writer.WritePropertyName("args"u8);
                call.Arguments.WriteTo(writer);
                writer.WriteString("description"u8, value.toolbox.Find(call.Name)?.Description);
                writer.WriteString(CallId, call.Id);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteStartArray("review_configs"u8);
            foreach (var name in value.calls.Select(call => call.Name).Distinct())
            {
                writer.WriteStartObject();
                writer.WriteString("action_name"u8, name);
                writer.WriteStartArray("allowed_decisions"u8);
                writer.WriteStringValue("approve"u8);
                writer.WriteStringValue("edit"u8);
                writer.WriteStringValue("reject"u8);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            if (value.problem is not null)
            {
                writer.WriteString("error"u8, value.problem);
            }

            writer.WriteEndObject();
        });
}

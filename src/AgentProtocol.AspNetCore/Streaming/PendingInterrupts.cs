using System.Text.Json;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Errors;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>What a state says about the interrupts that wait for an answer.</summary>
internal static class PendingInterrupts
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = ProtocolJsonContext.MaxDepth + 16 };

    /// <summary>The ids of the pending interrupts, in their order.</summary>
    public static IReadOnlyList<string> PendingInterruptIds(this ThreadState state)
    {
        using var tasks = JsonDocument.Parse(state.Tasks.Text, Options);
        return [.. tasks.RootElement.EnumerateArray()
            .SelectMany(task => task.GetProperty("interrupts").EnumerateArray())
            .Select(interrupt => interrupt.GetProperty("id").GetString()!)];
    }

    /// <summary>The assistant that led to this state; null when no run did.</summary>
    public static string? AssistantId(this ThreadState state)
    {
        using var metadata = JsonDocument.Parse(state.Metadata.Text, Options);
        return metadata.RootElement.TryGetProperty("assistant_id", out var id) ? id.GetString() : null;
    }

    /// <summary>The result, or null where the engine knows nothing of what was asked for.</summary>
    public static async Task<T?> OrNullAsync<T>(this Task<T> reading)
        where T : class
    {
        try
        {
            return await reading;
        }
        catch (ProtocolException missing) when (missing.Code == ErrorCode.NotFound)
        {
            return null;
        }
    }
}

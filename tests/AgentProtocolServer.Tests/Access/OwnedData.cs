using System.Text.Json;
using AgentProtocolServer.Tests.Hosting;

namespace AgentProtocolServer.Tests.Access;

/// <summary>
/// One of everything, made through the API by the first owner, and what every parameter of the API means for it. A new kind
/// of resource is made in <see cref="CreateAsync"/> and named in <see cref="values"/>; nothing else has to know it.
/// </summary>
internal sealed class OwnedData
{
    /// <summary>Stands in everything that the first owner has written, and in no request of the second.</summary>
    public const string Secret = "walk-secret-7f3a";

    /// <summary>Operations whose answers have no end of their own.</summary>
    public static readonly string[] Endless = [];

    /// <summary>Parameters that name what all owners share.</summary>
    private static readonly string[] Shared = ["agent_id"];

    /// <summary>By the name of a parameter or body field, wherever it occurs: what to send. Null: known, and better not sent.</summary>
    private readonly Dictionary<string, object?> values;

    private OwnedData(string threadId, string runId, string checkpointId)
    {
        var checkpoint = new { thread_id = threadId, checkpoint_ns = "", checkpoint_id = checkpointId };
        values = new Dictionary<string, object?>
        {
            ["thread_id"] = threadId,
            ["run_id"] = runId,
            ["checkpoint_id"] = checkpointId,
            ["checkpoint"] = checkpoint,
            ["before"] = checkpointId,
            ["ids"] = new[] { threadId },
            ["agent_id"] = "echo",
            ["assistant_id"] = "echo",
            ["metadata"] = new { kind = "walk" },
            ["values"] = new { kind = "walk" },
            ["input"] = Protocol.Say("walk"),
            ["messages"] = new[] { new { role = "user", content = "walk" } },
            ["name"] = "walk",
            ["include"] = "ttl",
            ["if_exists"] = "do_nothing",
            ["if_not_exists"] = "create",
            ["multitask_strategy"] = "rollback",
            ["on_disconnect"] = "continue",
            ["action"] = "rollback",
            ["force"] = true,
            ["wait"] = true,
            ["cancel_on_disconnect"] = true,
            ["as_node"] = null,
            ["after_seconds"] = null,
            ["check_db"] = null,
            ["checkpoint_during"] = null,
            ["command"] = null,
            ["config"] = null,
            ["context"] = null,
            ["durability"] = null,
            ["extract"] = null,
            ["interrupt_after"] = null,
            ["interrupt_before"] = null,
            ["limit"] = null,
            ["offset"] = null,
            ["on_completion"] = null,
            ["select"] = null,
            ["sort_by"] = null,
            ["sort_order"] = null,
            ["status"] = null,
            ["stream_mode"] = null,
            ["stream_resumable"] = null,
            ["subgraphs"] = null,
            ["supersteps"] = null,
            ["ttl"] = null,
            ["webhook"] = null,
        };
        Ids = [threadId, runId, checkpointId];
    }

    /// <summary>The ids that nobody else may see.</summary>
    public IReadOnlyList<string> Ids { get; }

    public static async Task<OwnedData> CreateAsync(HttpClient first)
    {
        var thread = (await first.PostAsync("/threads", new { metadata = new { kind = "walk", secret = Secret } }).OkAsync()).Text("thread_id");
        await first.AnswerAsync(thread, Secret);
        await first.AnswerAsync(thread, Secret + " again");
        var run = (await first.GetJsonAsync($"/threads/{thread}/runs"))[0].Text("run_id");
        var checkpoint = (await first.GetJsonAsync($"/threads/{thread}/state")).Text("checkpoint_id");
        return new OwnedData(thread, run, checkpoint);
    }

    /// <summary>Whether a parameter names something of the first owner.</summary>
    public bool IsForeign(string name) => !Shared.Contains(name) && Mentions(JsonSerializer.Serialize(Value(name)));

    /// <summary>Whether a text has one of the first owner's ids or words.</summary>
    public bool Mentions(string text) =>
        text.Contains(Secret, StringComparison.Ordinal) || Ids.Any(id => text.Contains(id, StringComparison.OrdinalIgnoreCase));

    /// <summary>What to send for a parameter or a field of a body; null for nothing.</summary>
    public object? Value(string name) => values.TryGetValue(name, out var value)
        ? value
        : throw new InvalidOperationException($"The walk does not know \"{name}\": make such a thing in OwnedData, or say there that it is not sent.");
}

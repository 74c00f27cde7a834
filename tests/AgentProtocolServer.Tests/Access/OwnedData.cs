using System.Net;
using System.Text.Json;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Webhooks;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Access;

/// <summary>
/// One of everything, made through the API by the first owner, and what every parameter of the API means for it. A new kind
/// of resource is made in <see cref="CreateAsync"/> and named in <see cref="values"/>; nothing else has to know it.
/// </summary>
internal sealed class OwnedData
{
    /// <summary>Stands in everything that the first owner has written, and in no request of the second.</summary>
    public const string Secret = "walk-secret-7f3a";

    private const string Yearly = "0 0 1 1 *";

    private static readonly object Metadata = new { kind = "walk", graph_id = "echo", secret = Secret };

    /// <summary>Parameters that name what all owners share.</summary>
    private static readonly string[] Shared = ["agent_id", "graph_id"];

    /// <summary>
    /// By the name of a parameter or body field, wherever it occurs or only in a query (<c>?name</c>): what to send. Null:
    /// known, and better not sent.
    /// </summary>
    private readonly Dictionary<string, object?> values;

    private OwnedData(Ids ids, IReadOnlyList<string> all)
    {
        All = all;
        var checkpoint = new { thread_id = ids.Thread, checkpoint_ns = "", checkpoint_id = ids.Checkpoint };
        values = new Dictionary<string, object?>
        {
            ["thread_id"] = ids.Thread,
            ["run_id"] = ids.Run,
            ["checkpoint_id"] = ids.Checkpoint,
            ["cron_id"] = ids.Cron,
            ["checkpoint"] = checkpoint,
            ["before"] = ids.Checkpoint,
            ["ids"] = new[] { ids.Thread },
            ["thread_ids"] = new[] { ids.Thread },
            ["run_ids"] = new[] { ids.Run },
            ["agent_id"] = "echo",
            ["assistant_id"] = ids.Assistant,
            ["graph_id"] = "echo",
            ["metadata"] = new { kind = "walk", graph_id = "echo" },
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
            ["supersteps"] = new[] { new { updates = new[] { new { as_node = "echo", values = new { kind = "walk" } } } } },
            ["strategy"] = "delete",
            ["version"] = 1,
            ["delete_threads"] = true,
            ["xray"] = true,
            ["recurse"] = true,
            ["schedule"] = Yearly,
            ["enabled"] = true,
            ["namespace"] = new[] { "walk" },
            ["?namespace"] = "walk",
            ["namespace_prefix"] = new[] { "walk" },
            ["prefix"] = new[] { "walk" },
            ["key"] = "walk",
            ["value"] = new { kind = "walk" },
            ["filter"] = new { kind = "walk" },
            ["refresh_ttl"] = true,
            ["channels"] = new[] { "values", "updates", "messages", "tools", "lifecycle", "input", "checkpoints", "tasks", "custom" },
            ["since"] = 0,
            ["id"] = 1,
            ["method"] = "state.get",
            ["params"] = new { },
            ["stream_modes"] = "run_modes,state_update,lifecycle",
            ["as_node"] = null,
            ["after_seconds"] = null,
            ["check_db"] = null,
            ["checkpoint_during"] = null,
            ["command"] = null,
            ["config"] = null,
            ["context"] = null,
            ["depth"] = null,
            ["description"] = null,
            ["durability"] = null,
            ["end_time"] = null,
            ["extract"] = null,
            ["index"] = null,
            ["interrupt_after"] = null,
            ["interrupt_before"] = null,
            ["limit"] = null,
            ["max_depth"] = null,
            ["namespaces"] = null,
            ["offset"] = null,
            ["on_completion"] = null,
            ["on_run_completed"] = null,
            ["query"] = null,
            ["select"] = null,
            ["sort_by"] = null,
            ["timeouts"] = null,
            ["sort_order"] = null,
            ["status"] = null,
            ["stream_mode"] = null,
            ["stream_resumable"] = null,
            ["subgraphs"] = null,
            ["suffix"] = null,
            ["timezone"] = null,
            ["ttl"] = null,
            ["webhook"] = null,
        };
    }

    /// <summary>The same with the thread whose run is in progress; null for that one itself.</summary>
    public OwnedData? Running { get; private init; }

    /// <summary>The assistant that the first owner has created.</summary>
    public string Assistant => (string)values["assistant_id"]!;

    public string Thread => (string)values["thread_id"]!;

    public string Run => (string)values["run_id"]!;

    /// <summary>The commands that are known here.</summary>
    public static IEnumerable<string> CommandNames => new OwnedData(new Ids("", "", "", "", "", ""), []).Commands.Select(command => command.Method).Distinct();

    /// <summary>Every command of the protocol, with what it means for this thread, and whether it only reads (wire-contract 6.10).</summary>
    public IReadOnlyList<(string Method, object Params, bool Reads)> Commands =>
    [
        ("state.get", new { @namespace = Array.Empty<string>() }, true),
        ("state.listCheckpoints", new { limit = 10 }, true),
        ("state.listCheckpoints", new { before = values["checkpoint_id"] }, true),
        ("agent.getTree", new { }, true),
        ("agent.getTree", new { run_id = Run }, true),
        ("run.start", new { assistant_id = "echo", input = Protocol.Say("walk"), multitask_strategy = "rollback" }, false),
        ("run.start", new { assistant_id = Assistant, input = Protocol.Say("walk") }, false),
        ("input.respond", new { @namespace = Array.Empty<string>(), interrupt_id = "walk", response = 1 }, false),
        ("input.inject", new { @namespace = Array.Empty<string>(), message = new { role = "user", content = "walk" } }, false),
        ("state.fork", new { checkpoint_id = values["checkpoint_id"], input = Protocol.Say("walk") }, false),
        ("subscription.subscribe", new { channels = values["channels"], since = 0 }, true),
        ("subscription.unsubscribe", new { subscription_id = "walk" }, true),
        ("subscription.reconnect", new { run_id = Run }, true),
    ];

    /// <summary>The ids that nobody else may see.</summary>
    private IReadOnlyList<string> All { get; }

    /// <summary>Makes one of everything, and waits until it is all at rest, but for the run that goes on.</summary>
    /// <param name="first">The owner.</param>
    /// <param name="hook">Where a webhook is sent.</param>
    public static async Task<OwnedData> CreateAsync(HttpClient first, WebhookStub hook)
    {
        var assistant = await CreateAssistantAsync(first);
        var (resting, running) = (await CreateThreadAsync(first, assistant, hook), await CreateThreadAsync(first, assistant, hook));
        var started = await first.StartAsync(running.Thread, $"sleep 600 {Secret}");
        await first.WaitForStatusAsync(running.Thread, started, "running");
        await Until.TrueAsync(
            async () => (await first.GetJsonAsync($"/threads/{running.Thread}/state")).GetRawText().Contains("sleep 600", StringComparison.Ordinal),
            TestContext.Current.CancellationToken, condition: "the run in progress has stored its input");
        running = running with { Run = started };
        await PutItemAsync(first, "walk");
        await PutItemAsync(first, Secret);
        string[] all = [.. resting.Secrets, .. running.Secrets];
        return new OwnedData(resting, all) { Running = new OwnedData(running, all) };
    }

    /// <summary>Whether a parameter names something of the first owner.</summary>
    public bool IsForeign(string name) => !Shared.Contains(name) && Mentions(JsonSerializer.Serialize(Value(name)));

    /// <summary>Whether a text has one of the first owner's ids or words.</summary>
    public bool Mentions(string text) =>
        text.Contains(Secret, StringComparison.Ordinal) || All.Any(id => text.Contains(id, StringComparison.OrdinalIgnoreCase));

    /// <summary>What to send for a parameter or a field of a body; null for nothing.</summary>
    public object? Value(string name, bool inUrl = false) =>
        (inUrl && values.TryGetValue("?" + name, out var value)) || values.TryGetValue(name, out value)
            ? value
            : throw new InvalidOperationException($"The walk does not know \"{name}\": make such a thing in OwnedData, or say there that it is not sent.");

    /// <summary>Two versions, of which the first is in force.</summary>
    private static async Task<string> CreateAssistantAsync(HttpClient first)
    {
        var assistant = (await first.PostAsync("/assistants", new { graph_id = "echo", name = $"walk {Secret}", metadata = Metadata }).OkAsync()).Text("assistant_id");
        await first.SendAsync(HttpMethod.Patch, $"/assistants/{assistant}", new { name = $"walk {Secret} again", context = new { secret = Secret } }).OkAsync();
        await first.PostAsync($"/assistants/{assistant}/latest", new { version = 1 }).OkAsync();
        return assistant;
    }

    /// <summary>A thread with two ended runs, of which the later has a delivered webhook, and with a cron; beside it a cron without a thread.</summary>
    private static async Task<Ids> CreateThreadAsync(HttpClient first, string assistant, WebhookStub hook)
    {
        var metadata = new { kind = "walk", graph_id = "echo", secret = Secret, assistant_id = assistant };
        var thread = (await first.PostAsync("/threads", new { metadata, supersteps = new[] { new { updates = new[] { new { as_node = "echo", values = new { kind = "walk", secret = Secret } } } } } }).OkAsync()).Text("thread_id");
        await TellAsync(first, thread);
        await first.AnswerAsync(thread, Secret);
        await first.PostAsync(
            $"/threads/{thread}/runs/wait", new { assistant_id = assistant, input = Protocol.Say($"{Secret} again"), metadata = Metadata, webhook = new Uri(hook.Url, Secret) }).OkAsync();
        var run = (await first.GetJsonAsync($"/threads/{thread}/runs"))[0].Text("run_id");
        var checkpoint = (await first.GetJsonAsync($"/threads/{thread}/state")).Text("checkpoint_id");
        await Until.TrueAsync(
            async () => (await first.GetJsonAsync($"/threads/{thread}/runs/{run}/webhook-deliveries")).GetArrayLength() > 0,
            TestContext.Current.CancellationToken, condition: "the webhook is delivered");

        var cron = new { assistant_id = assistant, schedule = Yearly, input = Protocol.Say(Secret), metadata = Metadata };
        return new Ids(
            assistant, thread, run, checkpoint,
            (await first.PostAsync($"/threads/{thread}/runs/crons", cron).OkAsync()).Text("cron_id"),
            (await first.PostAsync("/runs/crons", cron).OkAsync()).Text("cron_id"));
    }

    /// <summary>A run that was told something while it was in flight.</summary>
    private static async Task TellAsync(HttpClient first, string thread)
    {
        var run = (await first.PostAsync($"/threads/{thread}/runs", new { assistant_id = "steerable", input = Protocol.Say("wait") }).OkAsync()).Text("run_id");
        await first.PostAsync($"/threads/{thread}/runs/{run}/updates", new { messages = new[] { new { role = "user", content = Secret } } }).OkAsync();
        await first.GetJsonAsync($"/threads/{thread}/runs/{run}/join");
    }

    private static Task PutItemAsync(HttpClient first, string label) =>
        first.SendAsync(HttpMethod.Put, "/store/items", new { @namespace = new[] { label }, key = "walk", value = new { kind = "walk", secret = Secret }, ttl = 1000 })
            .EmptyAsync(HttpStatusCode.NoContent);

    /// <summary>What belongs together.</summary>
    private sealed record Ids(string Assistant, string Thread, string Run, string Checkpoint, string Cron, string OtherCron)
    {
        public string[] Secrets => [Assistant, Thread, Run, Checkpoint, Cron, OtherCron];
    }
}

using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using AgentProtocol.Agents;
using AgentProtocol.Testing.Agents;
using AgentProtocol.Testing.Webhooks;
using AgentProtocolServer.Tests.Architecture;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Access;

/// <summary>
/// Another owner's ids behave as unknown ids on every route (design 3, invariant 9; wire-contract 13.14). The routes are
/// those of the served document, so that no route can be forgotten: one that the walk cannot call fails it.
/// </summary>
public sealed partial class AuthorizationWalkTests(AuthorizationWalkTests.Fixture fixture) : IClassFixture<AuthorizationWalkTests.Fixture>, IAsyncLifetime
{
    private const string First = "first";

    private const string KeyHeader = "Idempotency-Key";

    /// <summary>A store's item lives on when it is read, whoever reads it (wire-contract 9).</summary>
    private const string TimeToLive = "expires_at";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Operations that repeat to the caller what he has sent, ids of others included, for nothing is looked up by them.</summary>
    private static readonly string[] Repeating = ["create_assistant", "create_cron"];

    /// <summary>All that went wrong on the walk, which does not stop at the first.</summary>
    private readonly List<string> wrong = [];

    private WebhookStub hook = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => hook = await WebhookStub.StartAsync();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await hook.DisposeAsync();
    }

    [Fact]
    public async Task Trap_14_no_operation_shows_or_changes_what_belongs_to_another()
    {
        var (first, second) = (await fixture.Server.ClientOfAsync(First), await fixture.Server.ClientOfAsync("second"));
        var data = await OwnedData.CreateAsync(first, hook);
        var operations = await Operation.ReadAsync(first);
        var (seen, stored) = (await ReadBackAsync(first, operations, data), await RowsAsync(First));
        Assert.Contains(seen, answer => answer.Contains(OwnedData.Secret, StringComparison.Ordinal));
        foreach (var table in new[] { "assistants", "assistant_versions", "checkpoints", "crons", "run_events", "runs", "store_items", "thread_heads", "threads" })
        {
            Assert.Contains(stored, row => row.StartsWith(table + " ", StringComparison.Ordinal) && row.Contains(OwnedData.Secret, StringComparison.Ordinal));
        }

        // Questions come first: whoever owns nothing yet must find nothing. An assistant's id is each owner's own to
        // choose, so that from then on the second has one with the same id.
        foreach (var operation in operations.OrderBy(operation => operation.Id == "create_assistant" ? 2 : operation.IsQuestion ? 0 : 1))
        {
            foreach (var place in new[] { data, data.Running! })
            {
                foreach (var fields in Variants(operation, place))
                {
                    await AssertHiddenAsync(second, operation, place, fields);
                }

                if (operation.IsCommand)
                {
                    await AssertCommandsUnknownAsync(second, place);
                }
            }

            // After each, because a later one may undo what an earlier one did.
            stored = await CheckRowsAsync(stored, operation.Name);
        }

        await AssertWholesaleSparesOthersAsync(second, data);
        await CheckRowsAsync(stored, "A request about all");
        Assert.True(wrong.Count == 0, string.Join(Environment.NewLine, wrong));
        Assert.Equal(seen, await ReadBackAsync(first, operations, data));
        await AssertEffectiveAsync(first, operations, data);
        Assert.True(wrong.Count == 0, string.Join(Environment.NewLine, wrong));
    }

    [Fact]
    public async Task An_idempotency_key_is_nothing_to_another_owner()
    {
        var (first, second) = (await fixture.Server.ClientOfAsync("key-first"), await fixture.Server.ClientOfAsync("key-second"));
        var keyed = (await Operation.ReadAsync(first)).Where(operation => operation.Parameters("header").Contains(KeyHeader)).ToArray();
        Assert.NotEmpty(keyed);
        foreach (var operation in keyed.Where(operation => operation.Parameters("path").Length == 0))
        {
            var body = operation.Path == "/threads" ? "{}" : """{"assistant_id":"echo","input":{"messages":[{"role":"user","content":"walk"}]},"on_completion":"keep"}""";
            var (its, again, others) = (await IdsAsync(first, operation, body), await IdsAsync(first, operation, body), await IdsAsync(second, operation, body));
            Assert.NotEmpty(its);
            Assert.True(its.Overlaps(again), $"{operation.Name} made something new of a request that was repeated with its key.");
            Assert.False(its.Overlaps(others), $"{operation.Name} answered with what another owner's key had made.");
        }
    }

    [Fact]
    public async Task Whoever_may_only_read_changes_nothing_of_his_own()
    {
        var all = await fixture.Server.ClientOfAsync("reader");
        var reader = await fixture.Server.ClientOfAsync("reader", "read");
        var data = await OwnedData.CreateAsync(all, hook);
        var stored = await RowsAsync("reader", TimeToLive);
        foreach (var operation in (await Operation.ReadAsync(all)).Where(operation => operation.Scope is not null))
        {
            Assert.True(operation.DeclaresScope, $"{operation.Name} says nothing of the scope that it needs: add Reads, Runs or Administers to its route.");
            using var answer = await SendAsync(reader, operation.Request(data, operation.Fields()));
            var expected = operation.Scope != "read" || operation.Parameters("query").Contains("cancel_on_disconnect");
            Assert.True(
                (answer.StatusCode == HttpStatusCode.Forbidden) == expected, $"{operation.Name} needs the scope {operation.Scope} and answered {answer.StatusCode} to one who may read");
            Assert.True(expected || operation.IsQuestion || operation.IsCommand, $"{operation.Name} is open to those who may only read.");
        }

        await AssertCommandsAsync(reader, data, mayRun: false);
        Assert.Equal(stored, await RowsAsync("reader", TimeToLive));
        await CancelAsync(all, data.Running!);
    }

    [Fact]
    public void The_walk_knows_every_command()
    {
        var source = File.ReadAllText(Checkout.PathOf("src/AgentProtocol.AspNetCore/Streaming/CommandDispatcher.cs"));
        Assert.Equal(CommandName().Matches(source).Select(match => match.Groups[1].Value).Distinct().Order(), OwnedData.CommandNames.Order());
    }

    private void Check(bool isRight, string told)
    {
        if (!isRight)
        {
            wrong.Add(told.Length > 1000 ? told[..1000] : told);
        }
    }

    /// <summary>The rows as they are now, so that what changes next has its own culprit.</summary>
    private async Task<string[]> CheckRowsAsync(string[] before, string by)
    {
        var after = await RowsAsync(First);
        Check(before.SequenceEqual(after), $"{by} changed what is another's: {string.Join(", ", before.Except(after).Concat(after.Except(before)))}");
        return after;
    }

    /// <summary>All that could be sent, and besides each field that names something of the first owner: on its own, and with all that does not.</summary>
    private static IEnumerable<string[]> Variants(Operation operation, OwnedData data)
    {
        var fields = Fields(operation);
        yield return fields;
        foreach (var field in fields.Where(data.IsForeign))
        {
            yield return [field];
            yield return [.. operation.Fields().Where(other => !data.IsForeign(other)), field];
        }
    }

    /// <summary>One of two names for the assistant.</summary>
    private static string[] Fields(Operation operation)
    {
        var fields = operation.Fields();
        return fields.Contains("assistant_id") ? [.. fields.Except(["agent_id"])] : fields;
    }

    private async Task AssertHiddenAsync(HttpClient second, Operation operation, OwnedData data, string[] fields)
    {
        using var answer = await SendAsync(second, operation.Request(data, fields));
        var body = await answer.Content.ReadAsStringAsync(Token).WaitAsync(Limit, Token);
        var told = $"{operation.Name} ({string.Join(", ", fields)}) answered {(int)answer.StatusCode} {answer.Headers} {body}";
        Check((int)answer.StatusCode < 500, told);
        Check(!(body + answer.Headers).Contains(OwnedData.Secret, StringComparison.Ordinal), told);
        Check(!answer.IsSuccessStatusCode || operation.IsCommand || Repeating.Contains(operation.Id) || !data.Mentions(body + answer.Headers), told);
        if (operation.Path.EndsWith("/count", StringComparison.Ordinal))
        {
            Check(body == "0", told);
        }

        if (operation.Parameters("path").Any(data.IsForeign) && !operation.IsCommand)
        {
            // A field alone may make no whole request.
            Check(
                answer.StatusCode == (operation.IsSocketOnly ? HttpStatusCode.UpgradeRequired : HttpStatusCode.NotFound)
                    || (fields.Length == 1 && answer.StatusCode == HttpStatusCode.UnprocessableEntity),
                told);
        }
    }

    /// <summary>Over HTTP a command is refused in the body; a WebSocket is not even opened.</summary>
    private async Task AssertCommandsUnknownAsync(HttpClient second, OwnedData data)
    {
        foreach (var (method, parameters, _) in data.Commands)
        {
            var answer = await second.PostAsync($"/threads/{data.Thread}/commands", new { id = 1, method, @params = parameters }).OkAsync();
            var told = $"{method} answered {answer.GetRawText()}";
            string[] expected = method.StartsWith("subscription.", StringComparison.Ordinal) ? ["not_supported"]
                : method == "state.fork" ? ["no_such_checkpoint"]
                : method == "run.start" ? ["no_such_run", "invalid_argument"]
                : ["no_such_run"];
            Check(answer.Text("type") == "error" && expected.Contains(answer.Text("error")), told);
            Check(!answer.GetRawText().Contains(OwnedData.Secret, StringComparison.Ordinal), told);
        }

        foreach (var path in new[] { "stream", "stream/events" })
        {
            var refused = await Assert.ThrowsAsync<WebSocketException>(() => AccessSockets.ConnectAsync(second, $"/threads/{data.Thread}/{path}"));
            Assert.Contains("404", refused.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>What names nobody's ids must mean the caller's own.</summary>
    private static async Task AssertWholesaleSparesOthersAsync(HttpClient second, OwnedData data)
    {
        foreach (var status in new[] { "pending", "running", "all" })
        {
            using var cancelled = await second.PostAsync("/runs/cancel?action=rollback", new { status });
            Assert.True(cancelled.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.NoContent, $"{cancelled.StatusCode}");
        }

        await second.PostAsync("/threads/prune", new { thread_ids = new[] { data.Thread, data.Running!.Thread }, strategy = "keep_latest" }).OkAsync();

        // The first owner's threads name this assistant, too.
        await second.PostAsync("/assistants", new { graph_id = "echo", assistant_id = data.Assistant, if_exists = "do_nothing" }).OkAsync();
        await second.SendAsync(HttpMethod.Delete, $"/assistants/{data.Assistant}?delete_threads=true").EmptyAsync(HttpStatusCode.NoContent);
    }

    /// <summary>The same requests reach their aim when the first owner sends them; else they would be refused for another reason.</summary>
    private async Task AssertEffectiveAsync(HttpClient first, Operation[] operations, OwnedData data)
    {
        await AssertCommandsAsync(first, data, mayRun: true);
        await CancelAsync(first, data.Running!);
        foreach (var operation in operations.OrderBy(IsDestructive).ThenBy(operation => !operation.IsQuestion).ThenByDescending(operation => operation.Path.Length))
        {
            // A cancelled run may be gone by now, by the very request that was to be tried.
            if (operation.Path.EndsWith("/cancel", StringComparison.Ordinal))
            {
                continue;
            }

            using var request = operation.Request(data, Fields(operation));
            request.Headers.Add("Last-Event-ID", "-1");
            using var answer = await SendAsync(first, request);
            var body = operation.IsEndless && answer.IsSuccessStatusCode ? await ReadToSecretAsync(answer, operation) : await answer.Content.ReadAsStringAsync(Token);
            var told = $"{operation.Name} answered its own owner {(int)answer.StatusCode} {body}";
            Check(
                answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.Conflict || (operation.Method == HttpMethod.Delete && answer.StatusCode == HttpStatusCode.NotFound)
                    || (operation.IsSocketOnly && answer.StatusCode == HttpStatusCode.UpgradeRequired),
                told);
            if (operation.Tags is not ["Agents"] && operation.IsSearch)
            {
                Check(operation.Path.EndsWith("/count", StringComparison.Ordinal) ? body != "0" : data.Mentions(body) || body.Contains("walk", StringComparison.Ordinal), told);
            }
        }
    }

    private static bool IsDestructive(Operation operation) => operation.Method == HttpMethod.Delete || operation.Path.EndsWith("/prune", StringComparison.Ordinal);

    /// <summary>The answers to all questions that the owner can ask, but for endless ones.</summary>
    private static async Task<string[]> ReadBackAsync(HttpClient client, Operation[] operations, OwnedData data)
    {
        List<string> answers = [];
        foreach (var operation in operations.Where(operation => operation is { IsQuestion: true, IsEndless: false, IsSocketOnly: false, Scope: not null }))
        {
            using var request = operation.Request(data, Fields(operation));
            request.Headers.Add("Last-Event-ID", "-1");
            using var answer = await SendAsync(client, request);
            var body = await answer.Content.ReadAsStringAsync(Token).WaitAsync(Limit, Token);
            Assert.True(answer.IsSuccessStatusCode, $"{operation.Name} answered its own owner {(int)answer.StatusCode} {body}");
            answers.Add($"{operation.Name} {body.Trim()}");
        }

        answers.Add((await client.GetJsonAsync($"/threads/{data.Running!.Thread}/runs/{data.Running.Run}")).GetRawText());
        Assert.Contains("\"running\"", answers[^1], StringComparison.Ordinal);
        return [.. answers];
    }

    /// <summary>Commands that read have an answer over both transports; those that start something are refused to whoever may only read.</summary>
    private static async Task AssertCommandsAsync(HttpClient client, OwnedData data, bool mayRun)
    {
        using var socket = await AccessSockets.ConnectAsync(client, $"/threads/{data.Thread}/stream/events");
        foreach (var (method, parameters, reads) in data.Commands)
        {
            if (method.StartsWith("subscription.", StringComparison.Ordinal) || (mayRun && !reads))
            {
                continue;
            }

            var command = JsonSerializer.Serialize(new { id = 1, method, @params = parameters });
            foreach (var answer in new[] { await client.PostAsync($"/threads/{data.Thread}/commands", command).OkAsync(), await socket.AnswerAsync(command) })
            {
                Assert.True(reads ? answer.Text("type") == "success" : answer.Text("error") == "permission_denied", $"{method} answered {answer.GetRawText()}");
            }
        }
    }

    private static Task CancelAsync(HttpClient owner, OwnedData running) =>
        owner.PostAsync($"/threads/{running.Thread}/runs/{running.Run}/cancel?wait=1").EmptyAsync(HttpStatusCode.NoContent);

    private static async Task<string> ReadToSecretAsync(HttpResponseMessage answer, Operation operation)
    {
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Token));
        var text = new StringBuilder();
        while (!text.ToString().Contains(OwnedData.Secret, StringComparison.Ordinal))
        {
            var line = await reader.ReadLineAsync(Token).AsTask().WaitAsync(Limit, Token);
            text.AppendLine(line ?? throw new InvalidDataException($"{operation.Name} ended without a word of its owner's: {text}"));
        }

        return text.ToString();
    }

    /// <summary>The ids that an answer has, in its headers and its body.</summary>
    private static async Task<HashSet<string>> IdsAsync(HttpClient client, Operation operation, string body)
    {
        var text = operation.TakesList ? $"[{body}]" : body;
        using var answer = await client.SendAsync(operation.Method, operation.Path, text, (KeyHeader, "walk" + operation.Id));
        var told = answer.Headers + await answer.Content.ReadAsStringAsync(Token);
        Assert.True(answer.IsSuccessStatusCode, $"{operation.Name} {told}");
        return [.. Uuid().Matches(told).Select(match => match.Value).Where(id => id != Protocol.EchoAssistant)];
    }

    private Task<string[]> RowsAsync(string owner, string except = "") => OwnedRows.ReadAsync(fixture.Server.ConnectionString, owner, except);

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, HttpRequestMessage request) =>
        client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token).WaitAsync(Limit, Token);

    [GeneratedRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex Uuid();

    [GeneratedRegex("\"([a-z]+\\.[a-zA-Z]+)\"")]
    private static partial Regex CommandName();

    /// <summary>A server that lets nobody in without a key, and calls webhooks on this machine.</summary>
    public sealed class Fixture : ServerFixture
    {
        protected override string[] Settings => ["--Auth:Mode=ApiKey", "--Webhooks:AllowedNetworks=127.0.0.0/8"];

        protected override IReadOnlyList<AgentDefinition> Agents => [SteerableAgent.Define()];
    }
}

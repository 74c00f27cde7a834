using System.Net;
using AgentProtocolServer.Tests.Hosting;
using Npgsql;
using Xunit;

namespace AgentProtocolServer.Tests.Access;

/// <summary>
/// Another owner's ids behave as unknown ids on every route (design 3, invariant 9; wire-contract 13.14). The routes are
/// those of the served document, so that no route can be forgotten: one that the walk cannot call fails it.
/// </summary>
public sealed class AuthorizationWalkTests(KeyedServerFixture fixture) : IClassFixture<KeyedServerFixture>
{
    private const string First = "first";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Trap_14_no_operation_shows_or_changes_what_belongs_to_another()
    {
        var (first, second) = (await fixture.Server.ClientOfAsync(First), await fixture.Server.ClientOfAsync("second"));
        var data = await OwnedData.CreateAsync(first);
        var operations = await Operation.ReadAsync(first);
        var (seen, stored) = (await ReadBackAsync(first, operations, data), await RowsAsync());
        Assert.Contains(seen, answer => answer.Contains(OwnedData.Secret, StringComparison.Ordinal));
        Assert.Contains(stored, row => row.Contains(OwnedData.Secret, StringComparison.Ordinal));

        foreach (var operation in operations)
        {
            foreach (var fields in Variants(operation, data))
            {
                await AssertHiddenAsync(second, operation, data, fields);
            }

            // After each, because a later one may undo what an earlier one did.
            Assert.Equal(stored, await RowsAsync());
        }

        Assert.Equal(seen, await ReadBackAsync(first, operations, data));
        await AssertEffectiveAsync(first, operations, data);
    }

    [Fact]
    public async Task Whoever_may_only_read_changes_nothing_of_his_own()
    {
        var all = await fixture.Server.ClientOfAsync("reader");
        var reader = await fixture.Server.ClientOfAsync("reader", "read");
        var data = await OwnedData.CreateAsync(all);
        foreach (var operation in (await Operation.ReadAsync(all)).Where(operation => operation.Scope is not null))
        {
            Assert.True(operation.DeclaresScope, $"{operation.Name} says nothing of the scope that it needs: add Reads, Runs or Administers to its route.");
            using var answer = await SendAsync(reader, operation.Request(data, operation.Fields()));
            var expected = operation.Scope != "read" || operation.Parameters("query").Contains("cancel_on_disconnect");
            Assert.True(
                (answer.StatusCode == HttpStatusCode.Forbidden) == expected, $"{operation.Name} needs the scope {operation.Scope} and answered {answer.StatusCode} to one who may read");
            if (operation.Method != HttpMethod.Get)
            {
                Assert.True(expected || IsQuestion(operation), $"{operation.Name} is open to those who may only read.");
            }
        }
    }

    /// <summary>All that could be sent, and besides each field that names something of the first owner on its own.</summary>
    private static IEnumerable<string[]> Variants(Operation operation, OwnedData data)
    {
        var fields = operation.Fields();
        yield return fields;
        foreach (var field in fields.Where(data.IsForeign))
        {
            yield return [field];
        }
    }

    private static async Task AssertHiddenAsync(HttpClient second, Operation operation, OwnedData data, string[] fields)
    {
        using var answer = await SendAsync(second, operation.Request(data, fields));
        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var told = $"{operation.Name} ({string.Join(", ", fields)}) answered {(int)answer.StatusCode} {body}";
        Assert.True((int)answer.StatusCode < 500, told);
        Assert.False(body.Contains(OwnedData.Secret, StringComparison.Ordinal) || (answer.IsSuccessStatusCode && data.Mentions(body)), told);
        if (operation.Parameters("path").Any(data.IsForeign))
        {
            Assert.True(answer.StatusCode == HttpStatusCode.NotFound, told);
        }
    }

    /// <summary>The same requests reach their aim when the first owner sends them; else they would be refused for another reason.</summary>
    private static async Task AssertEffectiveAsync(HttpClient first, Operation[] operations, OwnedData data)
    {
        foreach (var operation in operations.OrderBy(operation => operation.Method == HttpMethod.Delete).ThenByDescending(operation => operation.Path.Length))
        {
            // A cancelled run may be gone by now, by the very request that was to be tried.
            if (!operation.Path.EndsWith("/cancel", StringComparison.Ordinal))
            {
                using var answer = await SendAsync(first, operation.Request(data, operation.Fields()));
                Assert.True(
                    answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.Conflict || (operation.Method == HttpMethod.Delete && answer.StatusCode == HttpStatusCode.NotFound),
                    $"{operation.Name} answered its own owner {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
            }
        }
    }

    private static async Task<string[]> ReadBackAsync(HttpClient client, Operation[] operations, OwnedData data)
    {
        List<string> answers = [];
        foreach (var operation in operations.Where(operation => operation.Method == HttpMethod.Get && operation.Scope is not null && !OwnedData.Endless.Contains(operation.Id)))
        {
            using var request = operation.Request(data, []);
            request.Headers.Add("Last-Event-ID", "-1");
            using var answer = await SendAsync(client, request);
            var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True(answer.IsSuccessStatusCode, $"{operation.Name} answered its own owner {(int)answer.StatusCode} {body}");
            answers.Add($"{operation.Name} {body.Trim()}");
        }

        return [.. answers];
    }

    /// <summary>Every row of the first owner, with its times, in every table that has owners.</summary>
    private async Task<string[]> RowsAsync()
    {
        await using var source = NpgsqlDataSource.Create(fixture.Server.ConnectionString);
        var tables = await LinesAsync(
            source,
            """
            select quote_ident(c.relname) from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'owner' and not a.attisdropped
            where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> 'api_keys'
            """);
        var rows = new List<string>();
        foreach (var table in tables)
        {
            rows.AddRange(await LinesAsync(source, $"select '{table} ' || t::text from {table} t where owner = '{First}' order by 1"));
        }

        return [.. rows];
    }

    private static async Task<List<string>> LinesAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        List<string> lines = [];
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            lines.Add(reader.GetString(0));
        }

        return lines;
    }

    /// <summary>Questions with a body: they are posted, and change nothing.</summary>
    private static bool IsQuestion(Operation operation) =>
        new[] { "/search", "/count", "/history", "/state/checkpoint", "/namespaces", "/versions", "/events" }.Any(end => operation.Path.EndsWith(end, StringComparison.Ordinal));

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, HttpRequestMessage request) =>
        client.SendAsync(request, TestContext.Current.CancellationToken).WaitAsync(Limit, TestContext.Current.CancellationToken);
}

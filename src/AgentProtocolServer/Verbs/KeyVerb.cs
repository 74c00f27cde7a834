using System.Globalization;
using AgentProtocol.Engine;
using AgentProtocol.Engine.Access;
using AgentProtocolServer.Hosting;

namespace AgentProtocolServer.Verbs;

/// <summary>Makes, lists and revokes API keys, whether a server runs or not.</summary>
internal static class KeyVerb
{
    public static async Task<int> RunAsync(string[] args)
    {
        switch (args)
        {
            case ["create", .. var rest]:
                return await StartFailure.GuardAsync(() =>
                {
                    var (arguments, settings) = KeyArguments.Read(rest, TimeProvider.System);
                    return WithKeysAsync(settings, keys => CreateAsync(keys, arguments));
                });
            case ["list", .. var settings]:
                return await StartFailure.GuardAsync(() => WithKeysAsync(settings, ListAsync));
            case ["revoke", { } key, .. var settings] when !key.StartsWith('-'):
                return await StartFailure.GuardAsync(() => WithKeysAsync(settings, keys => RevokeAsync(keys, key)));
            default:
                return HelpVerb.RunUnknown(string.Join(' ', ["key", .. args]));
        }
    }

    private static async Task WithKeysAsync(string[] settings, Func<ApiKeys, Task> act)
    {
        var builder = ServerHost.CreateBuilder(settings);

        // The output is the key and nothing about the start of a private PostgreSQL.
        builder.Configuration["Serilog:MinimumLevel:Default"] = "Warning";
        await using var postgres = await ServerPostgres.StartOrJoinAsync(builder.Configuration, CancellationToken.None);
        var connectionString = builder.Configuration.GetConnectionString("Postgres")!;
        await EngineSchema.MigrateAsync(connectionString, CancellationToken.None);
        await using var keys = ApiKeys.Connect(connectionString);
        await act(keys);
    }

    private static async Task CreateAsync(ApiKeys keys, KeyArguments wanted)
    {
        var isFirst = (await keys.ListAsync(CancellationToken.None)).Count == 0;
        var made = await keys.CreateAsync(wanted.Owner, wanted.Scopes, wanted.Name, wanted.ExpiresAt, CancellationToken.None);
        Console.WriteLine(made.Secret);

        // Beside the key and not with it, so that a script may take the key from the output.
        await Console.Error.WriteLineAsync(
            $"""

            This is the only time that the key is shown. Send it as "x-api-key: <key>" or "Authorization: Bearer <key>".
            It has the scopes {string.Join(", ", made.Key.Scopes)} and opens the data of the owner "{made.Key.Owner}"{(made.Key.Owner == ApiKeys.DefaultOwner ? ", which is also where everything is that was made without a key." : ". Data of other owners, also what was made without a key, it does not see.")}
            """);
        if (isFirst)
        {
            await Console.Error.WriteLineAsync("It is the first one: within seconds every server on this database lets nobody in without a key, unless Auth:Mode says otherwise.");
        }
    }

    private static async Task ListAsync(ApiKeys keys)
    {
        Console.WriteLine(Line("PREFIX", "OWNER", "SCOPES", "CREATED", "LAST USED", "STATUS", "NAME"));
        foreach (var key in await keys.ListAsync(CancellationToken.None))
        {
            Console.WriteLine(Line(
                key.Prefix, key.Owner, string.Join(',', key.Scopes), Text(key.CreatedAt), key.LastUsedAt is { } used ? Text(used) : "never", Status(key), key.Name ?? ""));
        }
    }

    private static async Task RevokeAsync(ApiKeys keys, string idOrPrefix)
    {
        var key = await keys.RevokeAsync(idOrPrefix, CancellationToken.None)
            ?? throw new StartException($"there is no key \"{idOrPrefix}\" that still opens anything: 'agentprotocol key list' shows them.");
        Console.WriteLine($"{key.Prefix} is revoked. Servers that run stop accepting it within seconds.");
    }

    private static string Status(ApiKey key) => key switch
    {
        { RevokedAt: { } at } => $"revoked {Text(at)}",
        { ExpiresAt: { } at } when at <= TimeProvider.System.GetUtcNow() => $"expired {Text(at)}",
        { ExpiresAt: { } at } => $"until {Text(at)}",
        _ => "valid",
    };

    private static string Line(string prefix, string owner, string scopes, string created, string used, string status, string name) =>
        $"{prefix,-18}{owner,-18}{scopes,-16}{created,-18}{used,-18}{status,-27}{name}".TrimEnd();

    private static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}

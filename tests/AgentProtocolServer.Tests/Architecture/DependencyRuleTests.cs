using System.Reflection;
using System.Text.RegularExpressions;
using AgentProtocol.Agents;
using AgentProtocol.AspNetCore;
using AgentProtocol.Contracts;
using AgentProtocol.DevPostgres;
using AgentProtocol.Engine;
using AgentProtocol.Hangfire;
using AgentProtocolServer.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Architecture;

/// <summary>The direction of dependencies, as docs/architecture.md draws it.</summary>
public sealed partial class DependencyRuleTests
{
    private static readonly string[] Core = ["Lifecycle", "State", "Storage", "Events", "Queue"];

    // Each room uses the rooms before it. The two halves meet only in the queue and the event log, so that one image
    // can run as API, as worker, or both.
    private static readonly Dictionary<string, string[]> Rooms = new(
        Core.Select((room, index) => KeyValuePair.Create(room, Core[..index])))
    {
        ["Observability"] = [],
        ["Threads"] = [.. Core, "Runs"],
        ["Assistants"] = [.. Core, "Threads"],
        ["Runs"] = [.. Core, "Threads", "Assistants"],
        ["Streams"] = Core,
        ["Webhooks"] = Core,
        // A schedule is one more caller of runs.
        ["Crons"] = [.. Core, "Threads", "Runs"],
        // Called by endpoints and, on behalf of agents, by executions.
        ["Store"] = Core,
        ["Execution"] = [.. Core, "Store"],
        ["Access"] = ["Storage"],
    };

    private static readonly Dictionary<Assembly, Assembly[]> Assemblies = new()
    {
        [typeof(ProtocolJsonContext).Assembly] = [],
        [typeof(PrivatePostgres).Assembly] = [],
        [typeof(IAgent).Assembly] = [typeof(ProtocolJsonContext).Assembly],
        [typeof(EngineSchema).Assembly] = [typeof(IAgent).Assembly, typeof(ProtocolJsonContext).Assembly],
        [typeof(LimitsOptions).Assembly] = [typeof(EngineSchema).Assembly, typeof(IAgent).Assembly, typeof(ProtocolJsonContext).Assembly],
        [typeof(HangfireQueue).Assembly] =
            [typeof(LimitsOptions).Assembly, typeof(EngineSchema).Assembly, typeof(IAgent).Assembly, typeof(ProtocolJsonContext).Assembly],
        [typeof(ServerHost).Assembly] =
        [
            typeof(HangfireQueue).Assembly, typeof(LimitsOptions).Assembly, typeof(EngineSchema).Assembly, typeof(IAgent).Assembly,
            typeof(ProtocolJsonContext).Assembly, typeof(PrivatePostgres).Assembly,
        ],
    };

    [Fact]
    public void Assemblies_form_a_line()
    {
        foreach (var (assembly, allowed) in Assemblies)
        {
            var ours = References(assembly).Where(name => name.StartsWith("AgentProtocol", StringComparison.OrdinalIgnoreCase));
            AssertNone(ours.Except(allowed.Select(Name)).Select(name => $"{Name(assembly)} uses {name}"));
        }
    }

    [Fact]
    public void Agents_see_no_database_and_neither_they_nor_the_engine_see_the_web()
    {
        Assert.DoesNotContain(References(typeof(IAgent).Assembly), IsDatabase);
        Assert.DoesNotContain(References(typeof(IAgent).Assembly), IsWeb);
        Assert.DoesNotContain(References(typeof(EngineSchema).Assembly), IsWeb);

        static bool IsDatabase(string name) => name.StartsWith("Npgsql", StringComparison.Ordinal) || name.StartsWith("Microsoft.EntityFrameworkCore", StringComparison.Ordinal);
        static bool IsWeb(string name) => name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal);
    }

    [Fact]
    public void Rooms_of_the_engine_use_only_the_rooms_before_them()
    {
        var folders = Directory.GetDirectories(Checkout.PathOf("src/AgentProtocol.Engine")).Select(Path.GetFileName);
        Assert.Equal(Rooms.Keys.Order(), folders.Order());

        var breaches =
            from room in Rooms
            from file in Sources($"src/AgentProtocol.Engine/{room.Key}")
            from used in RoomsUsed(file.Text).Distinct()
            where used != room.Key && used != "Observability" && !room.Value.Contains(used)
            select $"{file.Path} uses {used}";
        AssertNone(breaches);
    }

    [Fact]
    public void Endpoints_see_neither_tables_nor_connections() =>
        AssertNone(FilesThat(DatabaseAccess(), "src/AgentProtocol.AspNetCore"));

    [Fact]
    public void Sql_is_composed_only_in_storage_queue_and_events()
    {
        // The private PostgreSQL is not one of our databases: it uses nothing of ours and creates one.
        var outside = FilesThat(SqlComposition(), "src").Where(file =>
            !SqlRooms().IsMatch(file) && !file.StartsWith("src/AgentProtocol.DevPostgres/", StringComparison.Ordinal));
        AssertNone(outside);
    }

    [Fact]
    public void The_rules_find_what_they_look_for()
    {
        Assert.Equal(
            ["Events", "Queue", "State", "Storage"],
            RoomsUsed("using AgentProtocol.Engine.Events;\nusing static AgentProtocol.Engine.Queue.X;\nAgentProtocol.Engine.State.JsonText a; Storage.Rows.RunRow b; c.Runs.D();").Order());
        Assert.Matches(SqlComposition(), "new NpgsqlCommand(\"select 1\")");
        Assert.Matches(SqlComposition(), "context.Database.ExecuteSqlRawAsync(");
        Assert.Matches(DatabaseAccess(), "NpgsqlConnection session");
        Assert.DoesNotMatch(DatabaseAccess(), "catch (NpgsqlException");
    }

    private static void AssertNone(IEnumerable<string> breaches) =>
        Assert.True(!breaches.Any(), string.Join(Environment.NewLine, breaches));

    private static IEnumerable<string> FilesThat(Regex match, string folder) =>
        Sources(folder).Where(file => match.IsMatch(file.Text)).Select(file => file.Path);

    private static IEnumerable<(string Path, string Text)> Sources(string folder) =>
        Checkout.Files(folder, "*.cs").Select(file => (file, File.ReadAllText(Checkout.PathOf(file))));

    private static IEnumerable<string> RoomsUsed(string text) =>
        RoomName().Matches(text).Select(match => match.Groups["room"].Value).Where(Rooms.ContainsKey);

    private static IEnumerable<string> References(Assembly assembly) => assembly.GetReferencedAssemblies().Select(name => name.Name!);

    private static string Name(Assembly assembly) => assembly.GetName().Name!;

    // In full, or from inside of the namespace `AgentProtocol.Engine`; a member of an object has a dot before it.
    [GeneratedRegex(@"\bAgentProtocol\.Engine\.(?<room>\w+)|(?<![\w.])(?<room>[A-Z]\w+)\.[A-Z]")]
    private static partial Regex RoomName();

    [GeneratedRegex(@"\b(ProtocolDbContext|ProtocolDatabase|Npgsql(Connection|DataSource|Command|Batch|Transaction))\b|AgentProtocol\.Engine\.(Storage|Queue|Events|Execution)")]
    private static partial Regex DatabaseAccess();

    [GeneratedRegex(@"\b(Npgsql(Command|Batch|BatchCommand)|CreateCommand|CreateBatch|ExecuteSql\w*|FromSql\w*|SqlQuery\w*)\b")]
    private static partial Regex SqlComposition();

    [GeneratedRegex("^src/AgentProtocol.Engine/(Storage|Queue|Events)/")]
    private static partial Regex SqlRooms();
}

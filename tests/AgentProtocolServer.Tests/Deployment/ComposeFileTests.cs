using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AgentProtocol.Engine;
using AgentProtocolServer.Tests.Architecture;
using AgentProtocolServer.Tests.Docs;
using AgentProtocolServer.Tests.Hosting;
using Npgsql;
using Xunit;

namespace AgentProtocolServer.Tests.Deployment;

/// <summary>docker-compose.yml, the proxy's configuration and the Dockerfile mean the same server.</summary>
public sealed partial class ComposeFileTests
{
    private static readonly JsonNode Services = YamlFile.Read("docker-compose.yml")["services"]!;

    public static TheoryData<string> Nodes => ["node-1", "node-2"];

    [Fact]
    public void Variables_of_image_and_services_are_settings_that_exist()
    {
        var variables = Nodes.SelectMany(node => Environment(node.Data).Select(pair => pair.Key)).Concat(ImageFile.Current.Environment.Keys);
        Assert.Equal([], KnownSettings.Unknown(variables));
    }

    [Theory]
    [MemberData(nameof(Nodes))]
    public void A_node_is_given_longer_to_stop_than_its_drain_and_the_end_of_its_requests(string node)
    {
        // The host gives its services 30 s.
        var needed = new RunsOptions().DrainTimeout + TimeSpan.FromSeconds(30);
        Assert.InRange(Seconds(Services[node]!["stop_grace_period"]!), needed, TimeSpan.MaxValue);
    }

    [Theory]
    [MemberData(nameof(Nodes))]
    public void A_node_starts_when_the_database_answers_and_has_no_rights_it_does_not_need(string node)
    {
        var service = Services[node]!;
        Assert.Equal("service_healthy", service["depends_on"]!["postgres"]!["condition"]!.GetValue<string>());
        Assert.True(service["read_only"]!.GetValue<bool>());
        Assert.Equal("ALL", service["cap_drop"]![0]!.GetValue<string>());
        Assert.Null(service["ports"]);
    }

    [Theory]
    [MemberData(nameof(Nodes))]
    public void A_node_is_closed_until_there_is_a_key(string node) =>
        Assert.Equal("ApiKey", Environment(node)["Auth__Mode"]!.GetValue<string>());

    /// <summary>What is tested with processes and chaos is how Hangfire works at this size.</summary>
    [Theory]
    [MemberData(nameof(Nodes))]
    public void A_node_has_room_for_as_many_runs_as_the_tests_give_it(string node) =>
        Assert.Equal(Queues.DeployedRuns, Environment(node)["Runs__MaxConcurrent"]!.GetValue<string>());

    [Fact]
    public void All_nodes_together_leave_connections_free()
    {
        // Beside each there are pools of at most ten for lists, and of at most thirty for Hangfire, which the image has (docs/operations.md).
        const int Superusers = 3, OwnOfANode = 3, Lists = 10, Hangfire = 30;
        var allowed = Services["postgres"]!["command"]!.AsArray().Select(word => word!.GetValue<string>())
            .Where(word => word.StartsWith("max_connections=", StringComparison.Ordinal)).Select(word => int.Parse(word.Split('=')[1], System.Globalization.CultureInfo.InvariantCulture)).Single();
        var pools = Nodes.Sum(node => new NpgsqlConnectionStringBuilder(
            Default(Environment(node.Data)["ConnectionStrings__Postgres"]!)).MaxPoolSize);
        Assert.InRange(pools + (Nodes.Count * (OwnOfANode + Lists + Hangfire)), 1, allowed - Superusers);
    }

    [Fact]
    public void Only_the_proxy_is_reached_from_outside_and_only_from_this_machine()
    {
        var published = Services.AsObject().Where(service => service.Value!["ports"] is not null).ToArray();
        Assert.Equal("proxy", Assert.Single(published).Key);
        Assert.StartsWith("127.0.0.1:", Default(published[0].Value!["ports"]![0]!.GetValue<string>()), StringComparison.Ordinal);
    }

    [Fact]
    public void The_proxy_passes_on_to_all_nodes_at_the_port_of_the_image()
    {
        var upstreams = Upstream().Matches(File.ReadAllText(Checkout.PathOf(NginxProcess.Configuration))).Select(match => match.Groups[1].Value);
        Assert.Equal(Nodes.Select(node => $"{node.Data}:{ImageFile.Current.Port}"), upstreams);
        Assert.EndsWith($":{ImageFile.Current.Port}", ImageFile.Current.Environment["Server__Urls"], StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_are_mounted_or_copied_exist()
    {
        var mounted = Services.AsObject().SelectMany(service => service.Value!["volumes"]?.AsArray() ?? []).Select(volume => Default(volume!.GetValue<string>()));
        var paths = mounted.Where(volume => volume.StartsWith("./", StringComparison.Ordinal)).Select(volume => volume.Split(':')[0]).Concat(ImageFile.Current.Sources).ToArray();
        Assert.Contains("src/", paths);
        Assert.Equal([], paths.Where(path => !Path.Exists(Checkout.PathOf(path))));
    }

    [Fact]
    public void What_the_image_copies_is_let_into_the_build()
    {
        var allowed = File.ReadAllLines(Checkout.PathOf(".dockerignore")).Where(line => line.StartsWith('!')).Select(line => line[1..]);
        Assert.Equal(allowed.Order(), ImageFile.Current.Sources.Select(source => source.TrimEnd('/')).Order());
    }

    private static JsonObject Environment(string service) => Services[service]!["environment"]!.AsObject();

    private static TimeSpan Seconds(JsonNode text) =>
        TimeSpan.FromSeconds(int.Parse(text.GetValue<string>().TrimEnd('s'), System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>What <c>${NAME:-default}</c> is where nothing is set.</summary>
    private static string Default(JsonNode text) => Default(text.GetValue<string>());

    private static string Default(string text) => Variable().Replace(text, match => match.Groups[1].Value);

    [GeneratedRegex(@"\$\{\w+:-([^}]*)\}")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^\s+server ([\w.:-]+) ", RegexOptions.Multiline)]
    private static partial Regex Upstream();
}

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AgentProtocol.Engine;
using AgentProtocolServer.Tests.Architecture;
using AgentProtocolServer.Tests.Docs;
using AgentProtocolServer.Tests.Hosting;
using NJsonSchema;
using Xunit;

namespace AgentProtocolServer.Tests.Deployment;

/// <summary>The chart, as far as it can be judged without Helm; the public CI renders it.</summary>
public sealed partial class ChartTests
{
    private const string Chart = "deploy/helm/agent-protocol-server";

    private static readonly JsonNode Values = YamlFile.Read($"{Chart}/values.yaml");

    private static readonly string Templates = string.Join('\n', Checkout.Files($"{Chart}/templates").Select(file => File.ReadAllText(Checkout.PathOf(file))));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_values_of_the_chart_are_as_its_schema_wants_them() =>
        Assert.Empty((await SchemaAsync()).Validate(Values.ToJsonString()));

    [Theory]
    [InlineData("layout", "\"neither\"")]
    [InlineData("replicas", "3")]
    [InlineData("settings", """{"Runs__MaxConcurrent":500}""")]
    [InlineData("settings", """{"Runs:MaxConcurrent":"500"}""")]
    [InlineData("terminationGracePeriodSeconds", "30")]
    [InlineData("agents", """[{"kind":"llm"}]""")]
    public async Task A_value_that_would_do_nothing_or_harm_is_refused(string name, string json)
    {
        var wrong = Values.DeepClone();
        wrong[name] = JsonNode.Parse(json);
        Assert.NotEmpty((await SchemaAsync()).Validate(wrong.ToJsonString()));
    }

    [Fact]
    public void A_pod_has_room_for_as_many_runs_as_the_tests_give_a_node() =>
        Assert.Equal(Queues.DeployedRuns, Values["settings"]!["Runs__MaxConcurrent"]!.GetValue<string>());

    [Fact]
    public void Variables_of_the_chart_are_settings_that_exist()
    {
        var variables = Name().Matches(Templates).Select(match => match.Groups[1].Value).ToArray();
        Assert.Equal(["ConnectionStrings__Postgres", "Server__Roles"], variables.Order());
        Assert.Equal([], KnownSettings.Unknown(variables.Concat(Values["settings"]!.AsObject().Select(setting => setting.Key))));
    }

    [Fact]
    public void Templates_use_values_that_there_are()
    {
        var paths = Used().Matches(Templates).Select(match => match.Groups[1].Value).Distinct().ToArray();
        Assert.Contains("ingress.tlsSecret", paths);
        Assert.Equal([], paths.Where(path => !Exists(path)));
    }

    [Fact]
    public void A_pod_is_given_longer_to_end_than_its_pause_its_drain_and_the_end_of_its_requests()
    {
        var needed = Values["preStopSeconds"]!.GetValue<int>() + new RunsOptions().DrainTimeout.TotalSeconds + 30;
        Assert.InRange(Values["terminationGracePeriodSeconds"]!.GetValue<int>(), needed, double.MaxValue);
    }

    [Fact]
    public void Pods_run_as_the_user_of_the_image_listen_where_it_does_and_are_closed_without_a_key()
    {
        Assert.Contains($"runAsUser: {ImageFile.Current.User}\n", Templates, StringComparison.Ordinal);
        Assert.Contains($"containerPort: {ImageFile.Current.Port}\n", Templates, StringComparison.Ordinal);
        Assert.Contains($"mountPath: {ImageFile.Current.WorkingDirectory}\n", Templates, StringComparison.Ordinal);
        Assert.Equal("ApiKey", Values["settings"]!["Auth__Mode"]!.GetValue<string>());
    }

    [Fact]
    public void The_chart_is_for_the_version_of_the_server() =>
        Assert.Contains(
            $"<Version>{YamlFile.Read($"{Chart}/Chart.yaml")["appVersion"]!.GetValue<string>()}</Version>",
            File.ReadAllText(Checkout.PathOf("Directory.Build.props")),
            StringComparison.Ordinal);

    private static Task<JsonSchema> SchemaAsync() => JsonSchema.FromFileAsync(Checkout.PathOf($"{Chart}/values.schema.json"), Token);

    private static bool Exists(string path)
    {
        var node = Values;
        foreach (var name in path.Split('.'))
        {
            // A setting that is not set is asked for, too.
            if (node is not JsonObject members || (!members.TryGetPropertyValue(name, out node) && !path.StartsWith("settings.", StringComparison.Ordinal)))
            {
                return false;
            }
        }

        return true;
    }

    [GeneratedRegex(@"- name: (\w+__\w+)")]
    private static partial Regex Name();

    [GeneratedRegex(@"\.Values\.([\w.]+)")]
    private static partial Regex Used();
}

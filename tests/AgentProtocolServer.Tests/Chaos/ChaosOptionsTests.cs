using AgentProtocol.Chaos;
using AgentProtocol.Chaos.Cluster;
using AgentProtocolServer.Tests.Deployment;
using Xunit;

namespace AgentProtocolServer.Tests.Chaos;

/// <summary>What a run of the chaos test is given.</summary>
public sealed class ChaosOptionsTests
{
    [Fact]
    public void Settings_of_nodes_and_the_limit_of_takeovers_are_read()
    {
        var options = ChaosOptions.Parse(["--server", "s", "--set", "Runs:MaxConcurrent=200", "--set", "Hangfire:PollInterval=00:00:01", "--takeover", "5s"]);
        Assert.Equal([("Runs:MaxConcurrent", "200"), ("Hangfire:PollInterval", "00:00:01")], options.Settings.Select(setting => (setting.Key, setting.Value)));
        Assert.Equal(TimeSpan.FromSeconds(5), options.Takeover);
        Assert.Null(ChaosOptions.Parse(["--server", "s"]).Takeover);
    }

    [Theory]
    [InlineData("Runs:MaxConcurrent")]
    [InlineData("MaxConcurrent=200")]
    [InlineData("=200")]
    public void What_is_no_setting_is_refused(string text) => Assert.Throws<FormatException>(() => ChaosOptions.Parse(["--server", "s", "--set", text]));

    [Fact]
    public void Any_number_of_nodes_takes_the_place_of_those_in_the_proxy_s_file()
    {
        var committed = File.ReadAllLines(Architecture.Checkout.PathOf(NginxProcess.Configuration));
        var lines = ProxyFile.For(81, ["a:1", "b:2", "c:3"]).TrimEnd().Split('\n');
        Assert.Equal(
            ["    listen 127.0.0.1:81;", .. new[] { "a:1", "b:2", "c:3" }.Select(node => $"    server {node} max_fails=1 fail_timeout=1s;")], lines.Except(committed).Order());
        Assert.Equal(3, committed.Except(lines).Count());
    }
}

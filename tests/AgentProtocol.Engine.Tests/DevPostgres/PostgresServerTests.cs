using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.DevPostgres;

public sealed class PostgresServerTests
{
    private static readonly PostgresServer Contained = new("Host=contained", "one in a container", () => Task.CompletedTask);
    private static readonly PostgresServer Private = new("Host=private", "a private one", () => Task.CompletedTask);

    private readonly List<string> asked = [];

    [Fact]
    public async Task The_configured_server_is_taken_without_starting_another_and_never_stopped()
    {
        var server = await ChooseAsync("Host=configured", Contained);

        Assert.Equal("Host=configured", server.ConnectionString);
        Assert.Contains("AGENTPROTOCOL_TEST_POSTGRES", server.Description, StringComparison.Ordinal);
        Assert.Null(server.StopAsync);
        Assert.Empty(asked);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public async Task A_container_comes_before_a_private_server_which_is_not_started(string? configured)
    {
        Assert.Same(Contained, await ChooseAsync(configured, Contained));
        Assert.Equal(["container"], asked);
    }

    [Fact]
    public async Task Where_there_can_be_no_container_the_server_is_private()
    {
        Assert.Same(Private, await ChooseAsync(null, null));
        Assert.Equal(["container", "private"], asked);
    }

    [Fact]
    public async Task A_container_that_does_not_start_is_not_replaced_in_silence()
    {
        var problem = new InvalidOperationException("The image cannot be pulled.");

        Assert.Same(problem, await Assert.ThrowsAsync<InvalidOperationException>(
            () => PostgresServer.ChooseAsync(null, () => Task.FromException<PostgresServer?>(problem), () => Task.FromResult(Private))));
    }

    private Task<PostgresServer> ChooseAsync(string? configured, PostgresServer? contained) => PostgresServer.ChooseAsync(
        configured,
        () =>
        {
            asked.Add("container");
            return Task.FromResult(contained);
        },
        () =>
        {
            asked.Add("private");
            return Task.FromResult(Private);
        });
}

using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentProtocol.Agents;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>When steps are committed (wire-contract 5.12).</summary>
public sealed class DurabilityTests
{
    [Fact]
    public async Task With_sync_a_step_is_committed_before_the_next_one_begins()
    {
        var agent = new LookingAgent();
        await using var server = await TestServer.StartAsync([new AgentDefinition { Id = "looking", Agent = agent }], []);
        agent.Client = server.Client;

        var values = await server.Client.PostAsync("/runs/wait", new { assistant_id = "looking", durability = "sync" }).OkAsync();

        Assert.Equal(Enumerable.Range(1, LookingAgent.Steps), agent.Seen);
        Assert.Equal(LookingAgent.Steps, values.GetProperty("step").GetInt32());
    }

    [Fact]
    public async Task A_step_that_is_announced_begins_when_those_before_it_are_committed()
    {
        var agent = new LookingAgent { Announces = true };
        await using var server = await TestServer.StartAsync([new AgentDefinition { Id = "looking", Agent = agent }], []);
        agent.Client = server.Client;

        await server.Client.PostAsync("/runs/wait", new { assistant_id = "looking" }).OkAsync();

        Assert.Equal(Enumerable.Range(1, LookingAgent.Steps), agent.Seen);
    }

    [Theory]
    [InlineData("""{"durability":"async"}""")]
    [InlineData("""{"durability":"exit"}""")]
    [InlineData("""{"checkpoint_during":true}""")]
    [InlineData("""{"checkpoint_during":false}""")]
    public async Task In_every_mode_no_step_is_missing_in_the_end(string body)
    {
        var agent = new LookingAgent();
        await using var server = await TestServer.StartAsync([new AgentDefinition { Id = "looking", Agent = agent }], ["--Agents:Default=looking"]);
        agent.Client = server.Client;
        var thread = await server.Client.NewThreadAsync();

        await server.Client.PostAsync($"/threads/{thread}/runs/wait", body).OkAsync();

        var history = await server.Client.GetJsonAsync($"/threads/{thread}/history?limit=100");
        Assert.Equal(
            Enumerable.Range(1, LookingAgent.Steps).Reverse(),
            history.EnumerateArray().Where(state => state.GetProperty("values").TryGetProperty("step", out _)).Select(state => state.GetProperty("values").GetProperty("step").GetInt32()));
    }

    /// <summary>Looks after each step which one others see.</summary>
    private sealed class LookingAgent : IAgent
    {
        public const int Steps = 20;

        public HttpClient? Client { get; set; }

        /// <summary>Whether it says that a step begins before it looks.</summary>
        public bool Announces { get; init; }

        public List<int> Seen { get; } = [];

        public async IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            for (var step = 1; step <= Steps; step++)
            {
                yield return new AgentEvent.StateUpdate("looking", JsonSerializer.SerializeToElement(new { step }));
                if (Announces)
                {
                    yield return new AgentEvent.StepStarted("looking");
                }

                var state = await Client!.GetJsonAsync($"/threads/{context.ThreadId}/state");
                Seen.Add(state.GetProperty("values").TryGetProperty("step", out var seen) ? seen.GetInt32() : 0);
            }
        }
    }
}

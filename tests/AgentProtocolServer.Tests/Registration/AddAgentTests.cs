using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentProtocol.Agents;
using AgentProtocol.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace AgentProtocolServer.Tests.Registration;

/// <summary>How an app adds agents that are C# classes.</summary>
public sealed class AddAgentTests
{
    [Fact]
    public async Task A_class_is_an_agent_with_what_the_app_says_of_it()
    {
        await using var app = Build(agents => agents.AddAgent<UnitAgent>(
            "unit", agent => agent with { Name = "Unit", MaxConcurrentRuns = 4, Limits = new AgentLimits(Idle: TimeSpan.FromMinutes(1)), OnSteer = SteerPolicy.Steer }));

        var agent = Agent(app, "unit");

        Assert.Equal(("Unit", "custom", 4, SteerPolicy.Steer), (agent.Name, agent.Kind, agent.MaxConcurrentRuns, agent.OnSteer));
        Assert.Equal(TimeSpan.FromMinutes(1), agent.Limits.Idle);
    }

    [Fact]
    public async Task One_instance_serves_all_runs_unless_the_app_wants_another()
    {
        await using var app = Build(agents => agents.AddAgent<UnitAgent>("unit", "Unit", "Works."));

        Assert.Equal("Works.", Agent(app, "unit").Description);
        Assert.Single((await RunTwiceAsync(app)).Distinct());
    }

    [Theory]
    [InlineData(ServiceLifetime.Scoped)]
    [InlineData(ServiceLifetime.Transient)]
    public async Task An_execution_can_have_an_instance_and_services_of_its_own_which_end_with_it(ServiceLifetime lifetime)
    {
        await using var app = Build(agents => agents.AddAgent<UnitAgent>("unit", agent => agent, lifetime));

        var units = await RunTwiceAsync(app);

        Assert.Equal(2, units.Distinct().Count());
        Assert.All(units, unit => Assert.True(unit.IsDisposed));
    }

    [Fact]
    public async Task A_scope_ends_when_its_execution_is_given_up()
    {
        await using var app = Build(agents => agents.AddAgent<UnitAgent>("unit", agent => agent, ServiceLifetime.Scoped));
        var units = app.Services.GetRequiredService<List<Unit>>();

        await foreach (var _ in Agent(app, "unit").Agent.RunAsync(Context(), TestContext.Current.CancellationToken))
        {
            Assert.False(Assert.Single(units).IsDisposed);
            break;
        }

        Assert.True(Assert.Single(units).IsDisposed);
    }

    [Fact]
    public async Task An_agent_can_be_made_with_the_services_of_the_app()
    {
        await using var app = Build(agents => agents.AddAgent(services => new AgentDefinition
        {
            Id = "made",
            Agent = new UnitAgent(new Unit(), services.GetRequiredService<List<Unit>>()),
        }));

        Assert.IsType<UnitAgent>(Agent(app, "made").Agent);
    }

    [Fact]
    public async Task Metadata_that_cannot_be_searched_is_refused_by_name()
    {
        await using var app = Build(agents => agents.AddAgent<UnitAgent>("unit", agent => agent with { Metadata = JsonElement.Parse("[]") }));

        Assert.Contains("\"unit\"", Assert.Throws<AgentConfigurationException>(() => Agent(app, "unit")).Message, StringComparison.Ordinal);
    }

    private static WebApplication Build(Action<AgentProtocolBuilder> add)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddSingleton(new List<Unit>()).AddScoped<Unit>();
        add(builder.Services.AddAgentProtocol(builder.Configuration));
        return builder.Build();
    }

    private static AgentDefinition Agent(WebApplication app, string id) => app.Services.GetRequiredService<AgentRegistry>().Find(id)!;

    /// <summary>The units of work that two runs had.</summary>
    private static async Task<List<Unit>> RunTwiceAsync(WebApplication app)
    {
        for (var i = 0; i < 2; i++)
        {
            await foreach (var _ in Agent(app, "unit").Agent.RunAsync(Context(), TestContext.Current.CancellationToken))
            {
            }
        }

        return app.Services.GetRequiredService<List<Unit>>();
    }

    private static AgentContext Context() => new()
    {
        RunId = Guid.NewGuid(),
        ThreadId = Guid.NewGuid(),
        AgentId = "unit",
        Attempt = 1,
        CompletedSteps = 0,
        Input = default,
        State = new AgentState([], new Dictionary<string, JsonElement>()),
        Config = default,
        Context = default,
    };

    /// <summary>A service that two runs must not share.</summary>
    private sealed class Unit : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    private sealed class UnitAgent(Unit unit, List<Unit> used) : IAgent
    {
        public async IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.Yield();
            used.Add(unit);
            yield return new AgentEvent.Progress(1);
            yield return new AgentEvent.Progress(2);
        }
    }
}

using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentProtocol.Agents;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddAgentProtocol(builder.Configuration).AddAgent<HelloAgent>("hello");

var app = builder.Build();
app.UseAgentProtocol();
app.MapAgentProtocol();
app.Run();

/// <summary>Greets, and says how many messages it has seen.</summary>
internal sealed class HelloAgent : IAgent
{
    public async IAsyncEnumerable<AgentEvent> RunAsync(
        AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        var text = $"Hello! I have seen {context.State.Messages.Count} messages.";
        var message = new { messages = new[] { new { type = "ai", content = text } } };
        yield return new AgentEvent.StateUpdate("hello", JsonSerializer.SerializeToElement(message));
    }
}

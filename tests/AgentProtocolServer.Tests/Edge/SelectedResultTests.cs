using AgentProtocol.AspNetCore.Results;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Threads;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace AgentProtocolServer.Tests.Edge;

public sealed class SelectedResultTests
{
    [Fact]
    public async Task Only_selected_members_are_shown_and_payloads_stay_as_they_are()
    {
        var thread = new AgentProtocol.Contracts.Threads.Thread
        {
            ThreadId = Guid.Empty,
            CreatedAt = DateTime.UnixEpoch,
            UpdatedAt = DateTime.UnixEpoch,
            StateUpdatedAt = null,
            Metadata = new RawJson("""{"b":1.0,"ä":"\u00e4"}"""),
            Status = ThreadStatus.Idle,
            Values = RawJson.EmptyObject,
            Messages = RawJson.EmptyArray,
            Interrupts = RawJson.EmptyObject,
            Config = RawJson.EmptyObject,
            Error = null,
        };
        await using var host = await EdgeHost.StartAsync(app => app.MapGet("/", () =>
            new SelectedResult<AgentProtocol.Contracts.Threads.Thread>(
                [thread, thread], ProtocolJsonContext.Default.Thread, ["metadata", "status"])));
        var text = await host.Client.GetStringAsync("/", TestContext.Current.CancellationToken);
        const string Item = """{"metadata":{"b":1.0,"ä":"\u00e4"},"status":"idle"}""";
        Assert.Equal($"[{Item},{Item}]", text);
    }
}

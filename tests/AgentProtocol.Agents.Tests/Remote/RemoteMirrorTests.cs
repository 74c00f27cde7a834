using System.Text.Json;
using AgentProtocol.Agents.Remote;

namespace AgentProtocol.Agents.Tests.Remote;

public class RemoteMirrorTests
{
    private static readonly JsonElement A = JsonElement.Parse("""{"type":"human","id":"a","content":"one"}""");
    private static readonly JsonElement B = JsonElement.Parse("""{"type":"human","id":"b","content":"two"}""");

    [Fact]
    public void Message_that_has_left_our_thread_is_not_taken_out_of_it_again()
    {
        RemoteMirror mirror = new(new AgentState([A, B], new Dictionary<string, JsonElement>()), Guid.CreateVersion7());
        mirror.Saw(Values(A, B));

        mirror.Add([JsonElement.Parse("""{"type":"remove","id":"b","content":""}""")]);

        Assert.False(mirror.Has("b"));
        Assert.Null(mirror.Adopt(Values(A)));
    }

    private static JsonElement Values(params JsonElement[] messages) => JsonSerializer.SerializeToElement(new { messages });
}

using System.Text.Json;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Threads;
using Xunit;

namespace AgentProtocol.Contracts.Tests.Threads;

public sealed class ThreadJsonTests
{
    [Fact]
    public void Required_members_are_there_even_as_null_and_optional_ones_are_not()
    {
        var thread = new Thread
        {
            ThreadId = Guid.Empty,
            CreatedAt = DateTime.UnixEpoch,
            UpdatedAt = DateTime.UnixEpoch,
            StateUpdatedAt = null,
            Metadata = RawJson.EmptyObject,
            Status = ThreadStatus.Idle,
            Values = RawJson.EmptyObject,
            Messages = RawJson.EmptyArray,
            Interrupts = RawJson.EmptyObject,
            Config = RawJson.EmptyObject,
            Error = null,
        };
        Assert.Equal(
            """{"thread_id":"00000000-0000-0000-0000-000000000000","created_at":"1970-01-01T00:00:00Z","updated_at":"1970-01-01T00:00:00Z","""
            + "\"" + """state_updated_at":null,"metadata":{},"status":"idle","values":{},"messages":[],"interrupts":{},"config":{},"error":null}""",
            JsonSerializer.Serialize(thread, ProtocolJsonContext.Default.Thread));
    }

    [Fact]
    public void An_empty_state_shows_its_nulls()
    {
        var state = new ThreadState
        {
            Values = RawJson.EmptyObject,
            Messages = RawJson.EmptyArray,
            Next = [],
            Tasks = RawJson.EmptyArray,
            Metadata = RawJson.EmptyObject,
            CreatedAt = null,
            Checkpoint = null,
            ParentCheckpoint = null,
            Interrupts = RawJson.EmptyArray,
        };
        Assert.Equal(
            """{"values":{},"messages":[],"next":[],"tasks":[],"metadata":{},"created_at":null,"checkpoint":null,"parent_checkpoint":null,"""
            + "\"" + """interrupts":[],"checkpoint_id":null,"parent_checkpoint_id":null}""",
            JsonSerializer.Serialize(state, ProtocolJsonContext.Default.ThreadState));
    }
}

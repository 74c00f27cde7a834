using System.Text.Json;

namespace AgentProtocol.Agents;

/// <summary>One thing that happened in a run. The server writes it down, merges it and publishes it.</summary>
public abstract record AgentEvent
{
    private AgentEvent()
    {
    }

    /// <summary>
    /// A step is finished. Its update is merged into the thread's state and committed as a checkpoint; after a crash
    /// the run goes on from here.
    /// </summary>
    /// <param name="Node">The step's name on the wire.</param>
    /// <param name="Update">
    /// An object. <c>messages</c> are appended, or replace the message of the same id; every other key is set.
    /// </param>
    public sealed record StateUpdate(string Node, JsonElement Update) : AgentEvent;

    /// <summary>A piece of a message that is being written. The whole message follows in a <see cref="StateUpdate"/>.</summary>
    /// <param name="Node">The step that writes it.</param>
    /// <param name="MessageId">The id that the whole message will have.</param>
    /// <param name="Text">The piece.</param>
    public sealed record MessageDelta(string Node, string MessageId, string Text) : AgentEvent;

    /// <summary>
    /// A step begins. Agents of one step need not say it; others do before each of their steps, which gives callers a place
    /// to stop the run (<c>interrupt_before</c>, <c>interrupt_after</c>): the agent is then not asked for more. Otherwise it is
    /// asked for more once all that it has said before is stored, so that a crash costs it no step but this one.
    /// </summary>
    /// <param name="Node">The step's name on the wire.</param>
    public sealed record StepStarted(string Node) : AgentEvent;

    /// <summary>
    /// The agent needs an answer of a person. When it has yielded all its questions it ends; the run is then
    /// <c>interrupted</c>, and a run that resumes the thread brings the answers in <see cref="AgentContext.Interrupts"/>.
    /// </summary>
    /// <param name="Value">The question, any JSON.</param>
    /// <param name="Id">Its id; made by the server when not given.</param>
    public sealed record Interrupt(JsonElement Value, string? Id = null) : AgentEvent;

    /// <summary>Something happened to a tool call.</summary>
    /// <param name="CallId">The call's id.</param>
    public abstract record Tool(string CallId) : AgentEvent;

    /// <summary>A tool is being called.</summary>
    /// <param name="CallId">The call's id.</param>
    /// <param name="Name">The tool.</param>
    /// <param name="Input">Its arguments; undefined when unknown.</param>
    public sealed record ToolStarted(string CallId, string Name, JsonElement Input) : Tool(CallId);

    /// <summary>A piece of a tool's output.</summary>
    /// <param name="CallId">The call's id.</param>
    /// <param name="Delta">The piece, any JSON.</param>
    public sealed record ToolOutput(string CallId, JsonElement Delta) : Tool(CallId);

    /// <summary>A tool has answered.</summary>
    /// <param name="CallId">The call's id.</param>
    /// <param name="Output">The answer, any JSON.</param>
    public sealed record ToolFinished(string CallId, JsonElement Output) : Tool(CallId);

    /// <summary>A tool has failed.</summary>
    /// <param name="CallId">The call's id.</param>
    /// <param name="Message">Why, for people.</param>
    public sealed record ToolFailed(string CallId, string Message) : Tool(CallId);

    /// <summary>Anything the agent wants its callers to see, on the stream mode <c>custom</c>.</summary>
    /// <param name="Data">Any JSON.</param>
    public sealed record Custom(JsonElement Data) : AgentEvent;

    /// <summary>How far the run is. The latest report is shown on the run, also after it ended.</summary>
    /// <param name="Percent">0 to 100, if known.</param>
    /// <param name="Phase">A short name of what is being done.</param>
    /// <param name="Note">A sentence for people.</param>
    public sealed record Progress(double? Percent = null, string? Phase = null, string? Note = null) : AgentEvent;

    /// <summary>Something that the agent has produced, shown with the run's progress, also after it ended. One of the same name is replaced.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Content">What it is, any JSON; small, or a reference such as a URL.</param>
    public sealed record Artifact(string Name, JsonElement Content) : AgentEvent;

    /// <summary>Tokens that one model call consumed. Reports are summed up on the run.</summary>
    /// <param name="InputTokens">Tokens read.</param>
    /// <param name="OutputTokens">Tokens written.</param>
    public sealed record Usage(long InputTokens, long OutputTokens) : AgentEvent;
}

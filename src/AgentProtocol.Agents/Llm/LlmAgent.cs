using AgentProtocol.Agents.Llm.Tools;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm;

/// <summary>
/// An agent that is a language model with instructions and tools. It reads the whole thread, answers in a message that is
/// streamed while it is written, runs the tools that the answer calls, and goes on so until an answer calls none.
/// </summary>
internal sealed class LlmAgent : IAgent
{
    private readonly IChatClient client;
    private readonly LlmAgentOptions options;
    private readonly ToolSet tools;
    private readonly OutputFormat? format;

    /// <param name="client">The model. Its failures are <see cref="AgentException"/>s.</param>
    /// <param name="options">What it is told.</param>
    /// <param name="tools">What it may call.</param>
    public LlmAgent(IChatClient client, LlmAgentOptions options, ToolSet tools)
    {
        this.client = client;
        this.options = options;
        this.tools = tools;
        format = options.OutputSchema is { } schema ? new OutputFormat(schema) : null;
    }

    /// <summary>A model with instructions and nothing else.</summary>
    public LlmAgent(IChatClient client, string? instructions, TimeProvider time)
        : this(client, new LlmAgentOptions { Instructions = instructions, Time = time }, new ToolSet([]))
    {
    }

    /// <inheritdoc />
    public IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, CancellationToken cancellationToken) =>
        new LlmRun(new ModelTurn(client, options, format, context), options, tools, format, context).ExecuteAsync(cancellationToken);
}

using Microsoft.Extensions.AI;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace AgentProtocol.Agents.Llm.Tools.Mcp;

/// <summary>The tools of a server, as an agent is given them.</summary>
/// <param name="server">The server.</param>
/// <param name="connections">The ways to servers, shared with other agents.</param>
/// <param name="approval">Which of its tools a person has to agree to.</param>
/// <param name="secrets">What it must not say.</param>
internal sealed class McpTools(McpServer server, McpConnections connections, ApprovalRule approval, Secrets secrets)
{
    /// <summary>Asks the server for its tools, and gives each a name that is not taken.</summary>
    /// <exception cref="AgentException">It cannot be reached, or lacks a tool that a person has to agree to.</exception>
    public async Task<IReadOnlyList<AIFunction>> ListAsync(ISet<string> taken, CancellationToken cancellationToken)
    {
        var offered = await OfferedAsync(cancellationToken);

        // A name that was mistyped must not let the tool that was meant run unasked.
        return approval.Names.Except(offered.Select(tool => tool.Name)).FirstOrDefault() is { } unknown
            ? throw new AgentException($"The MCP server {server.Name} has no tool \"{unknown}\", which requireApproval names.")
            : [.. offered.Select(tool => approval.Apply(ToFunction(tool, ToolNames.Free(tool.Name, server.Name, taken)), tool.Name))];
    }

    private async Task<IReadOnlyList<McpClientTool>> OfferedAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await connections.ListAsync(server, cancellationToken);
        }
        catch (ToolException exception)
        {
            // Without its tools the run cannot go on; with the next attempt it may.
            throw secrets.Conceal(new AgentException(exception.Message, retryable: true, exception.InnerException));
        }
    }

    private DescribedTool ToFunction(McpClientTool tool, string name) => new(name, tool.Description, tool.JsonSchema, async (arguments, cancellationToken) =>
    {
        var result = await CallAsync(tool.Name, arguments, cancellationToken);
        var text = secrets.Conceal(TextOf(result));
        return result.IsError is true ? throw new ToolException(text) : text;
    });

    private async Task<CallToolResult> CallAsync(string tool, IReadOnlyDictionary<string, object?> arguments, CancellationToken cancellationToken)
    {
        try
        {
            return await connections.CallAsync(server, tool, arguments, cancellationToken);
        }
        catch (Exception exception) when (secrets.AreIn(exception.ToString()))
        {
            // Such as the last lines of a program that has died.
            throw new ToolException(secrets.Conceal(exception.Message));
        }
    }

    private static string TextOf(CallToolResult result) =>
        result.Content.Count == 0 && result.StructuredContent is { } structured
            ? structured.GetRawText()
            : string.Join('\n', result.Content.Select(TextOf));

    private static string TextOf(ContentBlock block) => block switch
    {
        TextContentBlock text => text.Text,
        ImageContentBlock image => $"[An image, {image.MimeType}.]",
        AudioContentBlock audio => $"[A recording, {audio.MimeType}.]",
        EmbeddedResourceBlock { Resource: TextResourceContents text } => text.Text,
        ResourceLinkBlock link => link.Uri,
        _ => $"[{block.Type}]",
    };
}

using ModelContextProtocol.Client;

namespace AgentProtocol.Agents.Llm.Tools.Mcp;

/// <summary>An open connection to a server.</summary>
/// <param name="Client">The connection.</param>
/// <param name="Tools">The tools that the server offered when it was opened.</param>
internal sealed record McpSession(McpClient Client, IReadOnlyList<McpClientTool> Tools);

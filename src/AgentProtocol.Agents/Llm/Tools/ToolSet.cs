using AgentProtocol.Agents.Llm.Tools.Mcp;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm.Tools;

/// <summary>The tools of an agent: those that are known from the start, and those that servers offer.</summary>
internal sealed class ToolSet
{
    private readonly IReadOnlyList<AITool> known;
    private readonly IReadOnlyList<McpTools> servers;

    /// <exception cref="AgentConfigurationException">Two of the tools share a name, or one has a name that models do not accept.</exception>
    public ToolSet(IReadOnlyList<AITool> known, IReadOnlyList<McpTools>? servers = null)
    {
        (this.known, this.servers) = (known, servers ?? []);
        HashSet<string> names = [];
        foreach (var function in known.OfType<AIFunction>())
        {
            if (!ToolNames.IsValid(function.Name))
            {
                throw new AgentConfigurationException($"\"{function.Name}\" is no name for a tool: use 1 to 64 letters, digits, underscores and hyphens.");
            }

            if (!names.Add(function.Name))
            {
                throw new AgentConfigurationException($"Two tools of an agent are called \"{function.Name}\": give one of them another name.");
            }
        }
    }

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => known.Count == 0 && servers.Count == 0;

    /// <summary>Asks the servers for what they offer. What is called like another tool gets the name of its server before its own.</summary>
    /// <exception cref="AgentException">A server cannot be reached, or lacks a tool that a person has to agree to.</exception>
    public async Task<Toolbox> LoadAsync(CancellationToken cancellationToken)
    {
        List<AITool> tools = [.. known];
        var taken = known.OfType<AIFunction>().Select(function => function.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var server in servers)
        {
            tools.AddRange(await server.ListAsync(taken, cancellationToken));
        }

        return new Toolbox(tools);
    }
}

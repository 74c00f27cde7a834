using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm.Tools;

/// <summary>Which tools of an entry a person has to agree to.</summary>
/// <param name="All">Whether it is all of them.</param>
/// <param name="Names">The names of some; empty when it is all or none.</param>
internal sealed record ApprovalRule(bool All, IReadOnlyList<string> Names)
{
    /// <summary>The tool, marked when somebody has to agree to it.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="name">Its name where it comes from.</param>
    public AIFunction Apply(AIFunction tool, string name) =>
        All || Names.Contains(name) ? new ApprovalRequiredAIFunction(tool) : tool;
}

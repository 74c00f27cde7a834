using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm.Tools;

/// <summary>The tools that an attempt of a run works with.</summary>
internal sealed class Toolbox
{
    private readonly Dictionary<string, AIFunction> byName = new(StringComparer.Ordinal);

    public Toolbox(IReadOnlyList<AITool> tools)
    {
        Tools = tools;
        foreach (var function in tools.OfType<AIFunction>())
        {
            byName.Add(function.Name, function);
            Length += function.Name.Length + function.Description.Length + function.JsonSchema.GetRawText().Length;
        }
    }

    /// <summary>All of them, as the model is told of them.</summary>
    public IReadOnlyList<AITool> Tools { get; }

    /// <summary>How many characters their descriptions have.</summary>
    public int Length { get; }

    /// <summary>The names that can be called.</summary>
    public IEnumerable<string> Names => byName.Keys;

    /// <summary>The tool of this name; null when there is none.</summary>
    public AIFunction? Find(string name) => byName.GetValueOrDefault(name);

    /// <summary>Whether a person has to agree before the tool is called.</summary>
    public bool NeedsApproval(string name) => Find(name)?.GetService(typeof(ApprovalRequiredAIFunction)) is not null;
}

namespace AgentProtocol.Agents.Configuration;

/// <summary>Which agents a server has, from the settings <c>Agents:*</c>.</summary>
public sealed class AgentsOptions
{
    /// <summary>The section that the options are bound from.</summary>
    public const string Section = "Agents";

    /// <summary>
    /// The file that describes agents. When set, it must exist; when not, <c>agents.json</c> in the working directory,
    /// else in the content root, else none.
    /// </summary>
    public string? File { get; set; }

    /// <summary>The agent of runs that name none; when not set <c>echo</c>, else the only agent.</summary>
    public string? Default { get; set; }

    /// <summary>Whether the sample agent <c>echo</c> is there.</summary>
    public bool Echo { get; set; } = true;

    /// <summary>Whether the server follows changes of the file while it runs.</summary>
    public bool Reload { get; set; } = true;
}

using System.ComponentModel.DataAnnotations;

namespace AgentProtocol.Engine;

/// <summary>Settings below <c>Server</c>.</summary>
public sealed class ServerOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Server";

    /// <summary>The addresses to listen on, separated by semicolons.</summary>
    [Required(ErrorMessage = "Server:Urls must name at least one address, such as http://localhost:8123.")]
    public string Urls { get; set; } = "http://localhost:8123";

    /// <summary>What this process does: <c>api</c> serves requests, <c>worker</c> executes runs, <c>both</c> does both.</summary>
    [AllowedValues("api", "worker", "both", ErrorMessage = "Server:Roles must be api, worker or both.")]
    public string Roles { get; set; } = "both";

    /// <summary>How this process is called in the table of nodes; the host's name by default.</summary>
    [Required(ErrorMessage = "Server:Name must not be empty.")]
    public string Name { get; set; } = Environment.MachineName;

    /// <summary>Whether runs are executed here.</summary>
    public bool ExecutesRuns => Roles != "api";
}

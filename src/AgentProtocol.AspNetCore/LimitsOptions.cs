using System.ComponentModel.DataAnnotations;

namespace AgentProtocol.AspNetCore;

/// <summary>What a request may cost.</summary>
public sealed class LimitsOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Limits";

    /// <summary>The largest request body in bytes; a larger one is refused with 413.</summary>
    [Range(1024, 1L << 31, ErrorMessage = "Limits:MaxBodyBytes must be between 1024 and 2147483648.")]
    public long MaxBodyBytes { get; set; } = 8 * 1024 * 1024;
}

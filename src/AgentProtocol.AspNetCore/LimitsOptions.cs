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

    /// <summary>How many requests a key may begin per second, or an address where there are no keys; 0 for any number.</summary>
    [Range(0, 1_000_000, ErrorMessage = "Limits:RequestsPerSecond must be between 0 and 1000000.")]
    public int RequestsPerSecond { get; set; }

    /// <summary>How many of them may come at once after a pause; 0 for as many as per second.</summary>
    [Range(0, 1_000_000, ErrorMessage = "Limits:RequestBurst must be between 0 and 1000000.")]
    public int RequestBurst { get; set; }
}

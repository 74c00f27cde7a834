using System.ComponentModel.DataAnnotations;

namespace AgentProtocol.Engine;

/// <summary>Settings below <c>Store</c>.</summary>
public sealed class StoreOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Store";

    /// <summary>
    /// What reading an item that does not exist answers: <c>Null</c>, as the LangGraph SDKs expect, or <c>NotFound</c>, as
    /// the Agent Protocol has it.
    /// </summary>
    [AllowedValues("Null", "NotFound", ErrorMessage = "Store:MissingItem must be Null or NotFound.")]
    public string MissingItem { get; set; } = "Null";

    /// <summary>Minutes until an item is forgotten that was put without a time to live; null for never.</summary>
    [Range(double.Epsilon, MaxTtl, ErrorMessage = "Store:DefaultTtl must be above 0 and at most 52596000 minutes (100 years).")]
    public double? DefaultTtl { get; set; }

    /// <summary>Whether reads start an item's time to live anew unless they say otherwise.</summary>
    public bool RefreshOnRead { get; set; } = true;

    /// <summary>The longest time to live in minutes: longer ones, up to what a timestamp can hold, are mistakes of unit.</summary>
    internal const double MaxTtl = 52_596_000;
}

using System.ComponentModel.DataAnnotations;

namespace AgentProtocol.AspNetCore.Auth;

/// <summary>Settings below <c>Auth</c>: who may call.</summary>
public sealed class AuthOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Auth";

    /// <summary>API keys as soon as there is one; until then as <see cref="None"/>.</summary>
    public const string Auto = "Auto";

    /// <summary>Whoever reaches the server may do everything.</summary>
    public const string None = "None";

    /// <summary>API keys of this server.</summary>
    public const string ApiKey = "ApiKey";

    /// <summary>Whatever authentication the embedding host has.</summary>
    public const string Host = "Host";

    /// <summary>How callers prove who they are: <c>Auto</c>, <c>None</c>, <c>ApiKey</c> or <c>Host</c>.</summary>
    [AllowedValues(Auto, None, ApiKey, Host, ErrorMessage = "Auth:Mode must be Auto, None, ApiKey or Host.")]
    public string Mode { get; set; } = Auto;

    /// <summary>With <c>Host</c>: the claim that says whose data a caller may reach.</summary>
    [Required(ErrorMessage = "Auth:OwnerClaim must name a claim, such as sub.")]
    public string OwnerClaim { get; set; } = "sub";
}

using System.ComponentModel.DataAnnotations;
using AgentProtocol.Engine.Webhooks;

namespace AgentProtocol.Engine;

/// <summary>Settings below <c>Webhooks</c>.</summary>
public sealed class WebhookOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Webhooks";

    /// <summary>Where webhooks that begin with <c>/</c> are sent; this server's own address by default.</summary>
    public string? BaseUrl { get; set; }

    /// <summary>What calls are signed with: <c>whsec_</c> and base64 of 24 to 64 bytes. Without it they are not signed.</summary>
    public string? Secret { get; set; }

    /// <summary>Networks that may be called although they are not public, such as <c>10.1.0.0/16</c>; separated by commas.</summary>
    public string? AllowedNetworks { get; set; }

    /// <summary>Hosts that may be called whatever their address; separated by commas.</summary>
    public string? AllowedHosts { get; set; }

    /// <summary>How long a target may take to answer.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00", ErrorMessage = "Webhooks:Timeout must be between 00:00:01 and 00:01:00.")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a delivery is tried.</summary>
    [Range(1, 100, ErrorMessage = "Webhooks:MaxAttempts must be between 1 and 100.")]
    public int MaxAttempts { get; set; } = 10;

    /// <summary>How long the log of deliveries is kept.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00", ErrorMessage = "Webhooks:LogRetention must be between 00:01:00 and 365.00:00:00.")]
    public TimeSpan LogRetention { get; set; } = TimeSpan.FromDays(7);

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!string.IsNullOrEmpty(BaseUrl) && (!Uri.TryCreate(BaseUrl, UriKind.Absolute, out var url)
            || url.Scheme is not ("http" or "https") || url.Query.Length + url.Fragment.Length > 0))
        {
            yield return new ValidationResult("Webhooks:BaseUrl must be an http or https address without a query.", [nameof(BaseUrl)]);
        }

        if (!WebhookSignature.IsSecret(Secret))
        {
            yield return new ValidationResult("Webhooks:Secret must be whsec_ followed by 24 to 64 bytes in base64.", [nameof(Secret)]);
        }

        if (WebhookGuard.FindWrongNetwork(AllowedNetworks) is { } wrong)
        {
            yield return new ValidationResult(
                $"Webhooks:AllowedNetworks has \"{wrong}\", which is not a network such as 10.1.0.0/16 or fd00:1::/32.", [nameof(AllowedNetworks)]);
        }
    }
}

using System.ComponentModel.DataAnnotations;

namespace AgentProtocol.AspNetCore.Auth;

/// <summary>Settings below <c>Cors</c>: whose web pages may use the server.</summary>
public sealed class CorsOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Cors";

    private const string Any = "*";
    private const string Nobody = "none";

    /// <summary>
    /// Origins such as <c>https://app.example.com</c>, separated by semicolons; <c>*</c> for all, <c>none</c> for none. When
    /// it is not set, pages of the machine they are viewed on (localhost, whatever the port) may.
    /// </summary>
    public string? Origins { get; set; }

    /// <summary>Whether every page of the web may use the server.</summary>
    internal bool AllowsAll => Origins?.Trim() == Any;

    private IEnumerable<string> Listed =>
        (Origins ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!AllowsAll && Origins?.Trim() != Nobody && Listed.FirstOrDefault(origin => !IsOrigin(origin)) is { } wrong)
        {
            yield return new ValidationResult(
                $"Cors:Origins has \"{wrong}\", which is not an origin such as https://app.example.com; alone, * stands for all and none for no origin.");
        }
    }

    /// <summary>Whether pages of an origin, as a browser names it, may use the server.</summary>
    internal bool Allows(string origin) => Origins is null
        ? Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && LoopbackNames.Contain(uri.IdnHost)
        : AllowsAll || Listed.Contains(origin, StringComparer.OrdinalIgnoreCase);

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.GetLeftPart(UriPartial.Authority).Equals(text, StringComparison.OrdinalIgnoreCase);
}

using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Auth;

/// <summary>Why a request was not let in, for the body of its 401 or 403.</summary>
internal sealed record Refusal(string Message);

internal static class RefusalExtensions
{
    public static string? Refusal(this HttpContext context) => context.Features.Get<Refusal>()?.Message;

    public static void SetRefusal(this HttpContext context, string message) => context.Features.Set(new Refusal(message));
}

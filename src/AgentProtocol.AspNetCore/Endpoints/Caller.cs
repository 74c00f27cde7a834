using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Endpoints;

/// <summary>Who asks. Every lookup is bound to an owner; without authentication that is always the same one.</summary>
internal static class Caller
{
    private const string Local = "local";

    public static string Owner(this HttpContext context) => Local;
}

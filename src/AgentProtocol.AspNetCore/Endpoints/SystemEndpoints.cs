using System.Reflection;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.AspNetCore.Errors;
using AgentProtocol.AspNetCore.Health;
using AgentProtocol.AspNetCore.OpenApi;
using AgentProtocol.AspNetCore.Results;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AgentProtocol.AspNetCore.Endpoints;

/// <summary>About the server itself (wire-contract 11.1).</summary>
internal static class SystemEndpoints
{
    private static readonly ServerInfo Info = new()
    {
        Version = typeof(SystemEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0",
        Flags = new Dictionary<string, bool> { ["assistants"] = true, ["crons"] = true, ["langsmith"] = false, ["progress"] = true },
        Metadata = RawJson.EmptyObject,
        Context = "dotnet",
    };

    public static void Map(RouteGroupBuilder routes)
    {
        var system = routes.MapGroup("").WithTags("System").AllowAnonymous();
        system.MapGet("/ok", OkAsync).Describe("ok", "Say whether the server answers")
            .Query("check_db", "boolean", "Also whether its database does; 500 if not.").Answers<OkResponse>();
        system.MapGet("/info", GetInfo).Describe("info", "Read the server's version and abilities").Answers<ServerInfo>();
    }

    private static async Task OkAsync(HttpContext context, HealthCheckService health)
    {
        if (context.Request.QueryFlag("check_db"))
        {
            var report = await health.CheckHealthAsync(check => check.Name == HealthEndpoints.DatabaseCheck, context.RequestAborted);
            if (report.Status == HealthStatus.Unhealthy)
            {
                await ErrorAnswer.WriteAsync(
                    context, ErrorCode.Unavailable, "The database cannot be reached", status: StatusCodes.Status500InternalServerError);
                return;
            }
        }

        await JsonAnswer.WriteAsync(context.Response, StatusCodes.Status200OK, new OkResponse(true), ProtocolJsonContext.Default.OkResponse);
    }

    private static JsonResult<ServerInfo> GetInfo() => JsonResult.Ok(Info, ProtocolJsonContext.Default.ServerInfo);
}

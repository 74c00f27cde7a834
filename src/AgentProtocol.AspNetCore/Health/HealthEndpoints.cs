using AgentProtocol.AspNetCore.Results;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AgentProtocol.AspNetCore.Health;

/// <summary>Probes: <c>live</c> says that the process answers, <c>ready</c> that it can work.</summary>
internal static class HealthEndpoints
{
    /// <summary>The check that the engine registers for its database.</summary>
    public const string DatabaseCheck = "database";

    public static void Map(RouteGroupBuilder routes)
    {
        var probes = routes.MapGroup("").AllowAnonymous();
        // A process that has lost its database is not helped by a restart, so nothing is checked here.
        var live = new HealthCheckOptions { Predicate = _ => false, ResponseWriter = WriteAsync };
        var ready = new HealthCheckOptions { ResponseWriter = WriteAsync };
        probes.MapHealthChecks("/health/live", live);
        probes.MapHealthChecks("/health/ready", ready);
        probes.MapHealthChecks("/live", live);
        probes.MapHealthChecks("/ready", ready);
        probes.MapHealthChecks("/health", ready);
    }

    private static async Task WriteAsync(HttpContext context, HealthReport report)
    {
        var scratch = JsonScratch.Rent();
        try
        {
            var writer = scratch.Writer;
            writer.WriteStartObject();
            writer.WriteString("status", Text(report.Status));
            writer.WriteStartObject("checks");
            foreach (var (name, entry) in report.Entries)
            {
                writer.WriteString(name, Text(entry.Status));
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
            await JsonAnswer.SendAsync(context.Response, context.Response.StatusCode, scratch);
        }
        finally
        {
            scratch.Return();
        }
    }

    private static string Text(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };
}

using AgentProtocol.AspNetCore.Auth;
using Hangfire;
using Hangfire.Dashboard;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace AgentProtocol.Hangfire;

/// <summary>Hangfire's dashboard as a route, so that the policies of the other routes can guard it.</summary>
internal static class HangfireDashboard
{
    public const string Path = "/hangfire";

    public static IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints, HangfireStorage storage)
    {
        var options = new DashboardOptions
        {
            // Its own filter lets in whoever seems to be on this machine, as everybody does behind a proxy there.
            Authorization = [],
            AsyncAuthorization = [],
            IgnoreAntiforgeryToken = false,
            DisplayStorageConnectionString = false,
            DashboardTitle = "Deliveries of runs",
        };
        var pipeline = endpoints.CreateApplicationBuilder()
            .UsePathBase(Path)
            .UseMiddleware<AspNetCoreDashboardMiddleware>(storage.Jobs, options, DashboardRoutes.Routes, true)
            .Build();
        return endpoints.Map(Path + "/{**path}", pipeline).WithDisplayName("Hangfire dashboard").WithMetadata(BrowserPages.Instance);
    }
}

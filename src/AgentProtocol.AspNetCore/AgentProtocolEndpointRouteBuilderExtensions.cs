using AgentProtocol.AspNetCore.Auth;
using AgentProtocol.AspNetCore.Endpoints;
using AgentProtocol.AspNetCore.Errors;
using AgentProtocol.AspNetCore.Health;
using AgentProtocol.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the Agent Protocol server.</summary>
public static class AgentProtocolEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps every route of the server, its health checks, its OpenAPI document and Swagger UI. Map it on a group to give
    /// all of them a prefix.
    /// </summary>
    /// <returns>A builder for conventions that apply to all of these routes, such as authorization.</returns>
    /// <exception cref="InvalidOperationException"><c>AddAgentProtocol</c> was not called.</exception>
    public static RouteGroupBuilder MapAgentProtocol(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var errors = endpoints.ServiceProvider.GetService<ErrorHandler>() ?? throw new InvalidOperationException(
            "MapAgentProtocol found no services. Call builder.Services.AddAgentProtocol(builder.Configuration) before builder.Build().");

        var group = endpoints.MapGroup("").WithMetadata(ProtocolEndpoint.Instance);

        // Around each endpoint and not as middleware: a host's own exception pages, which sit nearer to the endpoint than
        // anything a library can add in front, would otherwise answer for us.
        ((IEndpointConventionBuilder)group).Add(endpoint =>
        {
            if (endpoint.RequestDelegate is { } inner)
            {
                endpoint.RequestDelegate = context => errors.GuardAsync(context, inner);
            }
        });

        ThreadEndpoints.Map(group);
        ThreadStateEndpoints.Map(group);
        RunEndpoints.Map(group);
        BackgroundRunEndpoints.Map(group);
        RunUpdateEndpoints.Map(group);
        StreamEndpoints.Map(group);
        AssistantEndpoints.Map(group);
        WebhookEndpoints.Map(group);
        CronEndpoints.Map(group);
        AgentEndpoints.Map(group);
        StoreEndpoints.Map(group);
        SystemEndpoints.Map(group);
        HealthEndpoints.Map(group);
        DocumentEndpoints.Map(group);
        group.CloseUndeclared();
        return group;
    }
}

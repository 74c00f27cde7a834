using AgentProtocol.Agents.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace AgentProtocol.AspNetCore.OpenApi;

/// <summary>The OpenAPI document, Swagger UI, and the schema of the agents file.</summary>
internal static class DocumentEndpoints
{
    public static void Map(RouteGroupBuilder routes)
    {
        var pages = routes.MapGroup("").ExcludeFromDescription().AllowAnonymous();
        pages.MapGet("/", context =>
        {
            // Absolute, with path base and prefix: relative to "/base" it would leave the base.
            context.Response.Redirect($"{context.Request.PathBase}{context.Request.Path.Value?.TrimEnd('/')}/swagger");
            return Task.CompletedTask;
        });
        pages.MapGet("/openapi.json", GetAsync);
        pages.MapGet("/agents.schema.json", GetAgentsSchema);
        pages.MapSwaggerUI("/swagger", options =>
        {
            options.DocumentTitle = "Agent Protocol Server";
            options.SwaggerEndpoint("../openapi.json", "Agent Protocol Server");
            options.DefaultModelsExpandDepth(0);
        }).Add(endpoint =>
        {
            var inner = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = context =>
            {
                MovePrefixToBase(context.Request);
                return inner(context);
            };
        });
    }

    /// <summary>Swagger UI compares the whole path with its own address and knows nothing of a group's prefix.</summary>
    private static void MovePrefixToBase(HttpRequest request)
    {
        var path = request.Path.Value!;
        var start = path.EndsWith("/swagger", StringComparison.OrdinalIgnoreCase)
            ? path.Length - "/swagger".Length
            : path.LastIndexOf("/swagger/", StringComparison.OrdinalIgnoreCase);
        request.PathBase = request.PathBase.Add(path[..start]);
        request.Path = path[start..];
    }

    private static ContentHttpResult GetAgentsSchema() => TypedResults.Text(AgentsFileSchema.Json, "application/schema+json");

    private static async Task<IResult> GetAsync(HttpContext context, ProtocolDocument document) =>
        TypedResults.Text(
            await document.WriteAsync(context.Request.PathBase.Value is { Length: > 0 } path ? path : null, context.RequestAborted),
            "application/json");
}

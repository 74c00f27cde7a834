using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentProtocol.AspNetCore.OpenApi;

/// <summary>The OpenAPI document and Swagger UI.</summary>
internal static class DocumentEndpoints
{
    public static void Map(RouteGroupBuilder routes)
    {
        var pages = routes.MapGroup("").ExcludeFromDescription();
        pages.MapGet("/", context =>
        {
            // Absolute, with path base and prefix: relative to "/base" it would leave the base.
            context.Response.Redirect($"{context.Request.PathBase}{context.Request.Path.Value?.TrimEnd('/')}/swagger");
            return Task.CompletedTask;
        });
        pages.MapGet("/openapi.json", GetAsync);
        pages.MapSwaggerUI("/swagger", options =>
        {
            options.DocumentTitle = "Agent Protocol Server";
            options.SwaggerEndpoint("../openapi.json", "Agent Protocol Server");
            options.DefaultModelsExpandDepth(0);
        });
    }

    private static async Task<IResult> GetAsync(HttpContext context, ProtocolDocument document) =>
        TypedResults.Text(
            await document.WriteAsync(context.Request.PathBase.Value is { Length: > 0 } path ? path : null, context.RequestAborted),
            "application/json");
}

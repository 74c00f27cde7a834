using AgentProtocol.AspNetCore.Auth;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Puts what stands in front of the Agent Protocol server's routes into the pipeline.</summary>
public static class AgentProtocolApplicationBuilderExtensions
{
    /// <summary>
    /// Adds CORS for the server's routes, authentication, authorization and rate limits, in the order that they need. Call it
    /// behind <c>UseRouting</c>, if the host calls that. A <c>WebApplication</c> without it has authentication and authorization
    /// all the same, but neither CORS nor rate limits. CORS of the host's own routes goes in front.
    /// </summary>
    public static IApplicationBuilder UseAgentProtocol(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseWhen(CrossOrigin.IsForUs, ours => ours.UseCors(CrossOrigin.Policy));
        app.UseAuthentication();
        app.UseAuthorization();
        if (app.ApplicationServices.GetRequiredService<RateLimits>() is { IsOn: true } limits)
        {
            app.Use(next => context => limits.InvokeAsync(context, next));
        }

        return app;
    }
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Errors;

/// <summary>
/// Puts two rules around the whole pipeline, so that a host needs no call of its own: every answer has a request id, and
/// a refusal that nobody gave a body (no such route, wrong method, not authenticated) gets ours.
/// </summary>
internal sealed class ProtocolStartupFilter(ErrorHandler errors) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(inner => async context =>
        {
            context.Response.Headers[RequestIds.Header] = RequestIds.Of(context);
            await errors.GuardAsync(context, inner);
            if (LacksBody(context.Response))
            {
                var code = ErrorCodes.Of(context.Response.StatusCode);
                await ErrorAnswer.WriteAsync(
                    context, code, ErrorAnswer.MessageFor(context, code), status: context.Response.StatusCode);
            }
        });
        next(app);
    };

    private static bool LacksBody(HttpResponse response) =>
        response is { StatusCode: >= 400, HasStarted: false, ContentType: null, ContentLength: null }
        && !response.HttpContext.RequestAborted.IsCancellationRequested;
}

using AgentProtocol.AspNetCore.Auth;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.AspNetCore.OpenApi;
using AgentProtocol.AspNetCore.Results;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Webhooks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentProtocol.AspNetCore.Endpoints;

/// <summary>What became of a run's webhook (ours; other servers keep no log of it).</summary>
internal static class WebhookEndpoints
{
    public static void Map(RouteGroupBuilder routes) =>
        routes.MapGet("/threads/{thread_id}/runs/{run_id}/webhook-deliveries", ListAsync).WithTags("Thread Runs").Reads()
            .Describe("list_webhook_deliveries", "List the attempts to deliver a run's webhook, oldest first")
            .Answers<IReadOnlyList<WebhookDelivery>>().Refuses(404);

    private static async Task<IResult> ListAsync(ThreadId threadId, RunId runId, WebhookLog log, HttpContext context)
    {
        var deliveries = await log.ListAsync(context.Owner(), threadId, runId, context.RequestAborted);
        return JsonResult.Ok(deliveries, ProtocolJsonContext.Default.IReadOnlyListWebhookDelivery);
    }
}

using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentProtocol.Agents.Wire;

namespace AgentProtocol.Agents.Http;

/// <summary>An agent that is a service: it gets the run in a request, and answers with its events.</summary>
/// <param name="server">The service.</param>
/// <param name="url">What runs are posted to.</param>
/// <param name="cancelUrl">What is told when a run is cancelled.</param>
/// <param name="time">The clock.</param>
/// <param name="secrets">What the service must not say.</param>
internal sealed class HttpAgent(AgentServer server, Uri url, Uri? cancelUrl, TimeProvider time, Secrets secrets) : IAgent
{
    /// <summary>The step of what it says without naming one.</summary>
    public const string Node = "agent";

    /// <summary>The end of the run waits for it, so it is less than the grace that runs have to stop.</summary>
    private static readonly TimeSpan CancelLimit = TimeSpan.FromSeconds(3);

    /// <inheritdoc />
    public async IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A call that has begun may finish while this server drains; none is begun that another node has to repeat.
        context.Draining.ThrowIfCancellationRequested();
        var isOver = false;
        try
        {
            await using var events = CallAsync(context, cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (await MoveNextAsync(events, cancellationToken))
            {
                yield return events.Current;
            }

            isOver = true;
        }
        finally
        {
            // Not when another node goes on with the run, because this one has lost it or shuts down.
            if (!isOver && cancellationToken.IsCancellationRequested && !context.LeaseLost.IsCancellationRequested && !context.Draining.IsCancellationRequested)
            {
                await CancelThereAsync(context);
            }
        }
    }

    private async IAsyncEnumerable<AgentEvent> CallAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = AgentServer.Json(RunJson.Write(context)) };
        request.Headers.Accept.ParseAdd("text/event-stream, application/x-ndjson, application/json");

        // Each attempt is a request of its own: a service that knows the key of an earlier one tells a repetition from a resumption.
        request.Headers.TryAddWithoutValidation("Idempotency-Key", $"{context.RunId}:{context.Attempt}");
        using var response = await server.SendAsync(request, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw await server.RefusalAsync(response, cancellationToken);
        }

        await using var lines = await server.ReadLinesAsync(response, cancellationToken);
        var json = new AgentEventJson(Node, time, context.Logger, secrets);
        await foreach (var happened in HttpAnswer.ReadAsync(response.Content.Headers.ContentType?.MediaType, lines, json, cancellationToken))
        {
            yield return happened;
        }
    }

    private async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<AgentEvent> events, CancellationToken cancellationToken)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception exception) when (cancellationToken.IsCancellationRequested)
        {
            // An aborted read may also surface as a broken connection.
            throw new OperationCanceledException("The run was stopped", exception, cancellationToken);
        }
        catch (AgentException failure)
        {
            throw server.Secrets.Conceal(failure);
        }
        catch (Exception exception) when (AgentServer.IsLost(exception))
        {
            throw server.Translate(exception);
        }
    }

    /// <summary>The end of the connection says it, too; this is for services that do not notice.</summary>
    private async Task CancelThereAsync(AgentContext context)
    {
        if (cancelUrl is null)
        {
            return;
        }

        using var limit = new CancellationTokenSource(CancelLimit, time);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, cancelUrl)
            {
                Content = AgentServer.Json(JsonSerializer.SerializeToUtf8Bytes(
                    new Dictionary<string, string> { ["run_id"] = context.RunId.ToString(), ["thread_id"] = context.ThreadId.ToString() })),
            };
            using var response = await server.SendAsync(request, limit.Token);
        }
        catch (Exception exception) when (AgentServer.IsLost(exception) || exception is OperationCanceledException)
        {
            AgentServerLog.CancelLost(context.Logger, server.Name, server.Secrets.Conceal(exception.Message));
        }
    }
}

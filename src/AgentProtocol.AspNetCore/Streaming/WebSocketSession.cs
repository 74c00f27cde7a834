using System.Net.WebSockets;
using System.Text.Json;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Streaming;
using AgentProtocol.Engine.Streams;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>
/// One WebSocket: commands are answered in the order they came in, while the events of the subscriptions go on beside
/// them (wire-contract 6.7, 6.10).
/// </summary>
internal sealed partial class WebSocketSession(
    WebSocket socket, SocketSettings settings, CommandDispatcher dispatcher, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>How long a client is given to take the word that the connection ends.</summary>
    private static readonly TimeSpan FarewellLimit = TimeSpan.FromSeconds(5);

    private static readonly JsonDocumentOptions MessageOptions = new()
    {
        MaxDepth = ProtocolJsonContext.MaxDepth,
        AllowDuplicateProperties = false,
    };

    private readonly SocketReader reader = new(socket, settings.MaxMessageBytes);
    private readonly SocketWriter writer = new(socket, time);
    private readonly CancellationTokenSource over = new();
    private SocketSubscriptions? subscriptions;

    private SocketSubscriptions Subscriptions => subscriptions ??= new SocketSubscriptions(settings.Open, item =>
        writer.SendAsync(ThreadFrames.ToWire(item, settings.Twins), ProtocolJsonContext.Default.StreamingEvent, over.Token));

    /// <summary>Serves the connection until one side ends it.</summary>
    /// <param name="stopping">Fires when the server stops.</param>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(stopping, over.Token);
        var receiving = ReceiveAsync();
        try
        {
            var first = await Task.WhenAny(receiving, Subscriptions.Ended, Task.Delay(Timeout.Infinite, waiting.Token));
            if ((first == receiving ? await receiving : await EndOfEventsAsync(first)) is { } end)
            {
                await FarewellAsync(end);
            }
        }
        catch (Exception) when (socket.State is WebSocketState.Aborted or WebSocketState.Closed)
        {
            // The client has gone: normal, whatever exception it surfaced as.
        }
        catch (TimeoutException)
        {
            LogTooSlow(settings.ThreadId, SocketWriter.Patience);
        }
        catch (Exception exception)
        {
            LogBroken(exception, settings.ThreadId);
            await FarewellAsync(new End(WebSocketCloseStatus.InternalServerError, "The server failed"));
        }
        finally
        {
            await over.CancelAsync();
            socket.Abort();
            await receiving.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Subscriptions.DisposeAsync();
        writer.Dispose();
        over.Dispose();
    }

    /// <summary>Why the events are over although the client is there; null when there is no good reason.</summary>
    private static async Task<End?> EndOfEventsAsync(Task ended)
    {
        try
        {
            await ended;
            return new End(WebSocketCloseStatus.NormalClosure, "The thread was deleted");
        }
        catch (OperationCanceledException)
        {
            // The server stops. No goodbye: clients take 1000 and 1001 for the end and would not come back (wire-contract 13.39).
            return null;
        }
    }

    private async Task<End?> ReceiveAsync()
    {
        try
        {
            while (true)
            {
                var next = reader.ReadAsync(over.Token);
                if (!next.IsCompleted)
                {
                    // Clients open several subscriptions at once and take the end of a run for the end of them all:
                    // what has arrived together is replayed together.
                    Subscriptions.Resume();
                }

                if (await next is not { } message)
                {
                    return new End(WebSocketCloseStatus.NormalClosure, null);
                }

                if (await HandleAsync(message) is { } end)
                {
                    return end;
                }
            }
        }
        catch (InvalidDataException tooLarge)
        {
            return new End(WebSocketCloseStatus.MessageTooBig, tooLarge.Message);
        }
    }

    private async Task<End?> HandleAsync(ReadOnlyMemory<byte> message)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(message, MessageOptions);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: half of a surrogate pair in a key, which cannot be compared with other keys.
            await SendAsync(CommandAnswer.Refuse(null, StreamingErrorCode.InvalidArgument, $"The message is not valid JSON: {exception.Message}"));
            return null;
        }

        using (document)
        {
            return await HandleAsync(document.RootElement);
        }
    }

    /// <returns>Why the connection ends with this message; null when it goes on.</returns>
    private async Task<End?> HandleAsync(JsonElement message)
    {
        if (SocketCommand.Read(message) is not { } command)
        {
            await SendAsync(CommandAnswer.Refuse(null, StreamingErrorCode.InvalidArgument, "A command is an object with an integer id of at least 0 and a method"));
        }
        else if (await RefusalAsync(command) is { Error: { } refusal } answer)
        {
            await SendAsync(answer);
            return refusal.Error == StreamingErrorCode.PermissionDenied
                ? new End(WebSocketCloseStatus.PolicyViolation, "The credentials do not count any more")
                : null;
        }
        else if (command.Method == CommandDispatcher.Subscribe)
        {
            await SubscribeAsync(command);
        }
        else
        {
            Subscriptions.Resume();
            await SendAsync(await AnswerAsync(command));
        }

        return null;
    }

    /// <summary>What a request of its own would be refused with before it is looked at; null when it would be let in.</summary>
    private async Task<CommandAnswer?> RefusalAsync(SocketCommand command)
    {
        try
        {
            if (!await settings.IsStillLetIn(over.Token))
            {
                return CommandAnswer.Refuse(command.Id, StreamingErrorCode.PermissionDenied, "The credentials that opened this connection do not count any more");
            }

            // The streaming protocol has no code of its own for this.
            return settings.Admits() ? null : CommandAnswer.Refuse(command.Id, StreamingErrorCode.UnknownError, "Too many commands: wait a second");
        }
        catch (Exception exception) when (!over.IsCancellationRequested)
        {
            return Failed(command, exception);
        }
    }

    private async Task<CommandAnswer> AnswerAsync(SocketCommand command)
    {
        try
        {
            return await CommandDispatcher.AnswerAsync(command.Id, () => ExecuteAsync(command));
        }
        catch (Exception exception) when (!over.IsCancellationRequested)
        {
            return Failed(command, exception);
        }
    }

    /// <summary>One command has failed; the others, and the events, have nothing to do with it.</summary>
    private CommandAnswer Failed(SocketCommand command, Exception exception)
    {
        LogCommandFailed(exception, command.Method, settings.ThreadId);
        return CommandAnswer.Refuse(command.Id, StreamingErrorCode.UnknownError, "The server failed; try again");
    }

    private async Task<CommandResult> ExecuteAsync(SocketCommand command)
    {
        var given = new CommandParams(command.Params);
        switch (command.Method)
        {
            case CommandDispatcher.Unsubscribe:
                await Subscriptions.RemoveAsync(given.RequiredText("subscription_id"));
                return new CommandResult(RawJson.EmptyObject);
            case CommandDispatcher.Reconnect:
                throw new CommandRefusal(StreamingErrorCode.NotSupported, "Subscriptions end with their connection; subscribe again, with since");
            default:
                return await dispatcher.ExecuteAsync(new CommandContext(settings.Owner, settings.ThreadId, given, settings.RequireScope, settings.Headers, over.Token), command.Method);
        }
    }

    /// <summary>The answer goes out before the first replayed event (wire-contract 6.10).</summary>
    private async Task SubscribeAsync(SocketCommand command) =>
        await SendAsync(await CommandDispatcher.AnswerAsync(command.Id, async () =>
        {
            var request = command.ReadFilter();
            var filter = EventFilter.Create(request, refusesUnknown: true);
            var (id, replayed) = await Subscriptions.AddAsync(filter, request.Since, over.Token);
            return CommandResult.Of(result =>
            {
                result.WriteString("subscription_id", id);
                result.WriteNumber("replayed_events", replayed);
            });
        }));

    private Task SendAsync(CommandAnswer answer) => answer.Success is { } success
        ? writer.SendAsync(success, ProtocolJsonContext.Default.StreamingSuccessResponse, over.Token)
        : writer.SendAsync(answer.Error!, ProtocolJsonContext.Default.StreamingErrorResponse, over.Token);

    private async Task FarewellAsync(End end)
    {
        using var limit = new CancellationTokenSource(FarewellLimit);
        try
        {
            await writer.CloseAsync(end.Status, end.Reason, limit.Token);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException)
        {
            // It does not listen any more; the connection is aborted in any case.
        }
    }

    [LoggerMessage(LogLevel.Error, "A WebSocket of thread {ThreadId} failed and was closed")]
    private partial void LogBroken(Exception exception, Guid threadId);

    [LoggerMessage(LogLevel.Error, "{Method} on a WebSocket of thread {ThreadId} failed")]
    private partial void LogCommandFailed(Exception exception, string method, Guid threadId);

    [LoggerMessage(LogLevel.Information, "A WebSocket of thread {ThreadId} was aborted, because its client took nothing for {Patience}")]
    private partial void LogTooSlow(Guid threadId, TimeSpan patience);

    private readonly record struct End(WebSocketCloseStatus Status, string? Reason);
}

/// <summary>What a connection is about.</summary>
/// <param name="Owner">Who has opened it.</param>
/// <param name="ThreadId">The thread of its path.</param>
/// <param name="Twins">Whether events repeat their id under the Agent Protocol's name.</param>
/// <param name="MaxMessageBytes">The largest message it takes.</param>
/// <param name="RequireScope">Refuses commands of an owner who does not have a scope.</param>
/// <param name="Headers">What the headers of the upgrade configure for runs.</param>
/// <param name="IsStillLetIn">Whether its credentials count to this moment.</param>
/// <param name="Admits">Counts a command; false when it is one too many for now.</param>
/// <param name="Open">Opens the events of the thread.</param>
internal sealed record SocketSettings(
    string Owner, Guid ThreadId, bool Twins, long MaxMessageBytes, Action<string> RequireScope, ConfigurableHeaders Headers,
    Func<CancellationToken, ValueTask<bool>> IsStillLetIn,
    Func<bool> Admits,
    Func<ThreadStreamStart, CancellationToken, Task<ThreadStream>> Open);

using System.Net;
using System.Text;
using System.Text.Json;
using AgentProtocol.Testing.Sse;

namespace AgentProtocol.Testing.Protocol;

/// <summary>One of the two ways to speak the streaming protocol; one conformance suite holds for both.</summary>
/// <param name="client">Knows the server's address.</param>
/// <param name="path">The path of the events: the Agent Protocol's or the SDKs'.</param>
public abstract class ProtocolTransport(HttpClient client, string path)
{
    /// <summary>Knows the server's address.</summary>
    protected HttpClient Client => client;

    /// <summary>Where the events of a thread are.</summary>
    protected string PathOf(Guid threadId) => $"/threads/{threadId}/{path}";

    /// <summary>Opens a stream of the events that a filter lets pass.</summary>
    /// <exception cref="ProtocolRefusalException">The server refuses it.</exception>
    public abstract Task<ProtocolEvents> OpenAsync(Guid threadId, object filter, CancellationToken cancellationToken);

    /// <summary>Sends a command and gives its answer.</summary>
    public abstract Task<JsonElement> SendAsync(Guid threadId, string method, object? parameters, CancellationToken cancellationToken);
}

/// <summary>A stream was refused.</summary>
/// <param name="status">The HTTP status, or null when the refusal came over an open connection.</param>
/// <param name="body">What the server said.</param>
public sealed class ProtocolRefusalException(HttpStatusCode? status, JsonElement body) : Exception($"{status} {body}")
{
    /// <summary>The HTTP status.</summary>
    public HttpStatusCode? Status => status;

    /// <summary>What the server said.</summary>
    public JsonElement Body => body;
}

/// <summary>Events as they arrive.</summary>
public sealed class ProtocolEvents(IAsyncEnumerator<JsonElement> events, IAsyncDisposable connection) : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private Task<bool>? moving;

    /// <summary>The next event.</summary>
    /// <exception cref="EndOfStreamException">The stream has ended.</exception>
    /// <exception cref="TimeoutException">Nothing came.</exception>
    public async Task<JsonElement> NextAsync(CancellationToken cancellationToken)
    {
        moving ??= events.MoveNextAsync().AsTask();
        var more = await moving.WaitAsync(Limit, cancellationToken);
        moving = null;
        return more ? events.Current : throw new EndOfStreamException("The stream has ended.");
    }

    /// <summary>The next events.</summary>
    public async Task<List<JsonElement>> NextAsync(int count, CancellationToken cancellationToken)
    {
        List<JsonElement> next = [];
        while (next.Count < count)
        {
            next.Add(await NextAsync(cancellationToken));
        }

        return next;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        try
        {
            await (moving ?? Task.CompletedTask);
        }
        catch (Exception)
        {
            // The connection was closed under the read: that is what was wanted.
        }

        await events.DisposeAsync();
    }
}

/// <summary>Server-sent events, and commands over HTTP.</summary>
public sealed class SseTransport(HttpClient client, string path) : ProtocolTransport(client, path)
{
    /// <inheritdoc />
    public override async Task<ProtocolEvents> OpenAsync(Guid threadId, object filter, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, PathOf(threadId)) { Content = Json(filter) };
        var response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            using (response)
            {
                throw new ProtocolRefusalException(response.StatusCode, await ReadAsync(response, cancellationToken));
            }
        }

        return new ProtocolEvents(ReadAsync(response).GetAsyncEnumerator(CancellationToken.None), new Connection(response));
    }

    /// <inheritdoc />
    public override async Task<JsonElement> SendAsync(Guid threadId, string method, object? parameters, CancellationToken cancellationToken)
    {
        using var content = Json(new { id = 1, method, @params = parameters });
        using var response = await Client.PostAsync($"/threads/{threadId}/commands", content, cancellationToken);
        var answer = await ReadAsync(response, cancellationToken);
        return response.StatusCode == HttpStatusCode.OK ? answer : throw new ProtocolRefusalException(response.StatusCode, answer);
    }

    private static async IAsyncEnumerable<JsonElement> ReadAsync(HttpResponseMessage response)
    {
        await using var body = await response.Content.ReadAsStreamAsync();
        await foreach (var item in SseReader.ReadAsync(body))
        {
            var data = item.Data;
            if (item.Id != data.GetProperty("seq").GetInt64() || item.Name != data.GetProperty("method").GetString())
            {
                throw new InvalidDataException($"The frame {item.Id} {item.Name} and its envelope disagree: {item.Text}");
            }

            yield return data;
        }
    }

    private static StringContent Json(object body) =>
        new(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken)).RootElement;

    private sealed class Connection(HttpResponseMessage response) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            response.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>WebSockets, one for each stream as the Python SDK has it, and for each command.</summary>
public sealed class SocketTransport(HttpClient client, string path) : ProtocolTransport(client, path)
{
    /// <inheritdoc />
    public override async Task<ProtocolEvents> OpenAsync(Guid threadId, object filter, CancellationToken cancellationToken)
    {
        var socket = await ConnectAsync(threadId, cancellationToken);
        try
        {
            await socket.SendAsync("subscription.subscribe", filter, cancellationToken);
            var answer = await socket.ReadAsync(cancellationToken);
            return answer.GetProperty("type").GetString() == "success"
                ? new ProtocolEvents(ReadAsync(socket).GetAsyncEnumerator(CancellationToken.None), socket)
                : throw new ProtocolRefusalException(null, answer);
        }
        catch
        {
            await socket.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc />
    public override async Task<JsonElement> SendAsync(Guid threadId, string method, object? parameters, CancellationToken cancellationToken)
    {
        await using var socket = await ConnectAsync(threadId, cancellationToken);
        await socket.SendAsync(method, parameters, cancellationToken);
        return await socket.ReadAsync(cancellationToken);
    }

    private Task<ProtocolSocket> ConnectAsync(Guid threadId, CancellationToken cancellationToken) =>
        ProtocolSocket.ConnectAsync(Client.BaseAddress!, PathOf(threadId), cancellationToken, Client.DefaultRequestHeaders);

    private static async IAsyncEnumerable<JsonElement> ReadAsync(ProtocolSocket socket)
    {
        while (true)
        {
            yield return await socket.ReadAsync(CancellationToken.None);
        }
    }
}

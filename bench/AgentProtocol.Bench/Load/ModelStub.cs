using System.Globalization;
using System.Net;
using System.Text;

namespace AgentProtocol.Bench.Load;

/// <summary>
/// A model server that thinks for two seconds and answers every conversation alike, in OpenAI's chat completions. It runs
/// inside the generator, so its cost is part of the pair's, like everything else here.
/// </summary>
internal sealed class ModelStub : IDisposable
{
    public static readonly TimeSpan Thinking = TimeSpan.FromSeconds(2);

    private static readonly byte[] Answer = Encoding.UTF8.GetBytes(string.Concat(
        Chunk("""{"delta":{"role":"assistant","content":"model: "},"index":0,"finish_reason":null}"""),
        Chunk("""{"delta":{"content":"a short answer"},"index":0,"finish_reason":null}"""),
        Chunk("""{"delta":{},"index":0,"finish_reason":"stop"}"""),
        "data: [DONE]\n\n"));

    private readonly HttpListener listener = new();
    private int inFlight;

    public ModelStub(int port)
    {
        listener.Prefixes.Add(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/"));
        listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>The most calls that were in flight at once.</summary>
    public int MostInFlight { get; private set; }

    public int Calls { get; private set; }

    public void Dispose() => listener.Close();

    private async Task AcceptAsync()
    {
        while (listener.IsListening)
        {
            try
            {
                var call = await listener.GetContextAsync();
                Calls++;
                MostInFlight = Math.Max(MostInFlight, Interlocked.Increment(ref inFlight));
                _ = AnswerAsync(call);
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                // The scenario is over.
                return;
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext call)
    {
        try
        {
            await call.Request.InputStream.CopyToAsync(Stream.Null);
            await Task.Delay(Thinking);
            call.Response.ContentType = "text/event-stream";
            await call.Response.OutputStream.WriteAsync(Answer);
            call.Response.Close();
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException or IOException)
        {
            // Whoever hung up has counted its own error.
        }
        finally
        {
            Interlocked.Decrement(ref inFlight);
        }
    }

    private static string Chunk(string choice) =>
        $$"""data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"stub","choices":[{{choice}}]}""" + "\n\n";
}

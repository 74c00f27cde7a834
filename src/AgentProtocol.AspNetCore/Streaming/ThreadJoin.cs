using System.Buffers;
using System.Globalization;
using System.Text.Json;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Engine.Streams;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>
/// Joins a thread across its runs (wire-contract 6.5): the events of each run's stream modes between a note of its start
/// and one of its end, and edits of the state. One instance serves one reader.
/// </summary>
internal sealed class ThreadJoin
{
    private const string RunModes = "run_modes";
    private const string Lifecycle = "lifecycle";
    private const string StateUpdate = "state_update";

    private readonly IReadOnlyList<string> modes;
    private Guid? started;

    private ThreadJoin(IReadOnlyList<string> modes) => this.modes = modes;

    /// <summary>Reads which modes a client wants; both names of the parameter are in use.</summary>
    public static ThreadJoin Read(HttpRequest request)
    {
        var modes = request.QueryList("stream_modes") ?? request.QueryList("stream_mode") ?? [RunModes];
        foreach (var mode in modes)
        {
            if (mode is not (RunModes or Lifecycle or StateUpdate))
            {
                throw ProtocolException.InvalidQuery("stream_mode", $"\"{mode}\" is not one of {RunModes}, {Lifecycle}, {StateUpdate}");
            }
        }

        return new ThreadJoin(modes);
    }

    /// <summary>From now on without <c>Last-Event-ID</c>; from the beginning for what is no id (wire-contract 6.4).</summary>
    public static ThreadStreamStart StartOf(HttpRequest request)
    {
        var text = request.Headers["Last-Event-ID"].LastOrDefault();
        return string.IsNullOrEmpty(text) ? ThreadStreamStart.Now
            : ulong.TryParse(text, CultureInfo.InvariantCulture, out var seq) && seq <= long.MaxValue ? new ThreadStreamStart((long)seq)
            : ThreadStreamStart.Beginning;
    }

    public void Write(IBufferWriter<byte> output, in ThreadStreamEvent item)
    {
        if (item.IsProtocol)
        {
            WriteLifecycle(output, item);
        }
        else if (modes.Contains(item.RunId is null ? StateUpdate : RunModes))
        {
            SseFrame.Write(output, item.Seq, item.Name, item.Data);
        }
    }

    private void WriteLifecycle(IBufferWriter<byte> output, in ThreadStreamEvent item)
    {
        // The end of a run that was erased meanwhile does not say whose it is.
        if (item.Name != "lifecycle" || item.Namespace is { Count: > 0 } || (item.RunId ?? started) is not { } runId
            || !(modes.Contains(RunModes) || modes.Contains(Lifecycle)))
        {
            return;
        }

        using var data = JsonDocument.Parse(item.Data.Text);
        var hasEnded = data.RootElement.GetProperty("event").GetString() is "completed" or "failed" or "interrupted";
        if (!hasEnded && started == runId)
        {
            return;
        }

        started = runId;
        var note = new RawJson($$"""{"run_id":"{{runId}}","status":"{{(hasEnded ? "run_done" : "run_started")}}"}""");
        SseFrame.Write(output, item.Seq, "metadata", note);
    }
}

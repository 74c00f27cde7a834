using System.Diagnostics;
using System.Text.Json;
using AgentProtocol.Bench.Http;

namespace AgentProtocol.Bench.Protocol;

/// <summary>The protocol's verbs over one connection; every wrong answer is an exception.</summary>
internal sealed class AgentApi(HttpConnection connection, TimeSpan patience)
{
    // Short enough to hide in a latency of milliseconds, long enough not to occupy the server.
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);

    public string CreateThread() =>
        JsonFields.ReadText(connection.Post("/threads", "{}"u8).EnsureSuccess("create thread").Body, "thread_id"u8);

    public RunKey CreateRun(string threadId, byte[] body) =>
        new(threadId, JsonFields.ReadText(
            connection.Post($"/threads/{threadId}/runs", body).EnsureSuccess("create run").Body, "run_id"u8));

    /// <summary>Starts runs with one request, each on a thread of its own.</summary>
    public RunKey[] CreateRuns(byte[] bodies)
    {
        using var runs = JsonDocument.Parse(connection.Post("/runs/batch", bodies).EnsureSuccess("create runs").Body.ToArray());
        return [.. runs.RootElement.EnumerateArray().Select(run =>
            new RunKey(run.GetProperty("thread_id").GetString()!, run.GetProperty("run_id").GetString()!))];
    }

    public RunStatus GetStatus(RunKey run) => RunStatuses.Read(connection.Get(run.Path).EnsureSuccess("get run").Body);

    public void Wait(byte[] body, byte[] answer) => RequireAnswer(connection.Post("/runs/wait", body).EnsureSuccess("wait"), answer);

    public void Join(RunKey run, byte[] answer) => RequireAnswer(connection.Get($"{run.Path}/join").EnsureSuccess("join"), answer);

    public void Cancel(RunKey run) => connection.Post($"{run.Path}/cancel?wait=1&action=interrupt", []).EnsureSuccess("cancel");

    public StateMessage[] GetMessages(string threadId) =>
        StateMessage.ReadAll(connection.Get($"/threads/{threadId}/state").EnsureSuccess("get state").Body);

    /// <summary>Runs to the end of the stream; the tally has seen every event by then.</summary>
    public void Stream(string threadId, byte[] body, SseTally tally)
    {
        tally.Reset();
        var status = connection.PostForPieces($"/threads/{threadId}/runs/stream", body);
        while (connection.ReadPiece() is { IsEmpty: false } piece)
        {
            tally.Append(piece);
        }

        if (status != 200 || tally.Events == 0 || tally.SawError || !tally.SawAnswer)
        {
            throw new UnexpectedAnswerException(
                $"stream answered {status} with {tally.Events} events, error event: {tally.SawError}, answer: {tally.SawAnswer}");
        }
    }

    /// <summary>Polls until the run has the status; another terminal status is an error, and so is impatience.</summary>
    public void AwaitStatus(RunKey run, RunStatus wanted)
    {
        var asked = Stopwatch.GetTimestamp();
        for (var status = GetStatus(run); status != wanted; status = GetStatus(run))
        {
            if (status.IsTerminal || Stopwatch.GetElapsedTime(asked) > patience)
            {
                throw new UnexpectedAnswerException($"waited for a run to be {wanted}, it is {status}");
            }

            Thread.Sleep(PollInterval);
        }
    }

    private static void RequireAnswer(Response response, byte[] answer)
    {
        if (response.Body.IndexOf(answer) < 0)
        {
            throw new UnexpectedAnswerException($"the final values lack the agent's answer: {response.Excerpt()}");
        }
    }
}

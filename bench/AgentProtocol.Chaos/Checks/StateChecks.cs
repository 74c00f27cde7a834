using System.Text.Json;
using AgentProtocol.Chaos.History;
using AgentProtocol.Chaos.Load;

namespace AgentProtocol.Chaos.Checks;

/// <summary>Whether each accepted message is in its thread's state as often as it has to be.</summary>
internal sealed class StateChecks(Ledger ledger, IReadOnlyDictionary<string, StoredRun> stored, Supervisor client)
{
    private const int AtATime = 8;

    public async Task CheckAsync()
    {
        var said = ledger.Runs.Values.Where(run => run.ThreadId is not null).ToLookup(run => run.ThreadId!);
        var unclear = ledger.Unclear.Where(item => item.ThreadId is not null).ToLookup(item => item.ThreadId!, item => item.Input);
        await Parallel.ForEachAsync(
            ledger.Threads.Keys, new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = client.Stop },
            async (thread, _) => await CheckAsync(thread, [.. said[thread]], [.. unclear[thread]]));
    }

    private async Task CheckAsync(string thread, IReadOnlyList<RunRecord> runs, IReadOnlyList<Input> unclear)
    {
        var answer = await client.Wire.GetAsync($"/threads/{thread}", client.Stop);
        if (answer.Status != 200)
        {
            ledger.Violation($"thread {thread} was acknowledged and is answered with {answer.Status}");
            return;
        }

        ledger.Require(answer.Text("status") != "busy", $"stuck: thread {thread} is busy");
        var messages = Messages(answer.Body);
        foreach (var run in runs)
        {
            var (least, most) = Times(run);
            Require(run.Input.Text, "human", least, most, run.RunId);
            var succeeded = run.Input.Agent == "echo" && stored.GetValueOrDefault(run.RunId)?.Status == "success";
            if (succeeded)
            {
                Require($"echo: {run.Input.Text}", "ai", 1, 1, run.RunId);
            }
        }

        foreach (var input in unclear)
        {
            Require(input.Text, "human", 0, 1, "that nobody acknowledged");
        }

        void Require(string text, string type, int least, int most, string run)
        {
            var times = messages.Count(message => message == (type, text));
            ledger.Require(times >= least && times <= most, $"thread {thread}: \"{text}\" of run {run} is in the state {times} times as {type}");
        }
    }

    /// <summary>Once, but for what was taken back: an erased run leaves nothing, a cancelled one may not have begun.</summary>
    private (int Least, int Most) Times(RunRecord run) => stored.GetValueOrDefault(run.RunId) switch
    {
        null => (0, 0),
        { ErrorType: "WorkerLost" } => (0, 1),
        _ => run.CancelAsked ? (0, 1) : (1, 1),
    };

    private static List<(string, string)> Messages(JsonElement thread)
    {
        if (!thread.TryGetProperty("values", out var values) || values.ValueKind != JsonValueKind.Object || !values.TryGetProperty("messages", out var messages))
        {
            return [];
        }

        return [.. messages.EnumerateArray().Select(message => (message.GetProperty("type").GetString()!, message.GetProperty("content").ToString()))];
    }
}

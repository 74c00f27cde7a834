using System.Globalization;
using AgentProtocol.Chaos.History;

namespace AgentProtocol.Chaos.Load;

/// <summary>The verbs of a client that does not give up, and writes down what it was told.</summary>
internal sealed class Supervisor(int number, IReadOnlyList<Uri> addresses, Ledger ledger, Random random, CancellationToken stop) : IDisposable
{
    /// <summary>Longer than any run that is waited for takes, so that a lost answer shows as a run that does not end.</summary>
    private static readonly TimeSpan LongPatience = TimeSpan.FromSeconds(40);

    private int words;

    public Random Random => random;

    public Ledger Ledger => ledger;

    public CancellationToken Stop => stop;

    public Wire Wire { get; } = new(addresses, ledger, random);

    /// <summary>A text that begins with a command and holds a word of its own.</summary>
    public Input Say(string command, Strategy strategy = Strategy.Enqueue, string agent = "echo")
    {
        var word = string.Create(CultureInfo.InvariantCulture, $"w{number}x{++words}y");
        return new Input(word, command.Length == 0 ? word : $"{command} {word}", agent, strategy);
    }

    public async Task<string> NewThreadAsync()
    {
        var id = Guid.CreateVersion7().ToString();
        var answer = await Wire.UntilAnsweredAsync(HttpMethod.Post, "/threads", new { thread_id = id, if_exists = "do_nothing" }, null, null, stop);
        ledger.Require(answer.Status == 200, $"creating thread {id} was answered with {answer.Status}");
        ledger.Threads[id] = true;
        return id;
    }

    /// <summary>The body of a request that creates a run.</summary>
    public static object Body(Input input, double? totalSeconds = null, double afterSeconds = 0) => new
    {
        assistant_id = input.Agent,
        input = new { messages = new[] { new { role = "user", content = input.Text } } },
        multitask_strategy = input.Strategy.ToString().ToLowerInvariant(),
        stream_mode = new[] { "values", "updates", "custom", "messages-tuple" },
        // What breaks here are our connections; that shall cancel nothing.
        on_disconnect = "continue",
        stream_resumable = true,
        after_seconds = afterSeconds,
        timeouts = totalSeconds is null ? null : new { total = totalSeconds },
    };

    /// <summary>Creates a run in the background. Null when it was refused, or nobody knows.</summary>
    public async Task<RunRecord?> CreateAsync(string? thread, Input input, double? totalSeconds = null, double afterSeconds = 0)
    {
        var path = thread is null ? "/runs" : $"/threads/{thread}/runs";
        var body = Body(input, totalSeconds, afterSeconds);
        var answer = IsKeyed() ? await Wire.UntilAnsweredAsync(HttpMethod.Post, path, body, KeyOf(input), null, stop)
            : await Wire.TryAsync(HttpMethod.Post, path, body, null, null, stop);
        if (answer is null)
        {
            ledger.Unclear.Enqueue((thread, input));
            return null;
        }

        if (answer.Status == 409 && input.Strategy == Strategy.Reject)
        {
            ledger.Count("rejected");
            return null;
        }

        ledger.Require(answer.Status == 200, $"creating a run for {input.Word} was answered with {answer.Status}");
        return answer.Status == 200 ? ledger.Acknowledge(answer.Text("run_id"), thread, input) : null;
    }

    /// <summary>Whether a request carries a key, so that it can be repeated until it is answered.</summary>
    public bool IsKeyed() => random.Next(4) > 0;

    public static string KeyOf(Input input) => $"chaos-{input.Word}";

    /// <summary>Reads how it is with a run, and writes an end down.</summary>
    public async Task<string> StatusAsync(RunRecord run)
    {
        var answer = await Wire.GetAsync(run.Path, stop);
        var status = answer.Status == 404 ? "erased" : answer.Text("status");
        if (status is not ("pending" or "running"))
        {
            ledger.SeeEnd(run, status);
        }

        return status;
    }

    /// <summary>Waits for the end of a run by one of the ways there are.</summary>
    public async Task EndAsync(RunRecord run)
    {
        if (random.Next(3) > 0)
        {
            await WaitAsync(run);
            return;
        }

        while (await StatusAsync(run) is "pending" or "running")
        {
            await Task.Delay(random.Next(100, 500), stop);
        }
    }

    /// <summary>Waits with a request that stays open; a broken one is repeated elsewhere.</summary>
    private async Task WaitAsync(RunRecord run)
    {
        if (random.Next(3) == 0)
        {
            // Its answer are the values; how the run ended has to be asked for.
            await Wire.UntilAnsweredAsync(HttpMethod.Get, $"{run.Path}/join", null, null, LongPatience, stop);
            var ended = await StatusAsync(run);
            ledger.Require(ended is not ("pending" or "running"), $"run {run.RunId} was joined to its end and is {ended}");
            return;
        }

        var answer = await Wire.UntilAnsweredAsync(HttpMethod.Get, $"{run.Path}/wait", null, null, LongPatience, stop);
        if (answer.Status == 404)
        {
            ledger.SeeEnd(run, "erased");
            return;
        }

        if (run.MayBeErased || !answer.Body.TryGetProperty("status", out var status))
        {
            // What was erased while we waited is shown as interrupted: the answer had begun before.
            await StatusAsync(run);
            return;
        }

        ledger.SeeEnd(run, status.GetString()!);
        if (status.GetString() == "success" && run.Input.Agent == "echo")
        {
            ledger.Require(
                answer.Body.GetRawText().Contains($"echo: {run.Input.Text}\"", StringComparison.Ordinal),
                $"run {run.RunId} is a success without the answer to {run.Input.Word}");
        }
    }

    /// <summary>Cancels and waits until that is done: from then on nothing more may appear.</summary>
    public async Task CancelAsync(RunRecord run, bool rollback)
    {
        (run.CancelAsked, run.MayBeErased) = (true, run.MayBeErased || rollback);
        var answer = await Wire.UntilAnsweredAsync(
            HttpMethod.Post, $"{run.Path}/cancel?wait=1&action={(rollback ? "rollback" : "interrupt")}", null, null, LongPatience, stop);
        ledger.Require(answer.IsOk || (answer.Status == 404 && run.MayBeErased), $"cancelling run {run.RunId} was answered with {answer.Status}");
        var status = await StatusAsync(run);
        ledger.Require(status is not ("pending" or "running"), $"run {run.RunId} is {status} although its cancellation was answered");
        ledger.Count("cancelled");
    }

    public void Dispose() => Wire.Dispose();
}

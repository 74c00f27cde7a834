using System.Globalization;
using AgentProtocol.Chaos.Cluster;
using AgentProtocol.Chaos.History;

namespace AgentProtocol.Chaos.Load;

/// <summary>What supervisors do, as short stories.</summary>
internal static class Scenarios
{
    private static readonly (int Weight, string Name, Func<Supervisor, Task> Play)[] All =
    [
        (24, "background", BackgroundAsync),
        (16, "wait", WaitAsync),
        (24, "stream", StreamAsync),
        (10, "stateless", StatelessAsync),
        (8, "cancel", CancelAsync),
        (9, "double texting", DoubleTextAsync),
        (4, "misbehaving", MisbehavingAsync),
        (9, "burst", BurstAsync),
    ];

    /// <summary>Plays one that is drawn.</summary>
    public static async Task PlayAsync(Supervisor client)
    {
        var drawn = client.Random.Next(All.Sum(scenario => scenario.Weight));
        foreach (var (weight, name, play) in All)
        {
            if ((drawn -= weight) < 0)
            {
                client.Ledger.Count($"scenario {name}");
                await play(client);
                return;
            }
        }
    }

    private static async Task BackgroundAsync(Supervisor client)
    {
        var thread = await client.NewThreadAsync();
        List<RunRecord> runs = [];
        for (var count = client.Random.Next(1, 5); count > 0; count--)
        {
            var delay = client.Random.Next(6) == 0 ? client.Random.Next(1, 15) / 10.0 : 0;
            if (await client.CreateAsync(thread, client.Say(Command(client.Random)), afterSeconds: delay) is { } run)
            {
                runs.Add(run);
            }
        }

        foreach (var run in runs)
        {
            await client.EndAsync(run);
        }

        if (runs.Count > 0 && client.Random.Next(3) == 0)
        {
            await Follower.FollowAsync(client, runs[client.Random.Next(runs.Count)]);
        }
    }

    private static async Task WaitAsync(Supervisor client) =>
        await OpenRequests.WaitAsync(client, await client.NewThreadAsync(), client.Say(Command(client.Random)));

    private static async Task StreamAsync(Supervisor client)
    {
        var thread = await client.NewThreadAsync();
        await OpenRequests.StreamAsync(client, thread, client.Say(Command(client.Random)), readers: client.Random.Next(3) == 0 ? 2 : 1);
        if (client.Random.Next(2) == 0)
        {
            await OpenRequests.StreamAsync(client, thread, client.Say(Command(client.Random)), readers: 1);
        }
    }

    private static async Task StatelessAsync(Supervisor client)
    {
        var input = client.Say(Command(client.Random));
        switch (client.Random.Next(3))
        {
            case 0 when await client.CreateAsync(null, input) is { } run:
                await client.EndAsync(run);
                break;
            case 1:
                await OpenRequests.StreamAsync(client, null, input, readers: 1);
                break;
            default:
                await OpenRequests.WaitAsync(client, null, input);
                break;
        }
    }

    private static async Task CancelAsync(Supervisor client)
    {
        var thread = await client.NewThreadAsync();
        var input = client.Random.Next(5) == 0 ? client.Say("", agent: AgentFiles.Stubborn) : client.Say(client.Random.Next(2) == 0 ? "steps 60" : "sleep 8");
        if (await client.CreateAsync(thread, input) is not { } run)
        {
            return;
        }

        await Task.Delay(client.Random.Next(1500), client.Stop);
        await client.CancelAsync(run, rollback: client.Random.Next(4) == 0);
        if (run.End != "erased")
        {
            await Follower.FollowAsync(client, run);
        }

        if (client.Random.Next(2) == 0 && await client.CreateAsync(thread, client.Say("")) is { } next)
        {
            await client.EndAsync(next);
        }
    }

    private static async Task DoubleTextAsync(Supervisor client)
    {
        var thread = await client.NewThreadAsync();
        List<RunRecord> runs = [];
        if (await client.CreateAsync(thread, client.Say(client.Random.Next(2) == 0 ? "steps 20" : "sleep 2")) is { } first)
        {
            runs.Add(first);
        }

        for (var count = client.Random.Next(1, 3); count > 0; count--)
        {
            await Task.Delay(client.Random.Next(800), client.Stop);
            var strategy = (Strategy)client.Random.Next(1, 5);
            // Before it is asked for: the answer may come after the deed.
            runs.ForEach(run => (run.MayBeErased, run.MayBeInterrupted) = (run.MayBeErased || strategy == Strategy.Rollback, run.MayBeInterrupted || strategy != Strategy.Reject));
            if (await client.CreateAsync(thread, client.Say(Command(client.Random), strategy)) is { } next)
            {
                runs.Add(next);
            }
        }

        foreach (var run in runs)
        {
            await client.EndAsync(run);
        }
    }

    private static async Task MisbehavingAsync(Supervisor client)
    {
        var thread = await client.NewThreadAsync();
        var run = client.Random.Next(3) switch
        {
            0 => await client.CreateAsync(thread, client.Say("", agent: AgentFiles.Hanging), totalSeconds: client.Random.Next(1, 4)),
            1 => await client.CreateAsync(thread, client.Say("", agent: AgentFiles.Throwing)),
            _ => await client.CreateAsync(thread, client.Say("fail")),
        };
        client.Ledger.Count("misbehaving agents");
        if (run is not null)
        {
            await client.EndAsync(run);
        }
    }

    private static async Task BurstAsync(Supervisor client)
    {
        var thread = await client.NewThreadAsync();
        RunRecord? last = null;
        for (var count = client.Random.Next(6, 16); count > 0; count--)
        {
            last = await client.CreateAsync(thread, client.Say("")) ?? last;
        }

        if (last is not null)
        {
            await client.EndAsync(last);
        }
    }

    /// <summary>Mostly short, sometimes long enough that a node dies in the midst of it.</summary>
    private static string Command(Random random) => random.Next(20) switch
    {
        < 8 => "",
        < 11 => string.Create(CultureInfo.InvariantCulture, $"sleep 0.{random.Next(1, 10)}"),
        < 17 => string.Create(CultureInfo.InvariantCulture, $"steps {random.Next(1, 10)}"),
        17 => string.Create(CultureInfo.InvariantCulture, $"sleep {random.Next(3, 7)}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"steps {random.Next(30, 60)}"),
    };
}

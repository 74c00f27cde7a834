using System.Globalization;
using AgentProtocol.DevPostgres.Binaries;
using AgentProtocol.DevPostgres.Processes;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.DevPostgres.Cluster;

/// <summary>Starts, takes over and stops the server of an existing cluster.</summary>
internal sealed class ClusterControl(
    DataFolder folder, PostgresBinaries binaries, ServerAccount account, PrivatePostgresOptions options, ILogger logger)
{
    private const int MostAttempts = 20;
    private const int SocketPort = 5432;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(60);

    // Either passes by itself: the last processes of a killed server end, or another port is chosen.
    private static readonly string[] Passing = ["shared memory block", "could not bind"];

    public async Task<Postmaster> AttachOrStartAsync(CancellationToken cancellationToken) =>
        await AttachAsync(cancellationToken) ?? await StartAsync(cancellationToken);

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var postmaster = Postmaster.Read(folder);
        if (postmaster is null || !postmaster.IsAlive(folder))
        {
            return;
        }

        var stop = await StopAsync("fast", cancellationToken);
        if (!stop.Succeeded && postmaster.IsAlive(folder))
        {
            logger.StoppedAtOnce(folder.Root);
            stop = await StopAsync("immediate", cancellationToken);
        }

        if (!stop.Succeeded && postmaster.IsAlive(folder))
        {
            throw new PrivatePostgresException($"PostgreSQL process {postmaster.ProcessId} of {folder.Root} does not stop ({stop.Complaint}): end it with 'kill -QUIT {postmaster.ProcessId}'.");
        }

        SocketFolder.Delete(postmaster.SocketFolder);
        logger.Stopped(folder.Root);
    }

    /// <summary>Stops the server as if it had crashed, and starts it again at the same address.</summary>
    public async Task<Postmaster> RestartAtOnceAsync(Func<Task>? whileAway, CancellationToken cancellationToken)
    {
        await StopAsync("immediate", cancellationToken);
        await (whileAway?.Invoke() ?? Task.CompletedTask);
        return await StartAsync(() => StartServerAsync(cancellationToken), cancellationToken);
    }

    // A killed predecessor leaves a server that runs, that is still starting, or that was already told to stop.
    private async Task<Postmaster?> AttachAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(options.StartTimeout);
        Postmaster? left = null;
        try
        {
            while ((left = Postmaster.Read(folder)) is not null && left.IsAlive(folder))
            {
                if (LostItsSocket(left))
                {
                    logger.LostSocket(left.ProcessId, folder.Root);
                    await StopAsync(patience.Token);
                }
                else if (await ClusterConnection.AnswersAsync(left, folder.ReadPassword(), patience.Token))
                {
                    logger.TookOver(left.ProcessId, folder.Root);
                    return left;
                }

                await Task.Delay(Pause, patience.Token);
            }
        }
        catch (OperationCanceledException problem) when (!cancellationToken.IsCancellationRequested)
        {
            throw new PrivatePostgresException($"PostgreSQL process {left?.ProcessId} of {folder.Root} runs but did not answer within {options.StartTimeout.TotalSeconds:0} s: wait for its recovery, or end it with 'kill -QUIT {left?.ProcessId}', then start again.", problem);
        }

        Forget(left);
        return null;
    }

    private Task<Postmaster> StartAsync(CancellationToken cancellationToken) => StartAsync(() => TryStartAsync(cancellationToken), cancellationToken);

    private async Task<Postmaster> StartAsync(Func<Task<CommandResult>> tryStart, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var start = await tryStart();
            if (start.Succeeded && Postmaster.Read(folder) is { } postmaster)
            {
                logger.Started(binaries.MajorVersion, postmaster.ProcessId, folder.Root);
                return postmaster;
            }

            var startupLog = File.Exists(folder.StartupLog) ? await File.ReadAllTextAsync(folder.StartupLog, cancellationToken) : "";
            if (attempt == MostAttempts || !Passing.Any(sign => startupLog.Contains(sign, StringComparison.Ordinal)))
            {
                throw new PrivatePostgresException($"PostgreSQL in {folder.Root} did not start ({Complaints.In(startupLog) ?? start.Complaint}): see {folder.StartupLog} and the log folder beside it.");
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }

    private async Task<CommandResult> TryStartAsync(CancellationToken cancellationToken)
    {
        var socketFolder = options.UseTcp ? null : await SocketFolder.CreateAsync(account, cancellationToken);
        var port = options.UseTcp ? SocketFolder.FreeLoopbackPort() : SocketPort;
        folder.WriteSettings(ClusterSettings.Write(socketFolder, port, options.Fast));
        File.Delete(folder.StartupLog);
        try
        {
            var start = await StartServerAsync(cancellationToken);
            if (!start.Succeeded)
            {
                await StopAsync(cancellationToken);
                SocketFolder.Delete(socketFolder);
            }

            return start;
        }
        catch (OperationCanceledException)
        {
            // The caller gets nothing to stop.
            await StopAsync(CancellationToken.None);
            SocketFolder.Delete(socketFolder);
            throw;
        }
    }

    // pg_ctl puts the server into a session of its own, where Ctrl-C for us does not reach it.
    private Task<CommandResult> StartServerAsync(CancellationToken cancellationToken) => PgCtlAsync(
        cancellationToken, "start", "--wait", Seconds(options.StartTimeout), "--silent", "--log=" + Path.GetFileName(folder.StartupLog));

    private Task<CommandResult> StopAsync(string mode, CancellationToken cancellationToken) =>
        PgCtlAsync(cancellationToken, "stop", "--wait", Seconds(StopTimeout), "--mode=" + mode);

    // The tool works inside the cluster and gets it as a variable: it hands its arguments to a shell.
    private Task<CommandResult> PgCtlAsync(CancellationToken cancellationToken, params string[] arguments) =>
        account.As(new Command(binaries.PgCtl, arguments)
        {
            WorkingDirectory = folder.Cluster,
            DataDirectory = folder.Cluster,
            KillsChildrenOnCancel = false,
        }).RunAsync(cancellationToken);

    // PostgreSQL itself sorts out a file whose process is gone, but not one whose number another program has by now.
    private void Forget(Postmaster? dead)
    {
        SocketFolder.Delete(dead?.SocketFolder);
        if (dead is not null && dead.IsProcess())
        {
            logger.RemovedStalePostmasterFile(folder.Root, dead.ProcessId);
            File.Delete(folder.PostmasterFile);
        }
    }

    private static bool LostItsSocket(Postmaster postmaster) =>
        postmaster is { IsReady: true, SocketFolder: { } sockets } && !File.Exists(SocketFolder.SocketIn(sockets, postmaster.Port));

    private static string Seconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"--timeout={Math.Max(1, (int)time.TotalSeconds)}");
}

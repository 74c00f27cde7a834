using AgentProtocol.DevPostgres.Binaries;
using AgentProtocol.DevPostgres.Cluster;
using AgentProtocol.DevPostgres.Processes;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.DevPostgres;

/// <summary>
/// A PostgreSQL of our own in a folder: created when absent, started, and stopped with this instance. It outlives a
/// killed process, and the next start on the same folder takes it over.
/// </summary>
public sealed class PrivatePostgres : IAsyncDisposable
{
    private static readonly TimeSpan FindPause = TimeSpan.FromMilliseconds(100);

    private readonly DataFolder folder;
    private readonly FolderLock held;
    private readonly ClusterControl control;
    private readonly PrivatePostgresOptions options;
    private readonly ILogger logger;
    private readonly SemaphoreSlim stopping = new(1, 1);
    private bool stopped;

    private PrivatePostgres(
        DataFolder folder, FolderLock held, ClusterControl control, PrivatePostgresOptions options, ILogger logger, Postmaster postmaster)
    {
        this.folder = folder;
        this.held = held;
        this.control = control;
        this.options = options;
        this.logger = logger;
        ServerProcessId = postmaster.ProcessId;
        ConnectionString = ClusterConnection.To(ClusterConnection.Database, postmaster, folder.ReadPassword());
    }

    /// <summary>Connects to the database <c>agentprotocol</c> as an administrator of the cluster.</summary>
    public string ConnectionString { get; }

    /// <summary>The full path of the data folder.</summary>
    public string DataDirectory => folder.Root;

    /// <summary>The process id of the database server while it runs under this instance.</summary>
    public int? ServerProcessId { get; private set; }

    /// <summary>Starts the cluster of a folder, creates it first when absent, or takes over one left running by a killed process.</summary>
    /// <param name="options">Where the cluster lives and how it starts.</param>
    /// <param name="logger">Hears about starts, take-overs and stops.</param>
    /// <param name="cancellationToken">Gives up the start; nothing is left running.</param>
    /// <returns>The running cluster, which answers and has the database <c>agentprotocol</c>.</returns>
    /// <exception cref="PrivatePostgresException">No binaries, a folder in use or closed, or a server that does not start.</exception>
    public static async Task<PrivatePostgres> StartAsync(
        PrivatePostgresOptions options, ILogger logger, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var folder = new DataFolder(options.DataDirectory ?? PrivatePostgresOptions.DefaultDataDirectory);
        var binaries = await BinarySearch.FindAsync(options.BinDirectory, folder.ReadMajorVersion(), folder.Root, cancellationToken);
        folder.Create();
        var held = FolderLock.Take(folder);
        try
        {
            var account = await ServerAccount.ForAsync(folder, cancellationToken);
            await account.RequireAccessAsync(folder.Root, cancellationToken);
            await new ClusterCreation(folder, binaries, account, options, logger).EnsureAsync(cancellationToken);
            var control = new ClusterControl(folder, binaries, account, options, logger);
            var postmaster = await control.AttachOrStartAsync(cancellationToken);
            return await ReadyAsync(postmaster, control);
        }
        catch
        {
            // Nobody will dispose what we did not return.
            held.Dispose();
            throw;
        }

        async Task<PrivatePostgres> ReadyAsync(Postmaster postmaster, ClusterControl control)
        {
            try
            {
                await ClusterConnection.EnsureDatabaseAsync(postmaster, folder.ReadPassword(), cancellationToken);
                return new PrivatePostgres(folder, held, control, options, logger, postmaster);
            }
            catch
            {
                // Stop what we started, even when the caller has cancelled.
                await control.StopAsync(CancellationToken.None);
                throw;
            }
        }
    }

    /// <summary>Finds the cluster that another process runs in a folder, to use it beside that process. It ends when that process ends it.</summary>
    /// <param name="options">Names the folder, and how long a cluster that is just starting may take.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>A connection string to the database <c>agentprotocol</c>; null when no cluster came to answer.</returns>
    public static async Task<string?> FindRunningAsync(PrivatePostgresOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var folder = new DataFolder(options.DataDirectory ?? PrivatePostgresOptions.DefaultDataDirectory);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(options.StartTimeout);
        try
        {
            while (true)
            {
                if (Postmaster.Read(folder) is { } running && running.IsAlive(folder)
                    && await ClusterConnection.HasDatabaseAsync(running, folder.ReadPassword(), patience.Token))
                {
                    return ClusterConnection.To(ClusterConnection.Database, running, folder.ReadPassword());
                }

                await Task.Delay(FindPause, patience.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Whoever holds the folder does not come to run a cluster in it.
            return null;
        }
    }

    /// <summary>Stops and deletes whatever a folder holds; does nothing when it does not exist.</summary>
    /// <param name="options">Names the folder.</param>
    /// <param name="logger">Hears about the stop.</param>
    /// <param name="cancellationToken">Gives up waiting for the server to stop.</param>
    /// <exception cref="PrivatePostgresException">A living process uses the folder.</exception>
    public static async Task DeleteAsync(
        PrivatePostgresOptions options, ILogger logger, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var folder = new DataFolder(options.DataDirectory ?? PrivatePostgresOptions.DefaultDataDirectory);
        if (!Directory.Exists(folder.Root))
        {
            return;
        }

        folder.RequireOurs();
        using (FolderLock.Take(folder))
        {
            if (Postmaster.Read(folder) is { } left && left.IsAlive(folder))
            {
                var binaries = await BinarySearch.FindAsync(options.BinDirectory, folder.ReadMajorVersion(), folder.Root, cancellationToken);
                var account = await ServerAccount.ForAsync(folder, cancellationToken);
                await new ClusterControl(folder, binaries, account, options, logger).StopAsync(cancellationToken);
            }

            SocketFolder.Delete(Postmaster.Read(folder)?.SocketFolder);
            folder.DeleteContent();
        }

        folder.Delete();
    }

    /// <summary>Stops the server as if it had crashed, and starts it again at the same address: what was committed is recovered. For tests only.</summary>
    /// <param name="whileAway">Called in between; the server stays away until it has ended.</param>
    /// <param name="cancellationToken">Gives up waiting for the server to answer.</param>
    /// <exception cref="PrivatePostgresException">It does not start any more.</exception>
    public async Task RestartAtOnceAsync(Func<Task>? whileAway = null, CancellationToken cancellationToken = default)
    {
        await stopping.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(stopped, this);
            ServerProcessId = (await control.RestartAtOnceAsync(whileAway, cancellationToken)).ProcessId;
        }
        finally
        {
            stopping.Release();
        }
    }

    /// <summary>Stops the server in order, as a second call does not, and frees the folder.</summary>
    /// <param name="cancellationToken">Gives up waiting; the server goes on stopping.</param>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        await stopping.WaitAsync(cancellationToken);
        try
        {
            if (stopped)
            {
                return;
            }

            await control.StopAsync(cancellationToken);
            Leave();
        }
        finally
        {
            stopping.Release();
        }
    }

    /// <summary>Stops the server and, when the options say so, deletes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        if (options.DeleteOnDispose)
        {
            await DeleteAsync(options, logger, CancellationToken.None);
        }
    }

    // What kill -9 does to us: the lock goes, the server stays.
    internal void Abandon() => Leave();

    private void Leave()
    {
        stopped = true;
        ServerProcessId = null;
        held.Dispose();
    }
}

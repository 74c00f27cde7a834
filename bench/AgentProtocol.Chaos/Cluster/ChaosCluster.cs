using System.Globalization;
using System.Net;
using System.Net.Sockets;
using AgentProtocol.Chaos.History;
using AgentProtocol.DevPostgres;
using AgentProtocol.Engine;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace AgentProtocol.Chaos.Cluster;

/// <summary>A database, nodes, and nginx before them, all of our own.</summary>
internal sealed class ChaosCluster : IAsyncDisposable
{
    /// <summary>Long enough for several starts on a machine that has much else to do.</summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);

    private readonly CancellationTokenSource stop = new();
    private readonly List<Task> supervised = [];

    private ChaosCluster(string folder, PrivatePostgres postgres) => (Folder, Postgres) = (folder, postgres);

    /// <summary>All that the run leaves behind.</summary>
    public string Folder { get; }

    public PrivatePostgres Postgres { get; }

    public IReadOnlyList<Node> Nodes { get; private set; } = [];

    public Gateway? Gateway { get; private set; }

    /// <summary>What is done to the database.</summary>
    public Disturbance Disturbance { get; } = new();

    /// <summary>Where clients may go: the gateway, and each node.</summary>
    public IReadOnlyList<Uri> Addresses => [.. Gateway is null ? [] : new[] { Gateway.Address }, .. Nodes.Select(node => node.Address)];

    public static async Task<ChaosCluster> StartAsync(ChaosOptions options, Ledger ledger, CancellationToken cancellationToken)
    {
        var folder = options.Folder is { } given ? Directory.CreateDirectory(given).FullName : Directory.CreateTempSubdirectory("agentprotocol-chaos-").FullName;
        if (!OperatingSystem.IsWindows())
        {
            // As root PostgreSQL runs as another user, which has to pass through.
            File.SetUnixFileMode(folder, (UnixFileMode)0b111_001_001);
        }

        // Durable, because a crash of the database is one of the faults.
        var postgres = await PrivatePostgres.StartAsync(
            new PrivatePostgresOptions { DataDirectory = Path.Combine(folder, "data") }, NullLogger.Instance, cancellationToken);
        var cluster = new ChaosCluster(folder, postgres);
        try
        {
            await cluster.StartNodesAsync(options, ledger, cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until each node answers.</summary>
    /// <exception cref="TimeoutException">One does not.</exception>
    public async Task AllUpAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(StartLimit);
        while (!Nodes.All(node => node.IsUp))
        {
            // A program that cannot be started at all fails its supervision.
            await (supervised.FirstOrDefault(task => task.IsFaulted) ?? Task.Delay(100, cancellationToken));
            if (limit.IsCancellationRequested)
            {
                throw new TimeoutException($"The nodes do not start within {StartLimit.TotalMinutes} minutes: see their logs in {Folder}.");
            }
        }
    }

    /// <summary>A connection that shares nothing with anybody; the faults hit ours too.</summary>
    public async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Postgres.ConnectionString) { Pooling = false, ApplicationName = "chaos" }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        return connection;
    }

    /// <summary>Stops everything and keeps the files.</summary>
    public async ValueTask DisposeAsync()
    {
        Gateway?.Dispose();
        await stop.CancelAsync();
        await Task.WhenAll(supervised).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
        await Postgres.DisposeAsync();
    }

    private async Task StartNodesAsync(ChaosOptions options, Ledger ledger, CancellationToken cancellationToken)
    {
        await EngineSchema.MigrateAsync(Postgres.ConnectionString, cancellationToken);
        var ports = FreePorts(options.Nodes + 1);
        var settings = Settings(options, Postgres.ConnectionString, AgentFiles.Write(Folder));
        Nodes =
        [
            .. Enumerable.Range(1, options.Nodes).Select(number => new Node(
                number, ports[number], options.Server, Folder,
                new Dictionary<string, string>(settings) { ["Server__Urls"] = $"http://127.0.0.1:{ports[number].ToString(CultureInfo.InvariantCulture)}" }, ledger, Disturbance)),
        ];
        supervised.AddRange(Nodes.Select(node => node.SuperviseAsync(stop.Token)));
        Gateway = Gateway.Start(Folder, ports[0], [.. Nodes.Select(node => node.Address.Authority)]);
    }

    /// <summary>As variables of the environment.</summary>
    private static Dictionary<string, string> Settings(ChaosOptions options, string connectionString, string agents)
    {
        var settings = Settings(connectionString, agents, options.Queue);
        foreach (var (name, value) in options.Settings)
        {
            settings[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        return settings;
    }

    private static Dictionary<string, string> Settings(string connectionString, string agents, string queue) => new()
    {
        ["ConnectionStrings__Postgres"] = new NpgsqlConnectionStringBuilder(connectionString) { MaxPoolSize = 20 }.ConnectionString,
        ["Agents__File"] = agents,
        ["Runs__Queue"] = queue,
        // What takes long by default takes less, so that a run of minutes sees it often.
        ["Runs__DrainTimeout"] = "00:00:05",
        ["Runs__CancelGrace"] = "00:00:02",
    };

    /// <summary>All at once, so that none is given out twice.</summary>
    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToArray();
        listeners.ForEach(listener => listener.Dispose());
        return ports;
    }
}

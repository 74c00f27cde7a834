namespace AgentProtocol.Chaos;

internal static class Usage
{
    public const string Text =
        """
        agentprotocol-chaos: several nodes under load and faults; afterwards a proof that nothing was lost

          --server <path>        the built server: an executable, or a .dll for dotnet
          --seed <n>             draws faults and load; by default a new one, which is printed
          --duration <n>[s|m]    how long faults are injected, default 2m
          --nodes <n>            processes of the server, default 3
          --clients <n>          clients at a time, default 24
          --runs <n>             go on until so many runs were accepted, at most three times the duration
          --faults <n>           go on until so many faults were injected, likewise
          --only <kind>,<kind>   draw these faults only: Kill, Freeze, Drain, Sessions, Database
          --queue <name>         Runs:Queue of the nodes: Postgres (default), Hangfire or Auto
          --set <setting>=<v>    a setting of all nodes, such as Runs:MaxConcurrent=200; may be given several times
          --takeover <n>[s|m]    p99 of takeovers without another fault meanwhile must not be above it; no limit by default
          --help                 this text

        A summary and one JSON line on stdout, progress on stderr. Exit code: 0 nothing was violated, 1 something was
        (the data folder is kept and printed), 2 wrong command line.
        """;
}

using AgentProtocol.Bench.Scenarios;

namespace AgentProtocol.Bench;

internal static class Usage
{
    public static string Text { get; } =
        $"""
        agentprotocol-bench: load for an Agent Protocol or LangGraph server with an echo agent

          --url <address>        server, default http://localhost:8123
          --assistant <id>       agent that echoes and sleeps, default echo
          --scenario <a,b|all>   what to measure, default all
          --repeat <n>           repetitions of each scenario, default 3
          --model-port <n>       where the server's agent "model" (kind llm) looks for its model; the scenario models needs it
          --server-process <n>   the server's process on this machine, to report its memory
          --quick                a tenth of the work
          --header "<k: v>"      header of every request, repeatable
          --help                 this text

        Scenarios, in the order of "all":

        {string.Join(Environment.NewLine, Scenario.All.Select(scenario => $"  {scenario.Name,-15}{scenario.About}"))}

        One JSON line per repetition and one summary per scenario on stdout, progress on stderr.
        Exit code: 0 no errors, 1 errors in a scenario, 2 wrong command line.
        """;
}

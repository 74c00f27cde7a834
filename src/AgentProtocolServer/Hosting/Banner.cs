using AgentProtocol.Agents;
using AgentProtocol.DevPostgres;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace AgentProtocolServer.Hosting;

/// <summary>What a newcomer wants to know after the start: where, with what, and what to try.</summary>
internal static class Banner
{
    public static void Print(WebApplication app, PrivatePostgres? postgres)
    {
        var url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? "http://localhost";
        url = url.Replace("[::]", "localhost", StringComparison.Ordinal).Replace("0.0.0.0", "localhost", StringComparison.Ordinal).TrimEnd('/');
        var agents = app.Services.GetRequiredService<AgentRegistry>();
        Console.WriteLine(
            $$$"""

            Agent Protocol Server is ready.

              API         {{{url}}}
              Swagger UI  {{{url}}}/swagger
              Health      {{{url}}}/health/ready
              Agents      {{{Describe(agents)}}}
              Access      {{{app.Services.GetRequiredService<OpenServerCheck>().Access}}}
              Data        {{{(postgres is null ? "the database of ConnectionStrings:Postgres" : postgres.DataDirectory)}}}

            Try it:

              curl -s {{{url}}}/runs/wait -H 'content-type: application/json' \
                -d '{"input":{"messages":[{"role":"user","content":"hello"}]}}'

            """);
    }

    private static string Describe(AgentRegistry agents) => agents.All.Count == 0
        ? "none: describe some in agents.json"
        : string.Join(", ", agents.All.Select(agent => $"{agent.Id} ({agent.Kind})"));
}

namespace AgentProtocolServer.Verbs;

/// <summary>Says how the executable is used.</summary>
internal static class HelpVerb
{
    private const string Usage =
        """
        agentprotocol: a server to which supervisor agents delegate work over HTTP

          agentprotocol [serve] [--Section:Setting value …]   start the server (default)
          agentprotocol migrate                               bring the database to this version's schema
          agentprotocol migrate --script                      print the same as SQL
          agentprotocol key create [--name N] [--scope read,run,admin] [--owner X] [--expires 90d | 2027-01-31]
                                                              make an API key; from the first one on the server wants keys
          agentprotocol key list                              show all keys, without their secrets
          agentprotocol key revoke <prefix or id>             end a key
          agentprotocol health                                ask the server on this machine whether it is ready: 0 or 1
          agentprotocol audit                                 check all rows against the rules that the server keeps;
                                                              exit code 1 and a line per rule when one is broken
          agentprotocol help                                  show this text

        Settings come from appsettings.json, environment variables such as ConnectionStrings__Postgres, and the command
        line. docs/configuration.md lists them.
        """;

    public static int Run()
    {
        Console.WriteLine(Usage);
        return 0;
    }

    public static int RunUnknown(string verb)
    {
        Console.Error.WriteLine($"agentprotocol: there is no verb \"{verb}\".{Environment.NewLine}{Environment.NewLine}{Usage}");
        return 2;
    }
}

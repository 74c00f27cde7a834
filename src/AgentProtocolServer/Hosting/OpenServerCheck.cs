using AgentProtocol.AspNetCore.Auth;
using AgentProtocol.Engine.Access;
using Microsoft.Extensions.Options;

namespace AgentProtocolServer.Hosting;

/// <summary>
/// Refuses to start a server that other machines can reach and that lets everybody in, unless somebody has said so, and
/// one that could let nobody in. It looks after the database was brought up to date, and before anything listens.
/// </summary>
internal sealed class OpenServerCheck(IConfiguration configuration, IOptions<AuthOptions> auth, ApiKeys keys) : IHostedLifecycleService
{
    private bool hasKeys;

    /// <summary>Who is let in, for the banner.</summary>
    public string Access => auth.Value.Mode switch
    {
        AuthOptions.None => "open to whoever reaches it (Auth:Mode=None)",
        AuthOptions.Auto when !hasKeys => "open, until 'agentprotocol key create' has made the first API key",
        _ => "with an API key",
    };

    /// <exception cref="StartException">It would be open, or closed to everybody.</exception>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (auth.Value.Mode == AuthOptions.Host)
        {
            throw new StartException("Auth:Mode=Host is for apps that embed the library and have an authentication of their own: set Auto, ApiKey or None.");
        }

        if (auth.Value.Mode != AuthOptions.Auto)
        {
            return;
        }

        hasKeys = (await keys.ListAsync(cancellationToken)).Count > 0;
        if (!hasKeys && ServerUrls.Reachable(configuration) is { } address)
        {
            throw new StartException(
                $"{address}, where other machines can reach it, and there is no API key: make one with 'agentprotocol key create', listen on http://localhost:8123, or set Auth:Mode=None to let everybody in.");
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

namespace AgentProtocol.Agents.Wire;

/// <summary>The one way in which this server calls others.</summary>
internal static class OutgoingHttp
{
    /// <summary>A client without a time limit of its own: its users know how long an answer may take.</summary>
    /// <param name="handlers">What requests pass before they are sent, in this order.</param>
    public static HttpClient Client(params DelegatingHandler[] handlers)
    {
        HttpMessageHandler next = new SocketsHttpHandler
        {
            // Otherwise an address that swallows packets would take the whole limit to be noticed.
            ConnectTimeout = TimeSpan.FromSeconds(15),
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),

            // A redirect would carry the headers, and with them keys, to wherever it leads.
            AllowAutoRedirect = false,
            UseCookies = false,
        };
        foreach (var handler in handlers.Reverse())
        {
            handler.InnerHandler = next;
            next = handler;
        }

        return new HttpClient(next) { Timeout = Timeout.InfiniteTimeSpan };
    }
}

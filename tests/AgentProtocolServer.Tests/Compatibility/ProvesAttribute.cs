namespace AgentProtocolServer.Tests.Compatibility;

/// <summary>Says that a test shows a route to work for clients. It is what docs/compatibility.md is made of.</summary>
/// <param name="route">As in <c>GET /threads/{thread_id}</c>, with the names of the served document.</param>
/// <param name="clients">Whose calls the test makes; none for plain HTTP that no client of the table sends.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class ProvesAttribute(string route, params Client[] clients) : Attribute
{
    public string Route => route;

    public IReadOnlyList<Client> Clients => clients;
}

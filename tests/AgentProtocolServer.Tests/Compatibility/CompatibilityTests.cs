using System.Reflection;
using AgentProtocolServer.Tests.Architecture;
using AgentProtocolServer.Tests.Hosting;
using AgentProtocolServer.Tests.OpenApi;
using Xunit;

namespace AgentProtocolServer.Tests.Compatibility;

/// <summary>Every route that the server serves is proved by a test, for every client that calls it.</summary>
public sealed class CompatibilityTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly Client[] Clients = Enum.GetValues<Client>();

    private static readonly Proof[] Proofs =
    [
        .. from type in typeof(CompatibilityTests).Assembly.GetTypes()
           from method in type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly)
           from proof in method.GetCustomAttributes<ProvesAttribute>()
           select new Proof(proof.Route, proof.Clients, $"{type.Name}.{method.Name}", method.IsDefined(typeof(FactAttribute))),
    ];

    [Fact]
    public async Task Every_route_is_proved_for_every_client_that_calls_it()
    {
        var proved = Proofs.SelectMany(proof => proof.Clients.Select(client => (client, ClientCalls.Key(proof.Route)))).ToHashSet();
        var any = Proofs.Select(proof => ClientCalls.Key(proof.Route)).ToHashSet();
        var missing =
            from operation in (await ServedDocument.ReadAsync(fixture.Client)).Operations
            let key = ClientCalls.Key(operation.Route)
            let lacking = Clients.Where(client => ClientCalls.Of(client).Contains(key) && !proved.Contains((client, key))).Select(client => client.ToString()).ToArray()
            where lacking.Length > 0 || !any.Contains(key)
            select $"[Proves(\"{operation.Route}\"{string.Concat(lacking.Select(client => $", Client.{client}"))})] is on no test";
        Assert.Equal([], missing);
    }

    [Fact]
    public async Task A_proof_is_a_test_and_names_a_route_that_exists_and_clients_that_call_it()
    {
        var served = (await ServedDocument.ReadAsync(fixture.Client)).Operations.Select(operation => operation.Route).ToHashSet();
        var wrong = Proofs.SelectMany(proof => new[]
        {
            served.Contains(proof.Route) ? null : $"{proof.Test}: there is no {proof.Route}",
            proof.IsTest ? null : $"{proof.Test} is no test",
        }.Concat(proof.Clients.Where(client => !ClientCalls.Of(client).Contains(ClientCalls.Key(proof.Route))).Select(client => $"{proof.Test}: {client} does not call {proof.Route}")));
        Assert.Equal([], wrong.OfType<string>());
    }

    [Fact]
    public async Task The_document_is_the_committed_one()
    {
        var path = Checkout.PathOf("docs/compatibility.md");
        var generated = CompatibilityDocument.Write(await ServedDocument.ReadAsync(fixture.Client), Proofs);
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
        {
            await File.WriteAllTextAsync(path, generated, TestContext.Current.CancellationToken);
        }

        var committed = File.Exists(path) ? (await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)).ReplaceLineEndings("\n") : "";
        Assert.True(generated == committed, $"The tests prove something else than {path} says. If that is intended, run this test with UPDATE_SNAPSHOTS=1 and commit the file.");
    }
}

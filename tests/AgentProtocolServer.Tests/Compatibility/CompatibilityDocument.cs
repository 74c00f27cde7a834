using System.Text;
using AgentProtocolServer.Tests.OpenApi;

namespace AgentProtocolServer.Tests.Compatibility;

/// <summary>Writes docs/compatibility.md.</summary>
internal static class CompatibilityDocument
{
    private const string Introduction =
        """
        # Compatibility

        What each client calls, and the test that shows that it works. This file is generated from the tests (`[Proves]`) and from the routes that the
        server serves; a route without a proof fails the suite, and so does a client's call without a proof for that client.
        [CONTRIBUTING.md](../CONTRIBUTING.md#a-proof) says how to add one.

        | Column | Who | How it is proved |
        | --- | --- | --- |
        | Agent Protocol | Clients of the protocol's [OpenAPI document](../openapi/vendor/README.md) and of the journeys in its README | Each answer is valid by the schema of its operation |
        | JavaScript SDK | `@langchain/langgraph-sdk` | The unmodified npm package against a running server ([scenarios](../tests/clients/README.md)); a proof counts only when the scenario has called the route |
        | Python SDK | `langgraph_sdk` | Recorded request shapes, sent over raw HTTP, and what the SDK reads of the answers; the SDK itself runs in the public CI ([tests/clients/python](../tests/clients/python)) |
        | Deep Agents | Async subagents of `deepagents` | JavaScript: the unmodified npm package. Python: recorded request shapes as above |
        | Other | Probes, browsers, curl | Plain HTTP |

        `—` says that the client has no such call. Tests are below `tests/AgentProtocolServer.Tests`.
        """;

    public static string Write(ServedDocument document, IReadOnlyCollection<Proof> proofs)
    {
        var text = new StringBuilder(Introduction.ReplaceLineEndings("\n")).Append('\n');
        foreach (var tag in document.Operations.GroupBy(operation => operation.Tag).OrderBy(tag => tag.Key, StringComparer.Ordinal))
        {
            text.Append($"\n## {tag.Key}\n\n| Route | Agent Protocol | JavaScript SDK | Python SDK | Deep Agents | Other |\n| --- | --- | --- | --- | --- | --- |\n");
            foreach (var operation in tag.OrderBy(operation => operation.Path, StringComparer.Ordinal).ThenBy(operation => operation.Method, StringComparer.Ordinal))
            {
                var own = proofs.Where(proof => proof.Route == operation.Route).ToArray();
                var cells = Enum.GetValues<Client>().Select(client => own.Where(proof => proof.Clients.Contains(client))).Append(own.Where(proof => proof.Clients.Count == 0));
                text.Append($"| `{operation.Route}` | {string.Join(" | ", cells.Select(Cell))} |\n");
            }
        }

        return text.ToString();
    }

    private static string Cell(IEnumerable<Proof> proofs)
    {
        var tests = proofs.Select(proof => $"`{proof.Test}`").Distinct().Order(StringComparer.Ordinal).ToArray();
        return tests.Length == 0 ? "—" : string.Join("<br>", tests);
    }
}

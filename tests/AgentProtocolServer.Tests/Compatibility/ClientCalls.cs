using AgentProtocolServer.Tests.OpenApi;

namespace AgentProtocolServer.Tests.Compatibility;

/// <summary>Which client calls which route: the columns "Client" of wire-contract 2 to 11, and the vendored document.</summary>
internal static class ClientCalls
{
    /// <summary>What both SDKs call (wire-contract 3, 4, 8, 9 and 10).</summary>
    private static readonly string[] BothSdks =
    [
        "POST /threads", "POST /threads/search", "POST /threads/count", "POST /threads/prune", "GET /threads/{thread_id}", "PATCH /threads/{thread_id}",
        "DELETE /threads/{thread_id}", "POST /threads/{thread_id}/copy",
        "GET /threads/{thread_id}/state", "POST /threads/{thread_id}/state", "GET /threads/{thread_id}/state/{checkpoint_id}", "POST /threads/{thread_id}/state/checkpoint",
        "POST /threads/{thread_id}/history",
        "GET /threads/{thread_id}/stream", "GET /threads/{thread_id}/stream/events", "POST /threads/{thread_id}/stream/events", "POST /threads/{thread_id}/commands",
        "POST /threads/{thread_id}/runs", "POST /threads/{thread_id}/runs/stream", "POST /threads/{thread_id}/runs/wait", "GET /threads/{thread_id}/runs",
        "GET /threads/{thread_id}/runs/{run_id}", "DELETE /threads/{thread_id}/runs/{run_id}", "GET /threads/{thread_id}/runs/{run_id}/join",
        "GET /threads/{thread_id}/runs/{run_id}/stream", "POST /threads/{thread_id}/runs/{run_id}/cancel",
        "POST /runs", "POST /runs/stream", "POST /runs/wait", "POST /runs/batch", "POST /runs/cancel",
        "POST /assistants", "POST /assistants/search", "POST /assistants/count", "GET /assistants/{assistant_id}", "PATCH /assistants/{assistant_id}",
        "DELETE /assistants/{assistant_id}", "GET /assistants/{assistant_id}/graph", "GET /assistants/{assistant_id}/schemas", "GET /assistants/{assistant_id}/subgraphs",
        "GET /assistants/{assistant_id}/subgraphs/{namespace}", "POST /assistants/{assistant_id}/versions", "POST /assistants/{assistant_id}/latest",
        "PUT /store/items", "GET /store/items", "DELETE /store/items", "POST /store/items/search", "POST /store/namespaces",
        "POST /runs/crons", "POST /threads/{thread_id}/runs/crons", "PATCH /runs/crons/{cron_id}", "DELETE /runs/crons/{cron_id}", "POST /runs/crons/search", "POST /runs/crons/count",
    ];

    /// <summary>What only the JavaScript SDK calls: <c>patchState</c>, and <c>joinStream</c> without a thread (wire-contract 3.13, 4.3).</summary>
    private static readonly string[] JsSdkOnly = ["PATCH /threads/{thread_id}/state", "GET /runs/{run_id}/stream"];

    /// <summary>The five tools (wire-contract 2.1); results are read from the state in JavaScript, from the thread in Python.</summary>
    private static readonly string[] DeepAgents =
    [
        "POST /threads", "POST /threads/{thread_id}/runs", "GET /threads/{thread_id}/runs/{run_id}", "GET /threads/{thread_id}/state", "GET /threads/{thread_id}",
        "POST /threads/{thread_id}/runs/{run_id}/cancel",
    ];

    /// <summary>What the Agent Protocol's README calls and its document does not define (wire-contract 12).</summary>
    private static readonly string[] ReadmeOnly = ["GET /threads/{thread_id}/runs", "POST /threads/{thread_id}/runs", "GET /threads/{thread_id}/runs/{run_id}/wait"];

    /// <summary>The routes of a client, in the form of <see cref="Key"/>.</summary>
    public static IReadOnlySet<string> Of(Client client) => (client switch
    {
        Client.AgentProtocol => SpecFiles.Operations.Concat(ReadmeOnly),
        Client.JsSdk => BothSdks.Concat(JsSdkOnly),
        Client.PythonSdk => BothSdks,
        _ => DeepAgents,
    }).Select(Key).ToHashSet();

    /// <summary>A route without the names of its parameters, which differ between documents.</summary>
    public static string Key(string route) =>
        string.Join('/', route.Split('/').Select(part => part is ['{', .., '}'] ? "{}" : part));
}

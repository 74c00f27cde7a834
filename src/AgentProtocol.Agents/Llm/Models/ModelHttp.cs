using AgentProtocol.Agents.Wire;

namespace AgentProtocol.Agents.Llm.Models;

/// <summary>The HTTP client behind a chat model, whoever's package uses it.</summary>
internal static class ModelHttp
{
    /// <summary>
    /// How long a server may be silent: a reasoning model, or a local one with a long prompt, thinks for minutes before its
    /// first word. It bounds the wait for each part and not the answer, which may stream for as long as the run may take.
    /// </summary>
    public static readonly TimeSpan DefaultSilence = TimeSpan.FromMinutes(15);

    /// <summary>Makes one, with a handler in front of it if there is one.</summary>
    public static HttpClient Create(DelegatingHandler? outermost = null) =>
        OutgoingHttp.Client(outermost is null ? [new RefusalHandler()] : [outermost, new RefusalHandler()]);
}

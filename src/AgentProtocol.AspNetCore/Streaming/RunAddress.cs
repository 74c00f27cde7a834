using AgentProtocol.Engine.Runs;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>
/// Where clients find a run again. Both headers are relative and without path base or prefix: the SDKs put them behind
/// the address they were configured with (wire-contract 1.4).
/// </summary>
/// <param name="ThreadId">The thread; null when it is temporary, so that the run is addressed alone.</param>
/// <param name="RunId">The run.</param>
internal readonly record struct RunAddress(Guid? ThreadId, Guid RunId)
{
    public static RunAddress Of(CreatedRun created) => new(created.Stateless ? null : created.Run.ThreadId, created.Run.RunId);

    public string Path => ThreadId is { } threadId ? $"/threads/{threadId}/runs/{RunId}" : $"/runs/{RunId}";

    /// <summary>Names the run; nothing may follow its id.</summary>
    public void SetContentLocation(HttpResponse response) => response.Headers.ContentLocation = Path;

    /// <summary>Names the run, and where to go on reading after a lost connection.</summary>
    public void SetLocations(HttpResponse response, string continuation)
    {
        var path = Path;
        response.Headers.ContentLocation = path;
        response.Headers.Location = $"{path}/{continuation}";
    }
}

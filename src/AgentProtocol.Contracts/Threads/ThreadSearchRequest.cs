using System.Text.Json;

namespace AgentProtocol.Contracts.Threads;

/// <summary>Body of <c>POST /threads/search</c> and, without paging, of <c>POST /threads/count</c> (wire-contract 3.2, 3.3).</summary>
public sealed record ThreadSearchRequest
{
    /// <summary>Threads whose metadata contains this object.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>Threads whose current values contain this object.</summary>
    public JsonElement? Values { get; init; }

    /// <summary>Only these threads, at most 1000.</summary>
    public IReadOnlyList<Guid>? Ids { get; init; }

    /// <summary>Only threads of this status.</summary>
    public ThreadStatus? Status { get; init; }

    /// <summary>At most this many, 1 to 1000; 10 by default.</summary>
    public int? Limit { get; init; }

    /// <summary>Skip this many; 0 by default.</summary>
    public int? Offset { get; init; }

    /// <summary><c>thread_id</c>, <c>status</c>, <c>created_at</c> (default), <c>updated_at</c> or <c>state_updated_at</c>.</summary>
    public string? SortBy { get; init; }

    /// <summary><c>asc</c> or <c>desc</c> (default).</summary>
    public string? SortOrder { get; init; }

    /// <summary>Return only these members of each thread.</summary>
    public IReadOnlyList<string>? Select { get; init; }

    /// <summary>Alias to path, at most 10, such as <c>values.messages[-1].content</c>; the values come under <c>extracted</c>.</summary>
    public JsonElement? Extract { get; init; }
}

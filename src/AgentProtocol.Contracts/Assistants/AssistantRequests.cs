using System.Text.Json;

namespace AgentProtocol.Contracts.Assistants;

/// <summary>Body of <c>POST /assistants</c> (wire-contract 8.1).</summary>
public sealed record AssistantCreate
{
    /// <summary>The agent; required.</summary>
    public string? GraphId { get; init; }

    /// <summary>The id to use; the server mints one otherwise.</summary>
    public string? AssistantId { get; init; }

    /// <summary>What its runs find in their configuration.</summary>
    public JsonElement? Config { get; init; }

    /// <summary>What its runs find in their context.</summary>
    public JsonElement? Context { get; init; }

    /// <summary>An object to keep with it; its runs get it too.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary><c>raise</c> (default) or <c>do_nothing</c>.</summary>
    public string? IfExists { get; init; }

    /// <summary>Its name; <c>Untitled</c> by default.</summary>
    public string? Name { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }
}

/// <summary>Body of <c>PATCH /assistants/{assistant_id}</c>: what is absent stays (wire-contract 8.1).</summary>
public sealed record AssistantPatch
{
    /// <summary>The agent.</summary>
    public string? GraphId { get; init; }

    /// <summary>Replaces the configuration.</summary>
    public JsonElement? Config { get; init; }

    /// <summary>Replaces the context.</summary>
    public JsonElement? Context { get; init; }

    /// <summary>Merged into the metadata, key by key.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>The name.</summary>
    public string? Name { get; init; }

    /// <summary>The description.</summary>
    public string? Description { get; init; }
}

/// <summary>Body of <c>POST /assistants/search</c> and, without paging, of <c>POST /assistants/count</c> (wire-contract 8.1).</summary>
public sealed record AssistantSearchRequest
{
    /// <summary>Assistants whose metadata contains this object.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>Only assistants of this agent.</summary>
    public string? GraphId { get; init; }

    /// <summary>Assistants whose name contains this text, in any case.</summary>
    public string? Name { get; init; }

    /// <summary>At most this many, 1 to 1000; 10 by default.</summary>
    public int? Limit { get; init; }

    /// <summary>Skip this many; 0 by default.</summary>
    public int? Offset { get; init; }

    /// <summary><c>assistant_id</c>, <c>graph_id</c>, <c>name</c>, <c>created_at</c> (default) or <c>updated_at</c>.</summary>
    public string? SortBy { get; init; }

    /// <summary><c>asc</c> or <c>desc</c> (default).</summary>
    public string? SortOrder { get; init; }

    /// <summary>Return only these members of each assistant.</summary>
    public IReadOnlyList<string>? Select { get; init; }
}

/// <summary>Body of <c>POST /assistants/{assistant_id}/versions</c> (wire-contract 8.1).</summary>
public sealed record AssistantVersionsRequest
{
    /// <summary>Versions whose metadata contains this object.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>At most this many, 1 to 1000; 10 by default.</summary>
    public int? Limit { get; init; }

    /// <summary>Skip this many; 0 by default.</summary>
    public int? Offset { get; init; }
}

/// <summary>Body of <c>POST /assistants/{assistant_id}/latest</c> (wire-contract 8.1).</summary>
public sealed record AssistantVersionChange
{
    /// <summary>The version to return to; required, here or as a query parameter.</summary>
    public int? Version { get; init; }
}

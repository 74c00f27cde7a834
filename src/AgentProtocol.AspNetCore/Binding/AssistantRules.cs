using System.Collections.Frozen;
using AgentProtocol.Contracts.Agents;
using AgentProtocol.Contracts.Assistants;
using AgentProtocol.Contracts.Errors;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>What the bodies about assistants and agents may hold (wire-contract 8).</summary>
internal static class AssistantRules
{
    private static readonly FrozenSet<string> Members = FrozenSet.Create(
        "assistant_id", "graph_id", "config", "context", "created_at", "updated_at", "metadata", "version", "name", "description");

    public static void Check(AssistantCreate assistant)
    {
        FieldErrors errors = default;
        if (assistant.GraphId is null)
        {
            errors.Add("graph_id", "is required", "missing");
        }

        errors.Object("config", assistant.Config);
        errors.Object("context", assistant.Context);
        errors.Object("metadata", assistant.Metadata);
        errors.OneOf("if_exists", assistant.IfExists, "raise", "do_nothing");
        CheckText("name", assistant.Name, ref errors);
        CheckText("description", assistant.Description, ref errors);
        errors.ThrowIfAny();
    }

    public static void Check(AssistantPatch patch)
    {
        FieldErrors errors = default;
        errors.Object("config", patch.Config);
        errors.Object("context", patch.Context);
        errors.Object("metadata", patch.Metadata);
        CheckText("name", patch.Name, ref errors);
        CheckText("description", patch.Description, ref errors);
        errors.ThrowIfAny();
    }

    public static void Check(AssistantSearchRequest search)
    {
        FieldErrors errors = default;
        errors.Object("metadata", search.Metadata);
        errors.Paging(search.Limit, search.Offset);
        CheckText("graph_id", search.GraphId, ref errors);
        CheckText("name", search.Name, ref errors);
        errors.OneOf("sort_by", search.SortBy, "assistant_id", "graph_id", "name", "created_at", "updated_at");
        errors.OneOf("sort_order", search.SortOrder, "asc", "desc");
        errors.AllOf("select", search.Select, Members);
        errors.ThrowIfAny();
    }

    public static void Check(AgentSearchRequest search)
    {
        FieldErrors errors = default;
        errors.Object("metadata", search.Metadata);
        errors.Paging(search.Limit, search.Offset);
        CheckText("name", search.Name, ref errors);
        errors.ThrowIfAny();
    }

    public static void Check(AssistantVersionsRequest versions)
    {
        FieldErrors errors = default;
        errors.Object("metadata", versions.Metadata);
        errors.Paging(versions.Limit, versions.Offset);
        errors.ThrowIfAny();
    }

    /// <summary>The version to return to, from the body or else the query.</summary>
    public static int ReadVersion(AssistantVersionChange change, HttpRequest request)
    {
        if ((change.Version ?? request.QueryInt("version", 0, 1, int.MaxValue)) is var version and not 0)
        {
            return version;
        }

        throw ProtocolException.InvalidField("version", "is required, in the body or as a query parameter", "missing");
    }

    /// <summary>How deep to draw, a flag or a number of levels. There is one level here, so it is only checked.</summary>
    public static void CheckXray(HttpRequest request)
    {
        if (!uint.TryParse(request.Query["xray"].LastOrDefault(), out _))
        {
            request.QueryFlag("xray");
        }
    }

    /// <summary>PostgreSQL cannot hold a NUL character, nor can anything with one be found.</summary>
    private static void CheckText(string field, string? text, ref FieldErrors errors)
    {
        if (text?.Contains('\0') ?? false)
        {
            errors.Add(field, "must not hold NUL characters");
        }
    }
}

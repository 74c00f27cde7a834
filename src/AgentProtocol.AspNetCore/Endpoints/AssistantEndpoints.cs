using AgentProtocol.AspNetCore.Auth;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.AspNetCore.OpenApi;
using AgentProtocol.AspNetCore.Results;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Assistants;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Engine.Assistants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentProtocol.AspNetCore.Endpoints;

/// <summary>Assistants (wire-contract 8.1). An id is a UUID or a graph id.</summary>
internal static class AssistantEndpoints
{
    public static void Map(RouteGroupBuilder routes)
    {
        var assistants = routes.MapGroup("/assistants").WithTags("Assistants").Reads();
        assistants.MapPost("", CreateAsync).Administers().Describe("create_assistant", "Create an assistant").Answers<Assistant>().Refuses(404, 409);
        assistants.MapPost("/search", SearchAsync).Describe("search_assistants", "Find assistants").Answers<IReadOnlyList<Assistant>>();
        assistants.MapPost("/count", CountAsync).Describe("count_assistants", "Count assistants").Answers<long>();
        assistants.MapGet("/{assistant_id}", GetAsync).Describe("get_assistant", "Read an assistant").Answers<Assistant>().Refuses(404);
        assistants.MapPatch("/{assistant_id}", PatchAsync).Administers()
            .Describe("patch_assistant", "Make a new version of an assistant; metadata is merged").Answers<Assistant>().Refuses(404);
        assistants.MapDelete("/{assistant_id}", DeleteAsync).Administers().Describe("delete_assistant", "Delete an assistant with its versions")
            .Query("delete_threads", "boolean", "Also delete the threads whose metadata names it.").Answers(204).Refuses(404, 409);
        assistants.MapGet("/{assistant_id}/graph", GetGraphAsync).Describe("get_assistant_graph", "Read the nodes of an assistant's agent")
            .Query("xray", "string", "true, false or a number of levels; agents have one level here.").Answers<AssistantGraph>().Refuses(404);
        assistants.MapGet("/{assistant_id}/schemas", GetSchemasAsync)
            .Describe("get_assistant_schemas", "Read the JSON Schemas of an assistant's agent").Answers<AssistantSchemas>().Refuses(404);
        assistants.MapGet("/{assistant_id}/subgraphs", GetSubgraphsAsync)
            .Describe("get_assistant_subgraphs", "Read the schemas of the subgraphs of an assistant's agent; there are none here")
            .Query("recurse", "boolean", "Also those of subgraphs.").Answers<RawJson>().Refuses(404);
        assistants.MapGet("/{assistant_id}/subgraphs/{namespace}", GetSubgraphsAsync)
            .Describe("get_assistant_subgraph", "Read the schemas of one subgraph of an assistant's agent; there are none here")
            .Query("recurse", "boolean", "Also those of subgraphs.").Answers<RawJson>().Refuses(404);
        assistants.MapPost("/{assistant_id}/versions", ListVersionsAsync)
            .Describe("list_assistant_versions", "List the versions of an assistant, newest first").Answers<IReadOnlyList<AssistantVersion>>().Refuses(404);
        assistants.MapPost("/{assistant_id}/latest", SetLatestAsync).Administers().Describe("set_latest_assistant_version", "Put a version of an assistant in force")
            .Query("version", "integer", "The version, when it is not in the body.").Answers<Assistant>().Refuses(404);
    }

    private static async Task<IResult> CreateAsync(RequestBody<AssistantCreate> body, AssistantService assistants, HttpContext context)
    {
        AssistantRules.Check(body.Value);
        var assistant = await assistants.CreateAsync(context.Owner(), body.Value, context.RequestAborted);
        return JsonResult.Ok(assistant, ProtocolJsonContext.Default.Assistant);
    }

    private static async Task<IResult> SearchAsync(RequestBody<AssistantSearchRequest> body, AssistantService assistants, HttpContext context)
    {
        AssistantRules.Check(body.Value);
        var page = await assistants.SearchAsync(context.Owner(), body.Value, context.RequestAborted);
        context.Response.SetPage(page.Total, body.Value.Offset ?? 0, page.Items.Count);
        return body.Value.Select is { Count: > 0 } members
            ? new SelectedResult<Assistant>(page.Items, ProtocolJsonContext.Default.Assistant, members)
            : JsonResult.Ok(page.Items, ProtocolJsonContext.Default.IReadOnlyListAssistant);
    }

    private static async Task<IResult> CountAsync(RequestBody<AssistantSearchRequest> body, AssistantService assistants, HttpContext context)
    {
        AssistantRules.Check(body.Value);
        var count = await assistants.CountAsync(context.Owner(), body.Value, context.RequestAborted);
        return JsonResult.Ok(count, ProtocolJsonContext.Default.Int64);
    }

    private static async Task<IResult> GetAsync(AssistantId id, AssistantService assistants, HttpContext context)
    {
        var assistant = await assistants.GetAsync(context.Owner(), id.Value, context.RequestAborted);
        return JsonResult.Ok(assistant, ProtocolJsonContext.Default.Assistant);
    }

    private static async Task<IResult> PatchAsync(
        AssistantId id, RequestBody<AssistantPatch> body, AssistantService assistants, HttpContext context)
    {
        AssistantRules.Check(body.Value);
        var assistant = await assistants.PatchAsync(context.Owner(), id.Value, body.Value, context.RequestAborted);
        return JsonResult.Ok(assistant, ProtocolJsonContext.Default.Assistant);
    }

    private static async Task<IResult> DeleteAsync(AssistantId id, AssistantService assistants, HttpContext context)
    {
        await assistants.DeleteAsync(context.Owner(), id.Value, context.Request.QueryFlag("delete_threads"), context.RequestAborted);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> GetGraphAsync(AssistantId id, AssistantService assistants, HttpContext context)
    {
        AssistantRules.CheckXray(context.Request);
        var graph = await assistants.GetGraphAsync(context.Owner(), id.Value, context.RequestAborted);
        return JsonResult.Ok(graph, ProtocolJsonContext.Default.AssistantGraph);
    }

    private static async Task<IResult> GetSchemasAsync(AssistantId id, AssistantService assistants, HttpContext context)
    {
        var schemas = await assistants.GetSchemasAsync(context.Owner(), id.Value, context.RequestAborted);
        return JsonResult.Ok(schemas, ProtocolJsonContext.Default.AssistantSchemas);
    }

    /// <summary>No agent has any; but an assistant that is not there has not even none.</summary>
    private static async Task<IResult> GetSubgraphsAsync(AssistantId id, AssistantService assistants, HttpContext context)
    {
        context.Request.QueryFlag("recurse");
        await assistants.GetAsync(context.Owner(), id.Value, context.RequestAborted);
        return JsonResult.Ok(RawJson.EmptyObject, ProtocolJsonContext.Default.RawJson);
    }

    private static async Task<IResult> ListVersionsAsync(
        AssistantId id, RequestBody<AssistantVersionsRequest> body, AssistantService assistants, HttpContext context)
    {
        AssistantRules.Check(body.Value);
        var versions = await assistants.ListVersionsAsync(context.Owner(), id.Value, body.Value, context.RequestAborted);
        return JsonResult.Ok(versions, ProtocolJsonContext.Default.IReadOnlyListAssistantVersion);
    }

    private static async Task<IResult> SetLatestAsync(
        AssistantId id, RequestBody<AssistantVersionChange> body, AssistantService assistants, HttpContext context)
    {
        var version = AssistantRules.ReadVersion(body.Value, context.Request);
        var assistant = await assistants.SetLatestAsync(context.Owner(), id.Value, version, context.RequestAborted);
        return JsonResult.Ok(assistant, ProtocolJsonContext.Default.Assistant);
    }
}

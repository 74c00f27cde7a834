using AgentProtocol.AspNetCore.Auth;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.AspNetCore.OpenApi;
using AgentProtocol.AspNetCore.Results;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Agents;
using AgentProtocol.Engine.Assistants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentProtocol.AspNetCore.Endpoints;

/// <summary>Assistants as the Agent Protocol shows them: one agent each (wire-contract 8.3).</summary>
internal static class AgentEndpoints
{
    public static void Map(RouteGroupBuilder routes)
    {
        var agents = routes.MapGroup("/agents").WithTags("Agents").Reads();
        agents.MapPost("/search", SearchAsync).Describe("search_agents", "Find agents").Answers<IReadOnlyList<Agent>>();
        agents.MapGet("/{agent_id}", GetAsync).Describe("get_agent", "Read an agent").Answers<Agent>().Refuses(404);
        agents.MapGet("/{agent_id}/schemas", GetSchemasAsync)
            .Describe("get_agent_schemas", "Read the JSON Schemas of an agent").Answers<AgentSchema>().Refuses(404);
    }

    private static async Task<IResult> SearchAsync(RequestBody<AgentSearchRequest> body, AssistantService assistants, HttpContext context)
    {
        AssistantRules.Check(body.Value);
        var page = await assistants.SearchAgentsAsync(context.Owner(), body.Value, context.RequestAborted);
        context.Response.SetPage(page.Total, body.Value.Offset ?? 0, page.Items.Count);
        return JsonResult.Ok(page.Items, ProtocolJsonContext.Default.IReadOnlyListAgent);
    }

    private static async Task<IResult> GetAsync(AgentId id, AssistantService assistants, HttpContext context)
    {
        var agent = await assistants.GetAgentAsync(context.Owner(), id.Value, context.RequestAborted);
        return JsonResult.Ok(agent, ProtocolJsonContext.Default.Agent);
    }

    private static async Task<IResult> GetSchemasAsync(AgentId id, AssistantService assistants, HttpContext context)
    {
        var schemas = await assistants.GetAgentSchemasAsync(context.Owner(), id.Value, context.RequestAborted);
        return JsonResult.Ok(schemas, ProtocolJsonContext.Default.AgentSchema);
    }
}

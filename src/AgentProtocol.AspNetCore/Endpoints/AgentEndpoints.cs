using System.Text.Json;
using AgentProtocol.Agents;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.AspNetCore.OpenApi;
using AgentProtocol.AspNetCore.Results;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Agents;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentProtocol.AspNetCore.Endpoints;

/// <summary>The agents that runs can be created for (wire-contract 8.3).</summary>
internal static class AgentEndpoints
{
    private static readonly Dictionary<string, bool> Capabilities = new()
    {
        ["ap.io.messages"] = true,
        ["ap.io.streaming"] = true,
    };

    public static void Map(RouteGroupBuilder routes)
    {
        var agents = routes.MapGroup("/agents").WithTags("Agents");
        agents.MapPost("/search", SearchAsync).Describe("search_agents", "Find agents").Answers<IReadOnlyList<Agent>>();
        agents.MapGet("/{agent_id}", GetAsync).Describe("get_agent", "Read an agent").Answers<Agent>().Refuses(404);
    }

    private static Task<IResult> SearchAsync(RequestBody<AgentSearchRequest> body, AgentRegistry registry, HttpContext context)
    {
        var search = body.Value;
        RunRules.Check(search);
        var matches = registry.All.Select(ToWire).Where(agent => Matches(agent, search)).ToArray();
        var offset = search.Offset ?? 0;
        var page = matches.Skip(offset).Take(search.Limit ?? Limits.DefaultLimit).ToArray();
        context.Response.SetPage(matches.Length, offset, page.Length);
        return Task.FromResult<IResult>(
            JsonResult.Ok<IReadOnlyList<Agent>>(page, ProtocolJsonContext.Default.IReadOnlyListAgent));
    }

    private static Task<IResult> GetAsync(AgentRegistry registry, HttpContext context)
    {
        var id = (string)context.GetRouteValue("agent_id")!;
        var agent = registry.Find(id) ?? throw new ProtocolException(ErrorCode.NotFound, $"Agent \"{id}\" not found");
        return Task.FromResult<IResult>(JsonResult.Ok(ToWire(agent), ProtocolJsonContext.Default.Agent));
    }

    private static bool Matches(Agent agent, AgentSearchRequest search)
    {
        if (search.Name is { } name && !agent.Name.Contains(name, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        using var metadata = JsonDocument.Parse(agent.Metadata.Text);
        return search.Metadata is not { } wanted || Contains(metadata.RootElement, wanted);
    }

    /// <summary>Whether an object has all that another has, however deep (wire-contract 1.5).</summary>
    private static bool Contains(JsonElement value, JsonElement wanted) =>
        value.ValueKind == JsonValueKind.Object && wanted.ValueKind == JsonValueKind.Object
            ? wanted.EnumerateObject().All(member => value.TryGetProperty(member.Name, out var inner) && Contains(inner, member.Value))
            : value.IsSameAs(wanted);

    private static Agent ToWire(AgentDefinition agent) => new()
    {
        AgentId = agent.Id,
        Name = agent.Name ?? agent.Id,
        Description = agent.Description,
        Metadata = new RawJson($$"""{"created_by":"system","kind":"{{JsonEncodedText.Encode(agent.Kind)}}"}"""),
        Capabilities = Capabilities,
    };
}

using System.Reflection;
using AgentProtocol.Contracts.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>The <c>{thread_id}</c> of a path.</summary>
internal readonly record struct ThreadId(Guid Value)
{
    public static implicit operator Guid(ThreadId id) => id.Value;

    public static ValueTask<ThreadId> BindAsync(HttpContext context, ParameterInfo parameter) =>
        new(new ThreadId(PathIds.Read(context, "thread_id")));
}

/// <summary>The <c>{run_id}</c> of a path.</summary>
internal readonly record struct RunId(Guid Value)
{
    public static implicit operator Guid(RunId id) => id.Value;

    public static ValueTask<RunId> BindAsync(HttpContext context, ParameterInfo parameter) =>
        new(new RunId(PathIds.Read(context, "run_id")));
}

/// <summary>The <c>{cron_id}</c> of a path.</summary>
internal readonly record struct CronId(Guid Value)
{
    public static implicit operator Guid(CronId id) => id.Value;

    public static ValueTask<CronId> BindAsync(HttpContext context, ParameterInfo parameter) =>
        new(new CronId(PathIds.Read(context, "cron_id")));
}

/// <summary>The <c>{checkpoint_id}</c> of a path.</summary>
internal readonly record struct CheckpointId(Guid Value)
{
    public static implicit operator Guid(CheckpointId id) => id.Value;

    public static ValueTask<CheckpointId> BindAsync(HttpContext context, ParameterInfo parameter) =>
        new(new CheckpointId(PathIds.Read(context, "checkpoint_id")));
}

/// <summary>The <c>{assistant_id}</c> of a path: a UUID or a graph id, so any text.</summary>
internal readonly record struct AssistantId(string Value)
{
    public static ValueTask<AssistantId> BindAsync(HttpContext context, ParameterInfo parameter) =>
        new(new AssistantId((string)context.GetRouteValue("assistant_id")!));
}

/// <summary>The <c>{agent_id}</c> of a path: the same under the Agent Protocol's name.</summary>
internal readonly record struct AgentId(string Value)
{
    public static ValueTask<AgentId> BindAsync(HttpContext context, ParameterInfo parameter) =>
        new(new AgentId((string)context.GetRouteValue("agent_id")!));
}

/// <summary>Ids are bound as text: a route constraint would turn a bad one into 404, a typed parameter into 400.</summary>
internal static class PathIds
{
    public static Guid Read(HttpContext context, string name) =>
        Guid.TryParseExact(context.GetRouteValue(name) as string, "D", out var id)
            ? id
            : throw ProtocolException.InvalidPath(name, "must be a UUID");
}

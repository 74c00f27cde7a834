using System.Collections.Frozen;
using System.Text.Json;

namespace AgentProtocol.Engine.State;

/// <summary>
/// What a run finds in its configuration and its context: the request lies over the thread, and the thread over the
/// assistant (wire-contract 5.10). What lies alone is passed on as it was sent.
/// </summary>
internal static class RunSettings
{
    /// <summary>What belongs to the one run that brought it: a thread does not hand it on to the next.</summary>
    private static readonly FrozenSet<string> OfOneRun = FrozenSet.Create(
        "run_id", "thread_id", "graph_id", "assistant_id", "user_id", "checkpoint_id", "checkpoint_ns", "checkpoint_map");

    /// <summary>The layer of an assistant as it is stored with a run; null when it says nothing.</summary>
    public static string? OfAssistant(string config, string context) =>
        config == "{}" && context == "{}" ? null : $$"""{"config":{{config}},"context":{{context}}}""";

    /// <summary>The configuration; undefined when nobody brought one.</summary>
    /// <param name="assistant">The assistant's.</param>
    /// <param name="thread">The thread's, of which only <c>configurable</c> counts.</param>
    /// <param name="request">The request's.</param>
    public static JsonElement Config(JsonElement assistant, JsonElement thread, JsonElement request)
    {
        var remembered = Remembered(Configurable(thread));
        if (!IsFilled(assistant) && !IsFilled(remembered))
        {
            return request;
        }

        var configurable = Merge(Merge(Configurable(assistant), remembered), Configurable(request));
        return With(Merge(assistant, request), "configurable", configurable);
    }

    /// <summary>The request's context over the assistant's; undefined when there is neither.</summary>
    public static JsonElement Context(JsonElement assistant, JsonElement request) => Merge(assistant, request);

    /// <summary>A configuration with what the server says about the run; it wins, except that a caller may name another user.</summary>
    public static JsonElement WithServerKeys(JsonElement config, Guid runId, Guid threadId, string graphId, Guid assistantId, string owner)
    {
        var configurable = Configurable(config);
        var user = configurable.ValueKind == JsonValueKind.Object && configurable.TryGetProperty("user_id", out var named)
            ? named.GetRawText()
            : JsonText.Quote(owner);
        var ours = $$"""{"run_id":"{{runId}}","thread_id":"{{threadId}}","graph_id":{{JsonText.Quote(graphId)}},"assistant_id":"{{assistantId}}","user_id":{{user}}}""";
        return With(config, "configurable", Merge(configurable, JsonText.Parse(ours)));
    }

    /// <summary>A configuration without the keys of <c>configurable</c> that begin with <c>__</c>, which are never echoed (wire-contract 5.10).</summary>
    public static string Public(JsonElement config)
    {
        if (config.ValueKind != JsonValueKind.Object)
        {
            return "{}";
        }

        var configurable = Configurable(config);
        if (configurable.ValueKind != JsonValueKind.Object || !configurable.EnumerateObject().Any(IsPrivate))
        {
            return config.GetRawText();
        }

        var shown = JsonText.Parse(JsonText.WriteObject(configurable.EnumerateObject().Where(member => !IsPrivate(member))));
        return With(config, "configurable", shown).GetRawText();
    }

    private static bool IsPrivate(JsonProperty member) => member.Name.StartsWith("__", StringComparison.Ordinal);

    public static JsonElement Configurable(JsonElement config) =>
        config.ValueKind == JsonValueKind.Object && config.TryGetProperty("configurable", out var configurable) ? configurable : default;

    private static JsonElement Remembered(JsonElement configurable)
    {
        if (!IsFilled(configurable))
        {
            return default;
        }

        return JsonText.Parse(JsonText.WriteObject(
            configurable.EnumerateObject().Where(member => !OfOneRun.Contains(member.Name) && !member.Name.StartsWith("__", StringComparison.Ordinal))));
    }

    private static JsonElement With(JsonElement value, string name, JsonElement member) =>
        Merge(value, JsonText.Parse($"{{{JsonText.Quote(name)}:{(member.ValueKind == JsonValueKind.Undefined ? "{}" : member.GetRawText())}}}"));

    private static JsonElement Merge(JsonElement under, JsonElement over) =>
        !IsFilled(under) ? over
        : !IsFilled(over) ? under
        : JsonText.Parse(JsonText.Merge(under, over));

    public static bool IsFilled(JsonElement value) => value.ValueKind == JsonValueKind.Object && value.EnumerateObject().MoveNext();
}

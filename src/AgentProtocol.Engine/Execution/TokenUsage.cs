using AgentProtocol.Agents;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution;

/// <summary>Tokens that a run has consumed, over all attempts.</summary>
internal readonly record struct TokenUsage(long Input, long Output)
{
    public static TokenUsage Parse(string? json)
    {
        if (json is null)
        {
            return default;
        }

        var usage = JsonText.Parse(json);
        return new TokenUsage(usage.GetProperty("input_tokens").GetInt64(), usage.GetProperty("output_tokens").GetInt64());
    }

    public TokenUsage Plus(AgentEvent.Usage report) => new(Input + report.InputTokens, Output + report.OutputTokens);

    public string ToJson() => $$"""{"input_tokens":{{Input}},"output_tokens":{{Output}},"total_tokens":{{Input + Output}}}""";
}

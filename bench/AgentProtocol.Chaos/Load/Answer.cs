using System.Text.Json;

namespace AgentProtocol.Chaos.Load;

/// <summary>What a server answered.</summary>
/// <param name="Status">The status.</param>
/// <param name="Body">The body; undefined when it was empty.</param>
internal sealed record Answer(int Status, JsonElement Body)
{
    public bool IsOk => Status is 200 or 202 or 204;

    public string Text(string member) => Body.GetProperty(member).GetString()!;
}

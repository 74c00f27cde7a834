using System.Text.Json;

namespace AgentProtocol.Agents.Llm.Tools;

/// <summary>An HTTP endpoint that a model may call.</summary>
/// <param name="Name">The tool's name.</param>
/// <param name="Description">What it does, for the model.</param>
/// <param name="Method">Its method. What is not in the URL goes into the query of GET and DELETE, else into a JSON body.</param>
/// <param name="Url">Its URL, with <c>{placeholders}</c> for arguments.</param>
/// <param name="Headers">Headers to send along.</param>
/// <param name="Parameters">JSON Schema of the arguments.</param>
/// <param name="Timeout">How long the answer may take.</param>
internal sealed record HttpEndpoint(
    string Name,
    string Description,
    HttpMethod Method,
    string Url,
    IReadOnlyDictionary<string, string> Headers,
    JsonElement Parameters,
    TimeSpan Timeout)
{
    /// <summary>Not the members: a key in a header must not reach a log by way of an interpolated record.</summary>
    public override string ToString() => $"{Method} {Url}";
}

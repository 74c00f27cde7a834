using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm.Tools;

/// <summary>An HTTP endpoint as a tool: its answer is the result, and whatever is not 2xx an error.</summary>
/// <param name="endpoint">The endpoint.</param>
/// <param name="http">What it is called with.</param>
/// <param name="time">The clock of its timeout.</param>
/// <param name="secrets">What it must not say.</param>
internal sealed partial class HttpTool(HttpEndpoint endpoint, HttpClient http, TimeProvider time, Secrets secrets)
{
    private const int Longest = 256 * 1024;

    /// <summary>The tool.</summary>
    public AIFunction Function => new DescribedTool(endpoint.Name, endpoint.Description, endpoint.Parameters, CallAsync);

    private async Task<string> CallAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        using var request = ToRequest(arguments);
        using var timeout = new CancellationTokenSource(endpoint.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var text = secrets.Conceal(await ReadAsync(response.Content, either.Token));
            return response.IsSuccessStatusCode
                ? text
                : throw new ToolException($"{endpoint.Name} answered {(int)response.StatusCode}: {text}");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw new ToolException($"{endpoint.Name} cannot be reached: {exception.GetBaseException().Message}", exception);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ToolException($"{endpoint.Name} has not answered within {endpoint.Timeout.TotalSeconds:0.###} s.", exception);
        }
    }

    private HttpRequestMessage ToRequest(AIFunctionArguments arguments)
    {
        var rest = arguments.Where(argument => argument.Value is JsonElement).ToDictionary(argument => argument.Key, argument => (JsonElement)argument.Value!);
        var url = Placeholder().Replace(endpoint.Url, match => rest.Remove(match.Groups["name"].Value, out var value)
            ? Segment(match.Groups["name"].Value, value)
            : throw new ToolException($"The argument \"{match.Groups["name"].Value}\" is missing."));
        var hasBody = endpoint.Method != HttpMethod.Get && endpoint.Method != HttpMethod.Delete;
        HttpRequestMessage request = new(endpoint.Method, hasBody ? url : WithQuery(url, rest));
        if (hasBody)
        {
            request.Content = new StringContent(JsonSerializer.Serialize(rest, AIJsonUtilities.DefaultOptions), Encoding.UTF8, "application/json");
        }

        foreach (var (name, value) in endpoint.Headers)
        {
            // Headers of the content are refused by those of the request, and the other way round.
            _ = request.Headers.TryAddWithoutValidation(name, value) || request.Content?.Headers.TryAddWithoutValidation(name, value) is true;
        }

        return request;
    }

    /// <summary>An argument in the path. Nothing in it may lead elsewhere.</summary>
    private static string Segment(string name, JsonElement value) => Plain(value) switch
    {
        "" or "." or ".." => throw new ToolException($"The argument \"{name}\" must not be empty, nor dots alone."),
        var text => Uri.EscapeDataString(text),
    };

    private static string WithQuery(string url, Dictionary<string, JsonElement> arguments)
    {
        var query = string.Join('&',
            from argument in arguments
            where argument.Value.ValueKind != JsonValueKind.Null
            from value in argument.Value.ValueKind == JsonValueKind.Array ? argument.Value.EnumerateArray().ToArray() : [argument.Value]
            select $"{Uri.EscapeDataString(argument.Key)}={Uri.EscapeDataString(Plain(value))}");
        return query.Length == 0 ? url : $"{url}{(url.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{query}";
    }

    private static string Plain(JsonElement value) => value.ValueKind == JsonValueKind.String ? MessageText.Read(value) : value.GetRawText();

    private static async Task<string> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        using MemoryStream read = new();
        var buffer = new byte[16 * 1024];
        for (int count; read.Length <= Longest && (count = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            read.Write(buffer, 0, count);
        }

        var length = (int)read.Length;
        var text = EncodingOf(content.Headers.ContentType).GetString(read.GetBuffer(), 0, Math.Min(length, Longest));
        return length <= Longest ? text : $"{text}\n[Cut off here: the answer is longer than {Longest / 1024} KiB.]";
    }

    private static Encoding EncodingOf(MediaTypeHeaderValue? type)
    {
        try
        {
            return type?.CharSet is { Length: > 0 } name ? Encoding.GetEncoding(name.Trim('"')) : Encoding.UTF8;
        }
        catch (ArgumentException)
        {
            // A name that nobody knows is no reason to read nothing.
            return Encoding.UTF8;
        }
    }

    /// <summary>A place in a URL that an argument is put into.</summary>
    [GeneratedRegex(@"\{(?<name>[A-Za-z_][A-Za-z0-9_]*)\}")]
    internal static partial Regex Placeholder();
}

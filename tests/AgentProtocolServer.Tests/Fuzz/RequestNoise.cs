using System.Text;
using System.Text.Json;
using AgentProtocolServer.Tests.OpenApi;

namespace AgentProtocolServer.Tests.Fuzz;

/// <summary>Requests for the operations of a document, from right to malformed.</summary>
internal sealed class RequestNoise(Uri server, ServedDocument document, Random random, KnownIds ids)
{
    private static readonly UriCreationOptions AsWritten = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private static readonly string[] Methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW", "get", "M-SEARCH"];

    private static readonly string[] Parts =
    [
        "x", "%00", "%2F", "..", "%2E%2E", "%", "%FF", "%ED%A0%80", "null", "-1", "{00000000-0000-0000-0000-000000000000}", "%7B%7D", "0", "*", "search", "wait",
        "%F0%9F%98%80", "a|b", "%0A", ";", "&", "00000000000000000000000000000000",
    ];

    private static readonly string[] QueryValues =
    [
        "", "=", "1", "0", "yes", "maybe", "-1", "1001", "99999999999999999999", "1.5", "[", "[]", "[\"a\"]", "[1]", "[\"\\ud800\"]", "{", "{}", "{\"a\":1}", "{\"a\":\"\\u0000\"}",
        "{\"\\u0000\":1}", "%00", "%FF", "%ED%A0%80", "a,b,,", "null", "true", "run_id", "%F0%9F%98%80", "+", "%",
    ];

    private static readonly string[] ContentTypes =
    [
        "text/plain", "application/xml", "application/json; charset=utf-16", "application/vnd.x+json", "multipart/form-data; boundary=x", "nonsense", "application/json;;;", "*/*",
        "text/plain; charset=\"utf-8\"", "application/x-www-form-urlencoded",
    ];

    private static readonly (string Name, string[] Values)[] Headers =
    [
        ("Last-Event-ID", ["-1", "0", "1", "-", "", "abc", "9223372036854775807", "9223372036854775808", "2147483648", "1e3", "\u00ff", " 1 ", "-2"]),
        ("Accept", ["text/event-stream", "application/xml", "*/*;q=0", ";;;", ""]),
        ("Prefer", ["return=minimal", "return=representation", ",,,"]),
        ("x-request-id", ["abc", "a b", "\u00e4", ""]),
        ("x-auth-scheme", ["langsmith"]),
        ("x-api-key", ["", "secret", "\u00ff\u00fe"]),
        ("Authorization", ["Bearer", "Bearer x", "Basic ::::", "\u00ff"]),
        ("Origin", ["null", "http://localhost", "::"]),
        ("Cookie", ["a=b; =; ;", "\u00ff"]),
        ("If-Match", ["\"x"]),
        ("Range", ["bytes=0-0"]),
        ("Sec-WebSocket-Version", ["13", "0"]),
        ("traceparent", ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "x"]),
        ("Accept-Encoding", ["gzip, br", "*;q=0"]),
    ];

    private readonly JsonNoise json = new(random, ids);

    /// <summary>The next request, and what to show of it when it is answered wrongly.</summary>
    public (HttpRequestMessage Request, string Shown) Next()
    {
        var operation = document.Operations[random.Next(document.Operations.Count)];
        var method = OneIn(40) ? Any(Methods) : operation.Method;
        var target = Path(operation.Path) + Query(operation);
        var request = new HttpRequestMessage(new HttpMethod(method), new Uri(server.GetLeftPart(UriPartial.Authority) + target, AsWritten));
        var body = operation.Body is { } schema ? Body(document.Resolve(schema)) : OneIn(20) ? Encoding.UTF8.GetBytes(json.Bad()) : null;
        if (body is not null)
        {
            request.Content = Content(body);
            request.Headers.TransferEncodingChunked = OneIn(30);
        }

        for (var more = random.Next(5) - 2; more > 0; more--)
        {
            var (name, values) = Headers[random.Next(Headers.Length)];
            request.Headers.TryAddWithoutValidation(name, Any(values));
        }

        if (method == "GET" && OneIn(40))
        {
            AskForSocket(request);
        }

        var sent = body is null ? "" : $"\n{body.Length} bytes: {Encoding.UTF8.GetString(body, 0, Math.Min(body.Length, 1500))}";
        return (request, $"{method} {target}\n{request.Headers}{request.Content?.Headers}{sent}");
    }

    private static void AskForSocket(HttpRequestMessage request)
    {
        request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    }

    private ByteArrayContent Content(byte[] body)
    {
        var content = new ByteArrayContent(body);
        if (!OneIn(20))
        {
            content.Headers.TryAddWithoutValidation("Content-Type", OneIn(12) ? Any(ContentTypes) : "application/json");
        }

        return content;
    }

    private string Path(string template)
    {
        var parts = template.Split('/').Select(part => part is ['{', .., '}'] ? OneIn(8) ? Any(Parts) : Uri.EscapeDataString(json.Text(part[1..^1])) : part);
        var path = string.Join('/', parts);
        return random.Next(150) switch
        {
            0 => $"{path}/",
            1 => $"{path}/{new string('x', random.Next(10_000))}",
            2 => path.ToUpperInvariant(),
            3 => $"/{path}",
            4 => $"{path}/{Any(Parts)}",
            _ => path,
        };
    }

    private string Query(ServedOperation operation)
    {
        var pairs = new List<string>();
        foreach (var parameter in operation.Parameters.Where(parameter => parameter.GetProperty("in").GetString() == "query"))
        {
            var name = parameter.GetProperty("name").GetString()!;
            for (var times = random.Next(3); times > 0; times--)
            {
                pairs.Add($"{name}={(OneIn(2) ? Any(QueryValues) : QueryValue(name, parameter))}");
            }
        }

        if (OneIn(30))
        {
            pairs.Add($"{Any(Parts)}={Any(QueryValues)}");
        }

        return pairs.Count == 0 ? "" : "?" + string.Join('&', pairs);
    }

    private string QueryValue(string name, JsonElement parameter)
    {
        var value = json.Good(name, parameter.TryGetProperty("schema", out var schema) ? schema : default);
        return Uri.EscapeDataString(value is ['"', .., '"'] && !OneIn(4) ? JsonSerializer.Deserialize<string>(value)! : value);
    }

    /// <summary>Mostly an object that has some members right and one wrong, because what is wrong at its root is refused at once.</summary>
    private byte[]? Body(JsonElement schema)
    {
        var text = Object(schema);
        return random.Next(40) switch
        {
            0 => null,
            1 => [],
            2 => Encoding.UTF8.GetBytes(json.Bad()),
            3 => Encoding.UTF8.GetBytes(text[..random.Next(text.Length)]),
            4 => Encoding.UTF8.GetBytes(text + Any(["}", ",", "x", "\0", "{}"])),
            5 => [.. Encoding.UTF8.GetBytes(text), 0xED, 0xA0, 0x80],
            6 => Broken(Encoding.UTF8.GetBytes(text)),
            7 => [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(text)],
            8 => Encoding.Unicode.GetBytes(text),
            9 => Encoding.UTF8.GetBytes($"[{text},{text}]"),
            10 when OneIn(60) => new byte[random.Next(9 << 20)],
            _ => Encoding.UTF8.GetBytes(text),
        };
    }

    private string Object(JsonElement schema)
    {
        if (!schema.TryGetProperty("properties", out var properties))
        {
            return schema.TryGetProperty("items", out var items) ? $"[{Object(document.Resolve(items))}]" : json.Bad();
        }

        var all = properties.EnumerateObject().ToArray();
        var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(name => name.GetString()).ToArray() : [];
        var share = random.NextDouble();
        var bad = OneIn(3) ? -1 : random.Next(all.Length);
        var members = new List<string>();
        for (var i = 0; i < all.Length; i++)
        {
            var member = document.Resolve(all[i].Value);
            if (i == bad || required.Contains(all[i].Name) ? !OneIn(10) : random.NextDouble() < share * Weight(all[i].Name, member))
            {
                members.Add($"\"{all[i].Name}\":{(i == bad ? json.Bad() : json.Good(all[i].Name, member))}");
            }
        }

        if (OneIn(25) && members.Count > 0)
        {
            members.Add(members[random.Next(members.Count)]);
        }

        if (OneIn(25))
        {
            members.Add($"\"unknown\":{json.Bad()}");
        }

        return $"{{{string.Join(',', members)}}}";
    }

    /// <summary>What is refused whatever it holds would hide what lies behind it.</summary>
    private static double Weight(string name, JsonElement schema) =>
        schema.TryGetProperty("description", out var text) && text.GetString()!.Contains("not supported", StringComparison.Ordinal) ? 0.02
        : name is "thread_id" or "checkpoint" or "checkpoint_id" or "command" ? 0.3
        : 1;

    private byte[] Broken(byte[] bytes)
    {
        for (var times = random.Next(1, 4); times > 0 && bytes.Length > 0; times--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        return bytes;
    }

    private string Any(string[] from) => from[random.Next(from.Length)];

    private bool OneIn(int count) => random.Next(count) == 0;
}

using System.Globalization;
using System.Text.Json;

namespace AgentProtocolServer.Tests.Fuzz;

/// <summary>JSON text for members of a schema: what belongs there, what almost does, and what nobody should send.</summary>
internal sealed class JsonNoise(Random random, KnownIds ids)
{
    private static readonly string[] Hostile =
    [
        "null", "true", "false", "0", "-1", "1", "1001", "2147483648", "-9223372036854775809", "1e400", "-1e-400", "1.5", "0.1e1", "123456789012345678901234567890",
        "\"\"", "\" \"", "\"a\"", "\"\\u0000\"", "\"a\\u0000b\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\\\\"", "\"\uD83D\uDE00\"", "\"'; drop table threads; --\"",
        "\"%00\"", "\"../..\"", "\"NaN\"", "\"true\"", "\"{}\"", "\"9999-12-31T23:59:59Z\"", "\"00000000-0000-0000-0000-000000000000\"",
        "[]", "[null]", "[[]]", "[{}]", "[1,\"a\",null]", "[\"\"]", "[\"\\u0000\"]", "[\"\\ud800\"]", "{}", "{\"\":1}", "{\"a\":null}", "{\"a\":{\"a\":{\"a\":1e400}}}",
        "{\"\\u0000\":1}", "{\"a\":\"\\u0000\"}", "{\"\\ud800\":1}", "{\"a\":\"\\ud800\"}", "{\"__proto__\":{}}", "{\"$eq\":1}", "{\"$gt\":null}", "{\"messages\":7}",
        "{\"checkpoint_id\":\"\\u0000\"}", "{\"configurable\":{\"checkpoint_id\":\"x\"}}",
    ];

    private static readonly string[] Messages =
    [
        "{\"role\":\"user\",\"content\":\"hello\"}", "{\"role\":\"user\",\"content\":\"sleep 0.05\"}", "{\"role\":\"user\",\"content\":\"sleep 0.3 x\"}",
        "{\"role\":\"user\",\"content\":\"steps 2\"}", "{\"role\":\"user\",\"content\":\"fail boom\"}", "{\"role\":\"user\",\"content\":\"\"}", "\"bare\"", "[\"human\",\"text\"]",
        "{\"type\":\"remove\",\"id\":\"__remove_all__\"}", "{\"type\":\"remove\",\"id\":\"nobody\"}", "{\"type\":\"ai\",\"content\":null}", "{\"type\":\"alien\",\"content\":1}",
        "{\"role\":\"user\",\"content\":\"\\u0000\"}", "{\"role\":\"user\",\"content\":\"\\ud800\"}", "{\"role\":\"user\",\"id\":\"same\",\"content\":\"a\"}",
        "{\"role\":\"user\",\"id\":7,\"content\":[{\"type\":\"text\",\"text\":7}]}", "{\"type\":\"tool\",\"content\":\"x\"}", "{\"lc\":1,\"type\":\"constructor\",\"id\":[],\"kwargs\":{}}",
        "{\"role\":\"user\",\"content\":\"steps 0\"}", "{\"role\":\"user\",\"content\":\"sleep 99999999\"}", "{\"role\":[],\"content\":{}}", "null", "7",
    ];

    private static readonly Dictionary<string, string[]> Words = new()
    {
        ["assistant_id"] = ["echo", "046b5dc7-2108-582c-9c6c-31d556d138f0", "nobody"],
        ["agent_id"] = ["echo", "nobody"],
        ["graph_id"] = ["echo", "nobody"],
        ["multitask_strategy"] = ["reject", "interrupt", "rollback", "enqueue"],
        ["on_disconnect"] = ["cancel", "continue"],
        ["on_completion"] = ["delete", "keep"],
        ["on_run_completed"] = ["delete", "keep"],
        ["if_exists"] = ["raise", "do_nothing"],
        ["if_not_exists"] = ["create", "reject"],
        ["durability"] = ["sync", "async", "exit"],
        ["status"] = ["pending", "running", "idle", "busy", "error", "success", "interrupted", "timeout", "all"],
        ["action"] = ["interrupt", "rollback", "cancel"],
        ["strategy"] = ["delete", "keep_latest"],
        ["sort_by"] = ["thread_id", "created_at", "updated_at", "status", "state_updated_at", "name", "cron_id"],
        ["sort_order"] = ["asc", "desc"],
        ["select"] = ["thread_id", "run_id", "values", "nothing"],
        ["include"] = ["ttl", "nothing"],
        ["stream_mode"] = ["values", "updates", "messages", "messages-tuple", "custom", "debug", "events"],
        ["schedule"] = ["0 0 1 1 *", "*/5 * * * *", "99 * * * *", "* * * * * *", "0 0 31 2 *"],
        ["timezone"] = ["UTC", "Europe/Berlin", "Nowhere/City"],
        ["end_time"] = ["2099-01-01T00:00:00Z", "0001-01-01T00:00:00", "9999-12-31T23:59:59.9999999+14:00"],
        ["method"] = ["run.start", "input.respond", "state.get", "state.listCheckpoints", "subscription.subscribe", "agent.getTree", "nothing"],
        ["channels"] = ["values", "lifecycle", "custom:x", "nothing"],
        ["as_node"] = ["echo", "nobody", "__start__"],
        ["key"] = ["a", "b"],
        ["name"] = ["echo", "a%_"],
        ["namespace"] = ["a", "b"],
        ["prefix"] = ["a", "*"],
        ["suffix"] = ["b", "*"],
        ["namespace_prefix"] = ["a", "b"],
    };

    public string Text(string name) => JsonSerializer.Deserialize<string>(Word(name))!;

    /// <summary>Something that nobody should send for any member.</summary>
    public string Bad() => random.Next(12) switch
    {
        0 => Nested(250),
        1 => Nested(300),
        2 => $"\"{new string('x', random.Next(1, 30_000))}\"",
        3 => $"[{string.Join(',', Enumerable.Repeat(Pick(Hostile), random.Next(1, 500)))}]",
        4 => random.NextInt64().ToString(CultureInfo.InvariantCulture),
        _ => Pick(Hostile),
    };

    /// <summary>What belongs to a member by its name or its schema.</summary>
    public string Good(string name, JsonElement schema) => name switch
    {
        "input" => Chance(4) ? Pick(Hostile) : $"{{\"messages\":{Conversation()}}}",
        "messages" => Conversation(),
        "values" => Chance(2) ? $"{{\"messages\":{Conversation()}}}" : "{\"topic\":{\"name\":\"x\",\"n\":1}}",
        "metadata" or "config" or "context" or "value" or "filter" => Pick(["{}", "{\"a\":1}", "{\"a\":{\"b\":[1,2]}}", "{\"tags\":[\"t\"],\"configurable\":{\"a\":1}}"]),
        "after_seconds" => Pick(["0", "0.05", "1e9", "1e300", "-0.0", "3600"]),
        "limit" => Pick(["1", "10", "1000"]),
        "offset" => Pick(["0", "1", "2147483647"]),
        "webhook" => "\"http://127.0.0.1:9/hook\"",
        "ttl" => Pick(["1", "{\"ttl\":1,\"strategy\":\"delete\"}", "1e300", "{\"ttl\":1e300}"]),
        _ => OfType(name, schema),
    };

    private string OfType(string name, JsonElement schema)
    {
        var types = Types(schema);
        if (types.Contains("array") && !(types.Contains("string") && Chance(2)))
        {
            return $"[{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => Word(name.TrimEnd('s'))))}]";
        }

        return types switch
        {
            _ when types.Contains("boolean") => Pick(["true", "false"]),
            _ when types.Contains("integer") || types.Contains("number") => random.Next(100).ToString(CultureInfo.InvariantCulture),
            _ when types.Contains("string") || Words.ContainsKey(name) || name.EndsWith("_id", StringComparison.Ordinal) => Word(name),
            _ => Pick(Hostile),
        };
    }

    private static string[] Types(JsonElement schema) => schema.TryGetProperty("type", out var type)
        ? type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray().Select(one => one.GetString()!)] : [type.GetString()!]
        : [];

    /// <summary>A string that suits a name: an id that exists, one that does not, or a word.</summary>
    private string Word(string name)
    {
        if (name.EndsWith("id", StringComparison.Ordinal) && !Chance(5))
        {
            return JsonSerializer.Serialize(ids.Any(name == "id" ? "thread_id" : name, random) ?? NewId());
        }

        return JsonSerializer.Serialize(Words.TryGetValue(name, out var words) ? Pick(words) : Chance(2) ? NewId() : "word");
    }

    private string NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes).ToString();
    }

    private string Conversation() => $"[{string.Join(',', Enumerable.Range(0, random.Next(1, 4)).Select(number => number == 0 && !Chance(3) ? Messages[random.Next(6)] : Pick(Messages)))}]";

    private static string Nested(int depth) => string.Concat(Enumerable.Repeat("{\"a\":[", depth / 2)) + "1" + string.Concat(Enumerable.Repeat("]}", depth / 2));

    private string Pick(string[] from) => from[random.Next(from.Length)];

    private bool Chance(int oneIn) => random.Next(oneIn) == 0;
}

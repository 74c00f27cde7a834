using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace AgentProtocol.Engine.State;

/// <summary>
/// A path into JSON, such as <c>values.messages[-1].content</c>: names behind dots, and indexes in brackets, negative ones
/// from the end. It begins with a name.
/// </summary>
internal sealed partial class ValuePath
{
    private ValuePath(IReadOnlyList<Step> steps) => Steps = steps;

    public IReadOnlyList<Step> Steps { get; }

    /// <summary>Reads a path; null when it is none.</summary>
    public static ValuePath? Parse(string text) => Whole().Match(text) is { Success: true } match
        ? new ValuePath([.. match.Groups["step"].Captures.Select(capture => capture.Value is ['[', .. var index, ']']
            ? new Step(null, int.Parse(index, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture))
            : new Step(capture.Value, 0))])
        : null;

    /// <summary>What lies at the end of the steps from <paramref name="first"/> on; null where a step leads nowhere.</summary>
    public string? Read(string json, int first)
    {
        if (first == Steps.Count)
        {
            return json;
        }

        using var document = JsonDocument.Parse(json, JsonText.DocumentOptions);
        var element = document.RootElement;
        foreach (var step in Steps.Skip(first))
        {
            if (!step.TryFollow(element, out element))
            {
                return null;
            }
        }

        return element.GetRawText();
    }

    /// <summary>Nine digits: no list is longer.</summary>
    [GeneratedRegex(@"\A(?<step>[^.\[\]]+)(?:\.(?<step>[^.\[\]]+)|(?<step>\[-?[0-9]{1,9}\]))*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Whole();

    /// <summary>One step: into an object by name, or into a list by index where there is no name.</summary>
    internal readonly record struct Step(string? Name, int Index)
    {
        /// <summary>The place in a list of this length; null beyond its ends.</summary>
        public int? Place(int length) => (Index < 0 ? Index + length : Index) is var place && place >= 0 && place < length ? place : null;

        public bool TryFollow(JsonElement element, out JsonElement next)
        {
            next = default;
            if (Name is not null)
            {
                return element.ValueKind == JsonValueKind.Object && TryGet(element, Name, out next);
            }

            if (element.ValueKind != JsonValueKind.Array || Place(element.GetArrayLength()) is not { } place)
            {
                return false;
            }

            next = element[place];
            return true;
        }

        private static bool TryGet(JsonElement element, string name, out JsonElement value)
        {
            try
            {
                return element.TryGetProperty(name, out value);
            }
            catch (InvalidOperationException)
            {
                // A neighbour's key holds half of a surrogate pair, and cannot be compared.
                value = default;
                return false;
            }
        }
    }
}

using System.Text;

namespace AgentProtocol.Agents.Wire;

/// <summary>Text of an agent as it is shown to people: no colours, no bells, and no NUL, which a database refuses.</summary>
internal static class PrintableText
{
    private const int Shown = 200;

    public static string Of(string text) => string.Create(text.Length, text, static (span, source) =>
    {
        for (var i = 0; i < source.Length; i++)
        {
            span[i] = char.IsControl(source[i]) && source[i] is not ('\n' or '\t') ? ' ' : source[i];
        }
    });

    /// <summary>The beginning of a text.</summary>
    public static string BeginningOf(string text) => text.Length <= Shown ? Of(text) : Of(text[..Shown]) + "…";

    /// <summary>The beginning of a text in UTF-8.</summary>
    public static string BeginningOf(ReadOnlySpan<byte> text) =>
        // A character has at most four bytes.
        BeginningOf(Encoding.UTF8.GetString(text[..Math.Min(text.Length, 4 * (Shown + 1))]));
}

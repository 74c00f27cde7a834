using System.Text;

namespace AgentProtocol.Agents.Processes;

/// <summary>Text of a program as it is shown to people: no colours, no bells, and no NUL, which a database refuses.</summary>
internal static class PrintableText
{
    private const int ShownOfLine = 200;

    public static string Of(string text) => string.Create(text.Length, text, static (span, source) =>
    {
        for (var i = 0; i < source.Length; i++)
        {
            span[i] = char.IsControl(source[i]) && source[i] is not ('\n' or '\t') ? ' ' : source[i];
        }
    });

    /// <summary>The beginning of a line.</summary>
    public static string BeginningOf(ReadOnlySpan<byte> line)
    {
        // A character has at most four bytes.
        var text = Of(Encoding.UTF8.GetString(line[..Math.Min(line.Length, 4 * ShownOfLine)]));
        return text.Length > ShownOfLine ? text[..ShownOfLine] + "…" : text;
    }
}

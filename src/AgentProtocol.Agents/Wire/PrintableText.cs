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
}

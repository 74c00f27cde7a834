namespace AgentProtocol.Agents.Echo;

/// <summary>Cuts an answer into the pieces it is streamed in.</summary>
internal static class EchoPieces
{
    private const int MostPieces = 500;

    /// <summary>
    /// Where the piece that begins at <paramref name="start"/> ends: behind a blank, or at the end of the text. A long
    /// text is cut into longer pieces, or a few megabytes of blanks would become millions of events.
    /// </summary>
    public static int EndOf(string text, int start)
    {
        var shortest = Math.Max(1, text.Length / MostPieces);
        var from = start + shortest - 1;
        return from < text.Length && text.IndexOf(' ', from) is >= 0 and var blank ? blank + 1 : text.Length;
    }
}

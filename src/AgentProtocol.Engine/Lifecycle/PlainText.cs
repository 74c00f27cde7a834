using System.Text;

namespace AgentProtocol.Engine.Lifecycle;

/// <summary>Text that PostgreSQL and UTF-8 can hold.</summary>
internal static class PlainText
{
    /// <summary>Replaces NUL characters and halves of surrogate pairs, which agents and their providers may well say.</summary>
    public static string Clean(string text) => IsClean(text) ? text : Replace(text);

    private static bool IsClean(string text)
    {
        foreach (var character in text)
        {
            if (character == '\0' || char.IsSurrogate(character))
            {
                return false;
            }
        }

        return true;
    }

    private static string Replace(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            // Half of a pair comes out of the enumeration as the replacement character.
            clean.Append(rune.Value == 0 ? Rune.ReplacementChar.ToString() : rune.ToString());
        }

        return clean.ToString();
    }
}

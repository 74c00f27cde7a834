using System.Text;

namespace AgentProtocol.Engine.Lifecycle;

/// <summary>Text that PostgreSQL and UTF-8 can hold.</summary>
internal static class PlainText
{
    /// <summary>Replaces NUL characters and halves of surrogate pairs, which agents and their providers may well say.</summary>
    public static string Clean(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', '\uFFFD');
}

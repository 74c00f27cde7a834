using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.XPath;

namespace AgentProtocol.AspNetCore.OpenApi;

/// <summary>The documentation of the wire types, in words for callers instead of readers of the code.</summary>
internal static partial class WireTexts
{
    private static readonly string File = Path.Combine(AppContext.BaseDirectory, "AgentProtocol.Contracts.xml");

    /// <summary>Null where the file was not deployed; the document then goes without descriptions.</summary>
    public static XPathDocument? Read()
    {
        if (!System.IO.File.Exists(File))
        {
            return null;
        }

        var text = FreeForm().Replace(System.IO.File.ReadAllText(File), "");
        text = Notes().Replace(text, "");
        text = References().Replace(text, match => $"<c>{JsonNamingPolicy.SnakeCaseLower.ConvertName(match.Groups[1].Value)}</c>");
        using var reader = XmlReader.Create(new StringReader(text));
        return new XPathDocument(reader);
    }

    /// <summary>How we carry any JSON is no concern of a caller.</summary>
    [GeneratedRegex("""<member name="T:AgentProtocol\.Contracts\.Json\.RawJson">.*?</member>""", RegexOptions.Singleline)]
    private static partial Regex FreeForm();

    /// <summary>Notes on the specification, such as "(wire-contract 4.1)".</summary>
    [GeneratedRegex(@"\s?\((wire-contract|schema)[^)]*\)")]
    private static partial Regex Notes();

    [GeneratedRegex("""<see cref="\w:AgentProtocol\.(?:\w+\.)+(\w+)"\s*/>""")]
    private static partial Regex References();
}

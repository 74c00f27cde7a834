using System.Text;
using System.Text.Json;

namespace AgentProtocol.Agents.Processes;

/// <summary>The answer of a program while it is written. Ends of line at its very end are the program's, not the answer's.</summary>
/// <param name="secrets">What must not be in it.</param>
internal sealed class PlainAnswer(Secrets secrets)
{
    private const int Longest = 8 * 1024 * 1024;

    // Keeps the beginning of a character whose rest comes with the next bytes.
    private readonly Decoder decoder = Encoding.UTF8.GetDecoder();
    private readonly SecretFilter filter = new(secrets);
    private readonly StringBuilder text = new();
    private string held = "";

    /// <summary>Takes in what was written, and returns the text that can be shown.</summary>
    /// <exception cref="AgentException">The answer is too long.</exception>
    public string Add(ReadOnlySpan<byte> bytes) => Add(bytes, isEnd: false);

    /// <summary>The text that is left when nothing more comes: half a character.</summary>
    public string End() => Add([], isEnd: true);

    /// <summary>The state update that adds the answer to the thread (wire-contract 7.3).</summary>
    public JsonElement ToUpdate(string messageId) => AgentJson.Write(256 + text.Length, (messageId, text), static (writer, value) =>
    {
        writer.WriteStartObject();
        writer.WriteStartArray("messages"u8);
        writer.WriteStartObject();
        writer.WriteString("type"u8, "ai"u8);
        writer.WriteString("id"u8, value.messageId);
        writer.WriteString("content"u8, value.text.ToString());
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private string Add(ReadOnlySpan<byte> bytes, bool isEnd)
    {
        var chars = new char[decoder.GetCharCount(bytes, isEnd)];
        decoder.GetChars(bytes, chars, isEnd);
        var all = held + filter.Add(chars) + (isEnd ? filter.End() : "");
        var shown = all.TrimEnd('\r', '\n');
        held = all[shown.Length..];
        text.Append(shown);
        return text.Length + held.Length <= Longest ? shown : throw new AgentException($"The program's answer has more than {Longest} characters");
    }
}

using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm;

/// <summary>What a user says to a model: texts and images, in their order.</summary>
internal static class UserContent
{
    /// <summary>The content of a message. Blocks of other kinds are left out: no model reads them by way of a chat.</summary>
    public static List<AIContent> Of(JsonElement message)
    {
        if (message.ValueKind != JsonValueKind.Object
            || !message.TryGetProperty("content", out var content)
            || content.ValueKind != JsonValueKind.Array)
        {
            return [.. MessageText.PartsOf(message).Select(text => new TextContent(text))];
        }

        return [.. content.EnumerateArray().Select(Block).OfType<AIContent>()];
    }

    private static AIContent? Block(JsonElement block) =>
        MessageText.OfBlock(block) is { } text ? new TextContent(text) : Image(block);

    /// <summary>An image in the forms that clients send: OpenAI's, Anthropic's, and LangChain's old and new ones.</summary>
    private static AIContent? Image(JsonElement block)
    {
        if (MessageText.IsOfType(block, "image_url") && block.TryGetProperty("image_url", out var link))
        {
            return FromUrl(MessageText.Property(block, "image_url") ?? MessageText.Property(link, "url"));
        }

        if (!MessageText.IsOfType(block, "image"))
        {
            return null;
        }

        var source = block.TryGetProperty("source", out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : block;
        var data = MessageText.Property(source, "data") ?? MessageText.Property(source, "base64");
        var type = MessageText.Property(source, "media_type") ?? MessageText.Property(source, "mime_type");
        return data is null ? FromUrl(MessageText.Property(source, "url")) : FromUrl($"data:{type ?? "image/png"};base64,{data}");
    }

    private static AIContent? FromUrl(string? url)
    {
        if (url is null)
        {
            return null;
        }

        try
        {
            return url.StartsWith("data:", StringComparison.OrdinalIgnoreCase) ? WithReadableData(new DataContent(url))
                : Uri.TryCreate(url, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
                    ? new UriContent(uri, "image/*")
                    : throw new FormatException("its URL is neither http nor https nor data");
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            throw new AgentException($"An image of a message cannot be read: {exception.Message}");
        }
    }

    /// <summary>Decodes the data, which otherwise would fail in the middle of a request.</summary>
    private static DataContent WithReadableData(DataContent content)
    {
        _ = content.Data;
        return content;
    }
}

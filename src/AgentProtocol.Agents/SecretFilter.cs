namespace AgentProtocol.Agents;

/// <summary>Conceals secrets in a text that comes in pieces: what may be the beginning of one waits for the next piece.</summary>
/// <param name="secrets">The secrets.</param>
internal sealed class SecretFilter(Secrets secrets)
{
    private string held = "";

    /// <summary>What can be shown once a piece has come.</summary>
    public string Add(ReadOnlySpan<char> piece)
    {
        var text = secrets.Conceal(string.Concat(held, piece));
        var shown = text.Length - secrets.BegunAtEndOf(text);
        held = text[shown..];
        return text[..shown];
    }

    /// <summary>What is left when nothing more comes. Most of a key is as good as all of it.</summary>
    public string End() => held.Length < Secrets.Shortest ? held : Secrets.Mark;
}

using System.Globalization;

namespace AgentProtocol.Agents.Echo;

/// <summary>What a message asks the echo agent to do besides answering.</summary>
internal abstract record EchoCommand
{
    private static readonly Say Nothing = new();

    private EchoCommand()
    {
    }

    /// <summary>Nothing: the message is plain text.</summary>
    public sealed record Say : EchoCommand;

    /// <summary>Wait before answering.</summary>
    public sealed record Sleep(TimeSpan Duration) : EchoCommand;

    /// <summary>Work in steps before answering.</summary>
    public sealed record Steps(int Count) : EchoCommand;

    /// <summary>Fail instead of answering.</summary>
    public sealed record Fail(string Reason) : EchoCommand;

    /// <summary>
    /// Reads the command at the start of a text: lower case, one blank before the number, and behind it a blank or the end.
    /// Everything that is not exactly a command is plain text.
    /// </summary>
    public static EchoCommand Parse(string text)
    {
        if (text.StartsWith("sleep ", StringComparison.Ordinal))
        {
            return Seconds(FirstWord(text.AsSpan(6))) is { } seconds ? new Sleep(seconds) : Nothing;
        }

        if (text.StartsWith("steps ", StringComparison.Ordinal))
        {
            return StepCount(FirstWord(text.AsSpan(6))) is { } count ? new Steps(count) : Nothing;
        }

        if (text == "fail" || text.StartsWith("fail ", StringComparison.Ordinal))
        {
            var reason = text.Length > 5 ? text[5..] : "";
            return new Fail(string.IsNullOrWhiteSpace(reason) ? "failed" : reason);
        }

        return Nothing;
    }

    private static ReadOnlySpan<char> FirstWord(ReadOnlySpan<char> text) =>
        text.IndexOf(' ') is >= 0 and var end ? text[..end] : text;

    /// <summary>Digits with an optional fraction, 0 to 86400 (a day).</summary>
    private static TimeSpan? Seconds(ReadOnlySpan<char> word)
    {
        var point = word.IndexOf('.');
        var isNumber = point < 0 ? IsDigits(word) : IsDigits(word[..point]) && IsDigits(word[(point + 1)..]);
        return isNumber
            && decimal.TryParse(word, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            && seconds <= 86_400
            ? TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond))
            : null;
    }

    private static int? StepCount(ReadOnlySpan<char> word) =>
        IsDigits(word) && int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= 10_000
            ? count
            : null;

    // Checked by hand because number parsing also accepts a missing part (".5", "5.") and trailing NUL characters.
    private static bool IsDigits(ReadOnlySpan<char> word) => !word.IsEmpty && !word.ContainsAnyExceptInRange('0', '9');
}

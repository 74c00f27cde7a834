using System.Text.RegularExpressions;

namespace AgentProtocol.Agents.Llm.Tools;

/// <summary>Names of tools as all models accept them.</summary>
internal static partial class ToolNames
{
    private const int Longest = 64;

    /// <summary>Whether models accept the name.</summary>
    public static bool IsValid(string name) => Form().IsMatch(name);

    /// <summary>The name, as near as models accept it.</summary>
    public static string Near(string name)
    {
        var near = Other().Replace(name, "_");
        return near.Length <= Longest ? near : near[..Longest];
    }

    /// <summary>The name, or one with the prefix, or one with a number behind it: whichever is first not taken.</summary>
    public static string Free(string name, string prefix, ISet<string> taken)
    {
        var free = Near(name);
        for (var number = 1; !taken.Add(free); number++)
        {
            var end = number == 1 ? "" : $"_{number}";
            var whole = Near($"{prefix}_{name}");
            free = whole[..Math.Min(whole.Length, Longest - end.Length)] + end;
        }

        return free;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,64}\z")]
    private static partial Regex Form();

    [GeneratedRegex("[^A-Za-z0-9_-]")]
    private static partial Regex Other();
}

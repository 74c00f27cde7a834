using System.Collections;

namespace AgentProtocol.Agents.Processes;

/// <summary>What a program sees of the server's environment: what it needs to run at all, and what its description names.</summary>
internal static class ProcessEnvironment
{
    private static readonly StringComparer Names = OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    // A list of what may pass, because the next secret has a name that nobody thought of.
    private static readonly HashSet<string> Harmless = new(Names)
    {
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TMP", "TEMP",
        "SystemRoot", "SystemDrive", "windir", "ComSpec", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "ProgramData", "ProgramFiles",
    };

    public static Dictionary<string, string> For(ProcessAgentOptions options)
    {
        Dictionary<string, string> variables = new(Names);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            var name = (string)variable.Key;
            if (Harmless.Contains(name) || name.StartsWith("LC_", StringComparison.Ordinal) || options.EnvironmentAllow.Contains(name, Names))
            {
                variables[name] = (string?)variable.Value ?? "";
            }
        }

        foreach (var (name, value) in options.Environment)
        {
            variables[name] = value;
        }

        return variables;
    }
}

using System.ComponentModel;

namespace AgentProtocol.DevPostgres.Processes;

/// <summary>The user PostgreSQL runs as: ourselves, or, because PostgreSQL refuses root, another one that root switches to.</summary>
internal sealed class ServerAccount
{
    private static readonly ServerAccount Ourselves = new(null, "", []);

    private readonly string ids;
    private readonly string[] switchCommand;

    private ServerAccount(string? name, string ids, string[] switchCommand)
    {
        Name = name;
        this.ids = ids;
        this.switchCommand = switchCommand;
    }

    /// <summary>Null when PostgreSQL runs as we do.</summary>
    public string? Name { get; }

    public static async Task<ServerAccount> ForAsync(DataFolder folder, CancellationToken cancellationToken)
    {
        // On Windows pg_ctl drops an administrator's rights by itself.
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
        {
            return Ourselves;
        }

        foreach (var name in await CandidatesAsync(folder, cancellationToken))
        {
            if (await OutputAsync(new Command("id", "-u", name), cancellationToken) is { } user
                && await OutputAsync(new Command("id", "-g", name), cancellationToken) is { } group)
            {
                return new ServerAccount(name, $"{user}:{group}", await SwitchAsync(name, user, group, cancellationToken));
            }
        }

        throw new PrivatePostgresException("PostgreSQL refuses to run as root and there is no user 'postgres' or 'nobody': run as an ordinary user, or create one with 'useradd --system postgres'.");
    }

    /// <summary>The same command, run as this user.</summary>
    public Command As(Command command) => switchCommand is [var file, .. var arguments]
        ? command with { File = file, Arguments = [.. arguments, command.File, .. command.Arguments] }
        : command;

    /// <summary>Gives a file or folder of ours to this user.</summary>
    public async Task OwnAsync(string path, CancellationToken cancellationToken)
    {
        if (Name is null)
        {
            return;
        }

        var result = await new Command("chown", "-R", ids, path).RunAsync(cancellationToken);
        if (!result.Succeeded)
        {
            throw new PrivatePostgresException($"Cannot give {path} to user '{Name}', as whom PostgreSQL runs ({result.Complaint}): set Postgres:DataDirectory to a local folder, or run as an ordinary user.");
        }
    }

    /// <summary>Checks that this user can enter a folder, and names the parent that is closed to it.</summary>
    public async Task RequireAccessAsync(string folder, CancellationToken cancellationToken)
    {
        if (Name is null)
        {
            return;
        }

        const string script = """for d in "$@"; do [ -x "$d" ] || { printf %s "$d"; exit 1; }; done""";
        var result = await As(new Command("/bin/sh", ["-c", script, "sh", .. Ancestors(folder)])).RunAsync(cancellationToken);
        if (!result.Succeeded)
        {
            throw new PrivatePostgresException($"PostgreSQL runs as user '{Name}', which cannot enter {result.Output}: open it with 'chmod o+x {result.Output}', or set Postgres:DataDirectory to a folder outside it.");
        }
    }

    private static string[] Ancestors(string folder)
    {
        var ancestors = new List<string>();
        for (var current = new DirectoryInfo(folder); current is not null; current = current.Parent)
        {
            ancestors.Insert(0, current.FullName);
        }

        return [.. ancestors];
    }

    // An existing cluster keeps its owner: PostgreSQL opens no folder of another user.
    private static async Task<string[]> CandidatesAsync(DataFolder folder, CancellationToken cancellationToken)
    {
        string[] usual = ["postgres", "nobody"];
        if (!Directory.Exists(folder.Cluster))
        {
            return usual;
        }

        var owner = await OutputAsync(new Command("stat", "-c", "%U", folder.Cluster), cancellationToken);
        return owner is null or "root" or "UNKNOWN" ? usual : [owner, .. usual];
    }

    private static async Task<string[]> SwitchAsync(string name, string user, string group, CancellationToken cancellationToken)
    {
        string[][] ways =
        [
            ["setpriv", $"--reuid={user}", $"--regid={group}", "--init-groups", "--"],
            ["runuser", "-u", name, "--"],
        ];
        foreach (var way in ways)
        {
            if (await OutputAsync(new Command(way[0], [.. way[1..], "true"]), cancellationToken) is not null)
            {
                return way;
            }
        }

        throw new PrivatePostgresException($"PostgreSQL refuses to run as root and neither 'setpriv' nor 'runuser' can switch to user '{name}': install util-linux, or run as an ordinary user.");
    }

    private static async Task<string?> OutputAsync(Command command, CancellationToken cancellationToken)
    {
        try
        {
            var result = await command.RunAsync(cancellationToken);
            return result.Succeeded ? result.Output.Trim() : null;
        }
        catch (Win32Exception)
        {
            // The system does not have this tool.
            return null;
        }
    }
}

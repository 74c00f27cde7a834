using System.Globalization;

namespace AgentProtocol.DevPostgres;

/// <summary>Our process's exclusive hold on a data folder. The system releases it however the process ends.</summary>
internal sealed class FolderLock : IDisposable
{
    // EAGAIN on Linux and on macOS, and Windows' sharing violation.
    private static readonly int[] HeldElsewhere = [11, 35, unchecked((int)0x80070020)];

    private readonly FileStream file;

    private FolderLock(FileStream file) => this.file = file;

    public static FolderLock Take(DataFolder folder)
    {
        FileStream? file = null;
        try
        {
            // .NET maps FileShare.None to flock() on Unix; children do not inherit the handle.
            file = new FileStream(folder.LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            // In a file beside the lock, because Windows lets nobody read a locked one.
            File.Delete(folder.OwnerFile);
            File.WriteAllText(folder.OwnerFile, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new FolderLock(file);
        }
        catch (IOException problem) when (file is null && HeldElsewhere.Contains(problem.HResult))
        {
            throw new PrivatePostgresException($"The data folder {folder.Root} is already in use by process {Owner(folder)}: stop that process, or set Postgres:DataDirectory to another folder.", problem) { FolderInUse = true };
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            throw new PrivatePostgresException($"Cannot write to the data folder {folder.Root} ({problem.Message.TrimEnd('.')}): run as the user it belongs to, or set Postgres:DataDirectory to another folder.", problem);
        }
    }

    public void Dispose() => file.Dispose();

    /// <summary>The process that took the folder last, which may be gone.</summary>
    public static int? ReadOwner(DataFolder folder) =>
        File.Exists(folder.OwnerFile) && int.TryParse(File.ReadAllText(folder.OwnerFile), CultureInfo.InvariantCulture, out var owner) ? owner : null;

    private static string Owner(DataFolder folder) =>
        ReadOwner(folder)?.ToString(CultureInfo.InvariantCulture) ?? "of another user";
}

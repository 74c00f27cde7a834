using System.Security.Cryptography;
using System.Text;

namespace AgentProtocol.Engine.Storage;

/// <summary>What names one item of the store.</summary>
/// <param name="Owner">Whose item it is.</param>
/// <param name="Namespace">The labels as one text: <see cref="StoreNamespace"/>.</param>
/// <param name="Key">The key within the namespace.</param>
internal readonly record struct StoreKey(string Owner, string Namespace, string Key)
{
    /// <summary>Short enough for an index, whatever the length of the names. NUL parts them, because neither can hold it.</summary>
    public byte[] Id => SHA256.HashData(Encoding.UTF8.GetBytes($"{Namespace}\0{Key}"));
}

/// <summary>
/// Namespaces as they are stored: <c>["a", "b"]</c> is <c>.a.b.</c>, and the root is a single dot. Labels hold no dots, so
/// whatever begins with the text of a namespace lies in or below it.
/// </summary>
internal static class StoreNamespace
{
    public static string Encode(IReadOnlyList<string> labels) => labels.Count == 0 ? "." : $".{string.Join('.', labels)}.";

    public static string[] Decode(string text) => text[1..^1].Split('.');
}

/// <summary>The claim under which an executor writes: zero rows when it is not the run's any more.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Fence">The number that has to be the run's.</param>
internal readonly record struct RunFence(Guid RunId, int Fence);

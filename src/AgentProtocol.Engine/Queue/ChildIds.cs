using System.Security.Cryptography;
using System.Text;

namespace AgentProtocol.Engine.Queue;

/// <summary>Ids of children, which follow from the parent and the child's key: a later attempt of the parent finds the child of an earlier one.</summary>
internal static class ChildIds
{
    public static (Guid RunId, Guid ThreadId) For(Guid parentRunId, string key) =>
        (Derive(parentRunId, "run", key), Derive(parentRunId, "thread", key));

    /// <summary>A UUIDv7 with the parent's time: events are kept by the day in their run's id, and the parent's day is kept while it runs.</summary>
    private static Guid Derive(Guid parentRunId, string kind, string key)
    {
        Span<byte> id = stackalloc byte[16];
        parentRunId.TryWriteBytes(id, bigEndian: true, out _);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData([.. id, .. Encoding.UTF8.GetBytes($"{kind}:{key}")], hash);
        hash[..10].CopyTo(id[6..]);
        id[6] = (byte)((id[6] & 0x0F) | 0x70);
        id[8] = (byte)((id[8] & 0x3F) | 0x80);
        return new Guid(id, bigEndian: true);
    }
}

using System.Security.Cryptography;
using System.Text;

namespace AgentProtocol.Agents;

/// <summary>UUIDs that follow from a name, so that whoever knows the name knows the id.</summary>
internal static class NameIds
{
    /// <summary>UUID version 5 of a name in a namespace (RFC 4122).</summary>
    public static Guid For(Guid space, string name)
    {
        var text = Encoding.UTF8.GetBytes(name);
        var source = new byte[16 + text.Length];
        space.TryWriteBytes(source, bigEndian: true, out _);
        text.CopyTo(source, 16);

#pragma warning disable CA5350 // RFC 4122 prescribes SHA-1 for version 5; it names, it does not protect.
        Span<byte> hash = SHA1.HashData(source).AsSpan(0, 16);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash, bigEndian: true);
    }
}

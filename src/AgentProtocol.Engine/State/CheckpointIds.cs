using System.Buffers.Binary;

namespace AgentProtocol.Engine.State;

/// <summary>Ids of checkpoints: UUIDv7, so that clients can sort them, and always above the one before on the thread.</summary>
internal static class CheckpointIds
{
    /// <summary>An id above <paramref name="previous"/>, whatever the clock says.</summary>
    public static Guid Next(Guid? previous)
    {
        var id = Guid.CreateVersion7();
        return previous is { } before && Number(id) <= Number(before) ? Above(before) : id;
    }

    private static UInt128 Number(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private static Guid Above(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Number(id) + 1);
        return new Guid(bytes, bigEndian: true);
    }
}

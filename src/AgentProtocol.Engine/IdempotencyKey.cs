namespace AgentProtocol.Engine;

/// <summary>A caller's name for one request, so that a repetition of it creates nothing anew (wire-contract 1.3).</summary>
/// <param name="Value">The name: 1 to 255 visible characters.</param>
/// <param name="RequestHash">SHA-256 of the route and the body; the same name with another hash is refused.</param>
/// <param name="Item">Which of several things that the request creates, from 0.</param>
public sealed record IdempotencyKey(string Value, ReadOnlyMemory<byte> RequestHash, int Item = 0)
{
    /// <summary>The request header that carries it.</summary>
    public const string Header = "Idempotency-Key";
}

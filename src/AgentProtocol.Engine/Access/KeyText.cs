using System.Security.Cryptography;
using System.Text;

namespace AgentProtocol.Engine.Access;

/// <summary>
/// What a key looks like: <c>aps_</c>, 12 characters that people may see, and 64 that they may not. The fixed shape lets
/// scanners find keys that were published by mistake.
/// </summary>
internal static class KeyText
{
    private const string Mark = "aps_";
    private const int ShownLength = 12;
    private const int SecretLength = 64;
    private const int Length = 4 + ShownLength + 1 + SecretLength;

    /// <summary>A new key with 256 random bits besides its visible part.</summary>
    public static (string Prefix, string Secret) Mint()
    {
        var prefix = Mark + RandomNumberGenerator.GetHexString(ShownLength, lowercase: true);
        return (prefix, $"{prefix}_{RandomNumberGenerator.GetHexString(SecretLength, lowercase: true)}");
    }

    /// <summary>Whether a text could be a key at all; what could not is refused before anything is computed or looked up.</summary>
    public static bool IsShapedLikeKey(string text) => text.Length == Length && text.StartsWith(Mark, StringComparison.Ordinal);

    /// <summary>What is stored instead of the key. A fast hash does: 256 random bits cannot be guessed at any speed.</summary>
    public static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}

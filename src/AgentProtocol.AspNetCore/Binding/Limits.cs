namespace AgentProtocol.AspNetCore.Binding;

/// <summary>The pages of wire-contract 1.5.</summary>
internal static class Limits
{
    public const int DefaultLimit = 10;
    public const int MaxLimit = 1000;

    public static string Describe(int min, int max) =>
        max == int.MaxValue ? $"must be an integer of at least {min}" : $"must be an integer from {min} to {max}";
}

namespace AgentProtocol.Chaos.Load;

/// <summary>Drawn from by the several requests that one client has open.</summary>
internal sealed class LockedRandom(int seed) : Random(seed)
{
    private readonly Lock gate = new();

    public override int Next(int maxValue)
    {
        lock (gate)
        {
            return base.Next(maxValue);
        }
    }

    public override int Next(int minValue, int maxValue)
    {
        lock (gate)
        {
            return base.Next(minValue, maxValue);
        }
    }
}

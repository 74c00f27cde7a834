namespace AgentProtocol.Testing.Models;

/// <summary>Variations of replies.</summary>
public static class ModelReplies
{
    /// <summary>The reply with a header.</summary>
    public static TReply With<TReply>(this TReply reply, string header, string value)
        where TReply : ModelReply =>
        (TReply)(reply with { Headers = new Dictionary<string, string>(reply.Headers) { [header] = value } });

    /// <summary>The reply when the test says so.</summary>
    public static TReply After<TReply>(this TReply reply, Task signal)
        where TReply : ModelReply =>
        (TReply)(reply with { Hold = signal.WaitAsync });

    /// <summary>The reply of a model that thinks for so long before its first word.</summary>
    public static TReply After<TReply>(this TReply reply, TimeSpan latency)
        where TReply : ModelReply =>
        (TReply)(reply with { Hold = cancellationToken => Task.Delay(latency, cancellationToken) });
}

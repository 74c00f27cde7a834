namespace AgentProtocol.Agents.Configuration;

/// <summary>The JSON Schema of the agents file, with which editors help to write it.</summary>
public static class AgentsFileSchema
{
    /// <summary>The schema, draft 7.</summary>
    public static string Json { get; } = Read();

    private static string Read()
    {
        using var stream = typeof(AgentsFileSchema).Assembly.GetManifestResourceStream("agents.schema.json")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

using ModelContextProtocol.Client;

namespace AgentProtocol.Agents.Llm.Tools.Mcp;

/// <summary>An open connection to a server, with the tools that it offered when it was opened.</summary>
/// <param name="client">The connection.</param>
/// <param name="tools">The tools.</param>
internal sealed class McpSession(McpClient client, IReadOnlyList<McpClientTool> tools)
{
    private readonly Lock gate = new();
    private int users;
    private bool isRetired;

    public McpClient Client => client;

    public IReadOnlyList<McpClientTool> Tools => tools;

    /// <summary>Whether it can still be used, as far as one can know without using it.</summary>
    public bool IsAlive => !client.Completion.IsCompleted;

    /// <summary>Begins a use of it. False when it was retired meanwhile.</summary>
    public bool TryEnter()
    {
        lock (gate)
        {
            users += isRetired ? 0 : 1;
            return !isRetired;
        }
    }

    /// <summary>Ends a use of it, and closes it after the last one when it was retired. Says whether nobody uses it now.</summary>
    public async Task<bool> LeaveAsync()
    {
        bool isUnused, isLast;
        lock (gate)
        {
            isUnused = --users == 0;
            isLast = isUnused && isRetired;
        }

        if (isLast)
        {
            await client.DisposeAsync();
        }

        return isUnused;
    }

    /// <summary>Lets nobody in any more. Uses that have begun may end; with the last of them it is closed.</summary>
    public async Task RetireAsync()
    {
        bool isUnused;
        lock (gate)
        {
            isUnused = users == 0 && !isRetired;
            isRetired = true;
        }

        if (isUnused)
        {
            await client.DisposeAsync();
        }
    }

    /// <summary>Retires it when nobody uses it. Says whether it did.</summary>
    public async Task<bool> RetireIfUnusedAsync()
    {
        lock (gate)
        {
            if (users > 0)
            {
                return false;
            }
        }

        await RetireAsync();
        return true;
    }
}

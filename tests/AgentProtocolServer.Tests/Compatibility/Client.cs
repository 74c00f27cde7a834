namespace AgentProtocolServer.Tests.Compatibility;

/// <summary>Who calls the server; the columns of docs/compatibility.md.</summary>
internal enum Client
{
    /// <summary>Whoever was written after the Agent Protocol's OpenAPI document.</summary>
    AgentProtocol,

    /// <summary><c>@langchain/langgraph-sdk</c>.</summary>
    JsSdk,

    /// <summary><c>langgraph_sdk</c>.</summary>
    PythonSdk,

    /// <summary>The async-subagent middleware of <c>deepagents</c>, in JavaScript and in Python.</summary>
    DeepAgents,
}

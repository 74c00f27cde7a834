using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm.Tools;

/// <summary>What a tool finds in its arguments besides those that the model gave.</summary>
public static class ToolArguments
{
    private static readonly object RunKey = typeof(AgentContext);
    private static readonly object CallKey = typeof(ToolCall);

    extension(AIFunctionArguments arguments)
    {
        /// <summary>The run that the tool is called in.</summary>
        /// <exception cref="InvalidOperationException">The tool was not called by an agent of a server.</exception>
        public AgentContext Run => (AgentContext)Find(arguments, RunKey);

        /// <summary>The id of the call.</summary>
        /// <exception cref="InvalidOperationException">The tool was not called by an agent of a server.</exception>
        public string CallId => (string)Find(arguments, CallKey);
    }

    /// <summary>The arguments of a call.</summary>
    internal static AIFunctionArguments For(ToolCall call, AgentContext run) =>
        new(call.Arguments.EnumerateObject().ToDictionary(argument => argument.Name, argument => (object?)argument.Value))
        {
            Context = new Dictionary<object, object?> { [RunKey] = run, [CallKey] = call.Id },
        };

    private static object Find(AIFunctionArguments arguments, object key) =>
        arguments.Context is { } context && context.TryGetValue(key, out var value) && value is not null
            ? value
            : throw new InvalidOperationException("This tool can only be called by an agent of a server.");
}

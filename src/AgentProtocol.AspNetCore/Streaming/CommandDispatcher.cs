using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Streaming;
using AgentProtocol.Engine.Access;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>Carries out the commands of the streaming protocol, whichever way they came (wire-contract 6.10).</summary>
internal sealed class CommandDispatcher(RunCommands runs, StateCommands states)
{
    public const string Subscribe = "subscription.subscribe";
    public const string Unsubscribe = "subscription.unsubscribe";
    public const string Reconnect = "subscription.reconnect";

    /// <summary>Carries out a command. A refusal is an answer, too; only defects and failures of the database are thrown.</summary>
    public static async Task<CommandAnswer> AnswerAsync(long id, Func<Task<CommandResult>> execute)
    {
        try
        {
            var result = await execute();
            return new CommandAnswer(new StreamingSuccessResponse { Id = id, Result = result.Result, Meta = result.Meta }, null);
        }
        catch (CommandRefusal refusal)
        {
            return CommandAnswer.Refuse(id, refusal.Code, refusal.Message);
        }
        catch (ProtocolException refusal)
        {
            return CommandAnswer.Refuse(id, CommandRefusal.CodeOf(refusal.Code), refusal.Message);
        }
    }

    /// <summary>Carries out a command that concerns no connection.</summary>
    /// <exception cref="ProtocolException">The engine refuses it.</exception>
    /// <exception cref="CommandRefusal">It is refused here.</exception>
    public Task<CommandResult> ExecuteAsync(CommandContext context, string method) => method switch
    {
        "run.start" => runs.StartAsync(WhoMayRun(context)),
        "input.respond" => runs.RespondAsync(WhoMayRun(context)),
        "input.inject" => runs.InjectAsync(WhoMayRun(context)),
        "state.fork" => runs.ForkAsync(WhoMayRun(context)),
        "state.get" => states.GetAsync(context),
        "state.listCheckpoints" => states.ListCheckpointsAsync(context),
        "agent.getTree" => states.GetTreeAsync(context),
        Subscribe or Unsubscribe or Reconnect => throw new CommandRefusal(
            StreamingErrorCode.NotSupported, $"{method} needs a WebSocket; over HTTP, open and close event streams instead"),
        _ => throw new CommandRefusal(StreamingErrorCode.UnknownCommand, $"There is no command \"{method}\""),
    };

    /// <summary>To read a thread, which the connection or request was let in for, is not to start runs on it.</summary>
    private static CommandContext WhoMayRun(CommandContext context)
    {
        context.RequireScope(AccessScopes.Run);
        return context;
    }
}

/// <summary>A command on its thread.</summary>
/// <param name="Owner">Who asks.</param>
/// <param name="ThreadId">The thread of the connection or request.</param>
/// <param name="Params">The parameters.</param>
/// <param name="RequireScope">Refuses callers who do not have a scope.</param>
/// <param name="Headers">What the headers of the request, or of the upgrade to a WebSocket, configure for runs.</param>
/// <param name="Cancellation">Fires when nobody waits for the answer any more.</param>
internal readonly record struct CommandContext(
    string Owner, Guid ThreadId, CommandParams Params, Action<string> RequireScope, ConfigurableHeaders Headers, CancellationToken Cancellation);

/// <summary>The answer to a command: one of the two.</summary>
internal readonly record struct CommandAnswer(StreamingSuccessResponse? Success, StreamingErrorResponse? Error)
{
    public static CommandAnswer Refuse(long? id, StreamingErrorCode code, string message) =>
        new(null, new StreamingErrorResponse { Id = id, Error = code, Message = message });
}

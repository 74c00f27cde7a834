using System.ComponentModel;
using System.Diagnostics;

namespace AgentProtocol.Agents.Processes;

/// <summary>A program that runs for an agent, with all that it has started in its group.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly TimeSpan KillGrace = TimeSpan.FromSeconds(2);
    private const int TryAgain = 11;

    private readonly Process process;
    private readonly Lifeline lifeline;
    private readonly ProcessAgentOptions options;
    private readonly AgentContext context;
    private readonly TimeProvider time;
    private readonly ReadOnlyMemory<byte> farewell;
    private readonly CancellationTokenSource exited = new();
    private readonly ChildOutput output;
    private readonly ChildErrors errors;
    private readonly Task errorPump;
    private readonly Lock gate = new();
    private Task? stopping;
    private Task ending = Task.CompletedTask;

    private ChildProcess(
        Process process, Lifeline lifeline, ProcessAgentOptions options, AgentContext context, TimeProvider time, Secrets secrets, ReadOnlyMemory<byte> farewell)
    {
        this.process = process;
        this.lifeline = lifeline;
        this.options = options;
        this.context = context;
        this.time = time;
        this.farewell = farewell;
        Exit = WatchAsync();
        Input = new ChildInput(process.StandardInput.BaseStream);
        errors = new ChildErrors(context.Logger, time, secrets);
        errorPump = errors.PumpAsync(new ChildOutput(process.StandardError.BaseStream, time, exited.Token).ReadAsync);
        output = new ChildOutput(process.StandardOutput.BaseStream, time, exited.Token);
    }

    /// <summary>Ends with the program; its exit code, which is 128 more than the signal that has killed it.</summary>
    public Task<int> Exit { get; }

    /// <summary>Its standard input.</summary>
    public ChildInput Input { get; }

    /// <summary>Whether it was asked to end before it did.</summary>
    public bool WasStopped { get; private set; }

    /// <summary>Starts it.</summary>
    /// <param name="options">The program.</param>
    /// <param name="context">The run.</param>
    /// <param name="time">The clock of its grace.</param>
    /// <param name="secrets">What must not be in its errors.</param>
    /// <param name="input">What stands for <c>{input}</c> in its arguments.</param>
    /// <param name="farewell">The last that is written to its input when it is asked to end.</param>
    /// <exception cref="AgentException">It cannot be started.</exception>
    public static ChildProcess Start(
        ProcessAgentOptions options, AgentContext context, TimeProvider time, Secrets secrets, string input, ReadOnlyMemory<byte> farewell)
    {
        var lifeline = new Lifeline();
        Process? process = null;
        try
        {
            process = Process.Start(ProcessLaunch.For(options, context, lifeline.GuardEnd, input))!;
            return new ChildProcess(process, lifeline, options, context, time, secrets, farewell);
        }
        catch (Win32Exception exception)
        {
            throw new AgentException(
                $"The program \"{options.Command}\" cannot be started: {exception.Message}", exception.NativeErrorCode == TryAgain, exception);
        }
        finally
        {
            lifeline.HandOver();
            if (process is null)
            {
                lifeline.Dispose();
            }
        }
    }

    /// <summary>Reads its standard output; 0 when that has ended.</summary>
    public ValueTask<int> ReadAsync(Memory<byte> buffer) => output.ReadAsync(buffer);

    /// <summary>Closes its input, at the end of which most programs end; one that does not within its grace is asked to.</summary>
    public void LetEnd()
    {
        Input.Complete();
        ending = LetEndAsync();
    }

    /// <summary>Asks it to end, and kills it when it has not after its grace. Returns when it has ended.</summary>
    public Task StopAsync()
    {
        lock (gate)
        {
            return stopping ??= StopOnceAsync();
        }
    }

    /// <summary>What its exit code says, if that is not 0, with the last that it said on standard error.</summary>
    public async Task<AgentException> FailureAsync(int exitCode)
    {
        await errorPump;
        var signal = exitCode > 128 ? Signals.NameOf(exitCode - 128) : null;
        var said = errors.Tail;
        return new AgentException(
            $"The program exited with code {exitCode}{(signal is null ? "" : $" (as after {signal})")}{(said.Length == 0 ? "" : $": {said}")}");
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await ending;
        await Input.DisposeAsync();
        if (Exit.IsCompleted)
        {
            await errorPump;
            exited.Dispose();
        }

        lifeline.Dispose();
        process.Dispose();
    }

    private async Task<int> WatchAsync()
    {
        await process.WaitForExitAsync();

        // What it has left behind ends with it.
        lifeline.Dispose();
        Orphans.Reap(process.Id);
        await exited.CancelAsync();
        return process.ExitCode;
    }

    private async Task LetEndAsync()
    {
        if (!await EndsWithinAsync(options.KillGrace))
        {
            await StopAsync();
        }
    }

    private async Task StopOnceAsync()
    {
        if (Exit.IsCompleted)
        {
            return;
        }

        WasStopped = true;
        Input.Send(farewell);
        Input.Complete();
        lifeline.AskToEnd();
        if (await EndsWithinAsync(options.KillGrace))
        {
            return;
        }

        ProcessLog.Killed(context.Logger, options.KillGrace);
        Kill();
        if (!await EndsWithinAsync(KillGrace))
        {
            ProcessLog.Unkillable(context.Logger, process.Id);
        }
    }

    /// <summary>Its descendants first, of which some may have left the group; then, with the lifeline, the group.</summary>
    private void Kill()
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has just ended, or one of them belongs to somebody else.
        }

        lifeline.Dispose();
    }

    private async Task<bool> EndsWithinAsync(TimeSpan grace)
    {
        try
        {
            await Exit.WaitAsync(grace, time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}

using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Tests.Llm;

/// <summary>Tools that count how often they are called.</summary>
internal sealed class TestTools
{
    private int added;

    public int Added => added;

    public AIFunction Add => AIFunctionFactory.Create(
        (double a, double b) =>
        {
            Interlocked.Increment(ref added);
            return a + b;
        },
        "add",
        "Adds two numbers");

    public static AIFunction Fail => AIFunctionFactory.Create(string () => throw new InvalidOperationException("Out of paper."), "print", "Prints");

    public AIFunction AddWithApproval => new ApprovalRequiredAIFunction(Add);
}

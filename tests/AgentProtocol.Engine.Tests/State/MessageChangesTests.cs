using AgentProtocol.Engine.State;
using Xunit;

namespace AgentProtocol.Engine.Tests.State;

public sealed class MessageChangesTests
{
    [Theory]
    [InlineData("a b c", "a b c", "")]
    [InlineData("a b", "a b c", "c")]
    [InlineData("a b c", "a c", "-b")]
    [InlineData("a b c", "", "-a -b -c")]
    [InlineData("a b c", "a b* c", "b*")]
    [InlineData("a b c", "a c d", "-b d")]
    [InlineData("a b", "b a", "-a a")]
    [InlineData("", "a", "a")]
    public void Changes_are_removals_and_what_is_new(string before, string after, string changes)
    {
        Dictionary<string, StateMessage> messages = [];
        var (earlier, later) = (State(before), State(after));

        Assert.Equal(changes, string.Join(' ', MessageChanges.Between(earlier, later).Select(Word)));

        StateValues State(string text) => StateValues.Empty.WithMessages([.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Message)]);

        StateMessage Message(string word) => messages.TryGetValue(word, out var known) ? known : messages[word] = new(word.TrimEnd('*'), $"\"{word}\"");
    }

    private static string Word(StateMessage change) =>
        change.Json == $$"""{"type":"remove","id":"{{change.Id}}","content":""}""" ? $"-{change.Id}" : change.Json.Trim('"');
}

using AgentProtocol.Agents.Llm.Tools;

namespace AgentProtocol.Agents.Tests.Llm.Tools;

public class ToolNamesTests
{
    [Theory]
    [InlineData("read", "read")]
    [InlineData("fs.read file", "fs_read_file")]
    [InlineData("taken", "srv_taken")]
    [InlineData("both", "srv_both_2")]
    public void Name_of_a_server_is_made_one_that_models_accept_and_nobody_has(string name, string given)
    {
        HashSet<string> taken = ["taken", "both", "srv_both"];

        Assert.Equal(given, ToolNames.Free(name, "srv", taken));
        Assert.Contains(given, taken);
    }

    [Fact]
    public void Long_names_stay_apart()
    {
        HashSet<string> taken = [];
        var names = Enumerable.Range(0, 20).Select(number => ToolNames.Free(new string('x', 70) + number, new string('s', 64), taken)).ToList();

        Assert.All(names, name => Assert.True(ToolNames.IsValid(name), name));
        Assert.Equal(20, names.Distinct().Count());
    }
}

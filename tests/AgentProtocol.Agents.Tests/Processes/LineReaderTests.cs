using System.Text;
using AgentProtocol.Agents.Processes;

namespace AgentProtocol.Agents.Tests.Processes;

public class LineReaderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100_000)]
    public async Task Lines_are_the_same_however_the_bytes_arrive(int piece)
    {
        string[] expected = ["first", "", new('x', 40_000), "ä", "last without an end"];

        Assert.Equal(expected, await LinesAsync(string.Join('\n', expected), piece, longest: 40_000));
    }

    [Fact]
    public async Task Output_that_ends_with_a_line_has_no_further_one() => Assert.Equal(["a"], await LinesAsync("a\n", 10, longest: 10));

    [Theory]
    [InlineData("12345\n", true)]
    [InlineData("123456\n", false)]
    [InlineData("123456", false)]
    public async Task Line_has_a_longest_length(string text, bool isAllowed)
    {
        if (isAllowed)
        {
            Assert.Single(await LinesAsync(text, 100, longest: 5));
        }
        else
        {
            Assert.Contains("more than 5 bytes", (await Assert.ThrowsAsync<AgentException>(() => LinesAsync(text, 100, longest: 5))).Message, StringComparison.Ordinal);
        }
    }

    private static async Task<List<string>> LinesAsync(string text, int piece, int longest)
    {
        var source = new MemoryStream(Encoding.UTF8.GetBytes(text));
        LineReader reader = new(buffer => source.ReadAsync(buffer[..Math.Min(piece, buffer.Length)]), longest);
        List<string> lines = [];
        while (await reader.ReadAsync() is { } line)
        {
            lines.Add(Encoding.UTF8.GetString(line.Span));
        }

        return lines;
    }
}

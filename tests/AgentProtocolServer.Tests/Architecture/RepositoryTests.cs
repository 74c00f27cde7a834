using System.Text.RegularExpressions;
using Xunit;

namespace AgentProtocolServer.Tests.Architecture;

public sealed partial class RepositoryTests
{
    private const int MostLines = 400;

    // Vendored or generated: their text is not ours.
    private static readonly string[] NotOurs = ["openapi/vendor/", "tests/clients/package-lock.json"];

    [Fact]
    public void Nothing_is_left_for_later_in_a_remark()
    {
        var marked = Checkout.Files()
            .Where(file => !NotOurs.Any(file.StartsWith))
            .Where(file => Mark().IsMatch(File.ReadAllText(Checkout.PathOf(file))));
        Assert.Equal([], marked);
    }

    [Fact]
    public void No_source_file_is_longer_than_a_reader_holds_in_mind()
    {
        // A migration is written once and read from top to bottom.
        var longFiles =
            from file in Checkout.Files("src", "*.cs")
            where !file.Contains("/Migrations/", StringComparison.Ordinal)
            let lines = File.ReadLines(Checkout.PathOf(file)).Count()
            where lines > MostLines
            select $"{file}: {lines} lines";
        Assert.Equal([], longFiles);
    }

    // In two halves, or this file would be the first to break the rule.
    [GeneratedRegex(@"\b(TO" + "DO|FIX" + @"ME)\b")]
    private static partial Regex Mark();
}

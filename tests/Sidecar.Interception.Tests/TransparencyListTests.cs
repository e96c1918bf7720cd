using System.Text.RegularExpressions;
using Sidecar.Interception.Tests.Corpus;

namespace Sidecar.Interception.Tests;

/// <summary>The list of kinds of checks names tests that exist.</summary>
public sealed partial class TransparencyListTests
{
    private static readonly string[] Rows = File.ReadLines(Path.Combine(Repository.NetnsFolder, "TRANSPARENCY.md")).Where(line => RowStart().IsMatch(line)).ToArray();

    [Fact]
    public void List_Rows_AreThirtyEightAndInOrder() =>
        Assert.Equal(Enumerable.Range(1, 38), Rows.Select(row => int.Parse(RowStart().Match(row).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)));

    [Fact]
    public void List_EveryNamedTest_Exists()
    {
        var messages = CorpusMessages.All.Select(message => "corpus:" + message.Id);
        var methods = typeof(TransparencyListTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods().Where(method => method.IsDefined(typeof(FactAttribute), inherit: true)).Select(method => $"{type.Name}.{method.Name}"));
        var known = messages.Concat(methods).ToHashSet(StringComparer.Ordinal);
        foreach (var row in Rows)
        {
            var names = Name().Matches(row.Split('|')[3]).Select(match => match.Groups[1].Value).ToArray();
            Assert.NotEmpty(names);
            Assert.All(names, name => Assert.True(known.Contains(name), $"{name} does not exist: {row}"));
        }
    }

    [GeneratedRegex("^\\| ([0-9]+) \\|")]
    private static partial Regex RowStart();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Name();
}

using FsCheck;
using FsCheck.Fluent;
using Sidecar.Init.Options;

namespace Sidecar.Init.Tests.Options;

public sealed class PortSetTests
{
    private static readonly Arbitrary<PortRange[]> SomeRanges = (
        from first in Gen.Choose(1, 65535)
        from last in Gen.OneOf(Gen.Constant(first), Gen.Choose(first, 65535), Gen.Choose(first, Math.Min(65535, first + 5)))
        select new PortRange(first, last)).ArrayOf().ToArbitrary();

    [Theory]
    [InlineData("25", "25")]
    [InlineData("25,3000-3010", "25,3000-3010")]
    [InlineData(" 25 , 3000-3010 ", "25,3000-3010")]
    [InlineData("3000-3010,25", "25,3000-3010")]
    [InlineData("25,25", "25")]
    [InlineData("20-30,25-40", "20-40")]
    [InlineData("20-30,31", "20-31")]
    [InlineData("20-40,25", "20-40")]
    [InlineData("1-65535", "1-65535")]
    public void Parse_GoodList_IsReadInOrderWithoutOverlap(string text, string expected) => Assert.Equal(expected, PortSet.Parse(text, Refused).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("25,")]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("4294967321")]
    [InlineData("99999999999999999999")]
    [InlineData("-25")]
    [InlineData("+25")]
    [InlineData("25-")]
    [InlineData("25-30-35")]
    [InlineData("30-25")]
    [InlineData("025")]
    [InlineData("2 5")]
    [InlineData("25 - 30")]
    [InlineData("25:30")]
    [InlineData("25;30")]
    [InlineData("0x19")]
    [InlineData("1e3")]
    [InlineData("smtp")]
    [InlineData("*")]
    [InlineData("٢٥")]
    [InlineData("25\n")]
    [InlineData("25\0")]
    [InlineData("25 } ; flush ruleset")]
    [InlineData("25\nCOMMIT\n*filter")]
    public void Parse_OneBadEntry_IsRefusedOnce(string text) => Assert.Single(Refusals(text));

    [Fact]
    public void Parse_SeveralBadEntries_AreAllRefused() =>
        Assert.Equal(["\"x\"", "\"70000\"", "\"5-1\""], Refusals("25,x,70000,443,5-1").Select(static reason => reason.Split(' ')[0]));

    [Fact]
    public void Parse_TooManyEntries_AreRefusedWithoutReadingThem()
    {
        Assert.Empty(Refusals(string.Join(',', Enumerable.Range(1, ListText.MaximumEntries))));
        Assert.Contains("at most 256", Assert.Single(Refusals(string.Join(',', Enumerable.Range(1, ListText.MaximumEntries + 1)))));
    }

    [Fact]
    public void Parse_WhatWasWritten_GivesTheSameSet() => Prop.ForAll(
        SomeRanges,
        ranges =>
        {
            var set = PortSet.Of(ranges);
            return ranges.Length == 0 || ranges.Length > ListText.MaximumEntries || PortSet.Parse(set.ToString(), Refused).Equals(set);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Contains_OfMergedRanges_IsWhatTheRangesSaid() => Prop.ForAll(
        SomeRanges,
        Gen.Choose(0, 65535).ToArbitrary(),
        (ranges, port) =>
        {
            var isExpected = ranges.Any(range => range.First <= port && port <= range.Last);
            var set = PortSet.Of(ranges);
            return set.Contains(port) == isExpected && set.Complement().Contains(port) == !isExpected;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Ranges_AfterMerging_NeitherOverlapNorTouch() => Prop.ForAll(
        SomeRanges,
        static ranges => PortSet.Of(ranges).Ranges is var merged && merged.Zip(merged.Skip(1)).All(static pair => pair.First.Last + 1 < pair.Second.First)).QuickCheckThrowOnFailure();

    [Fact]
    public void Parse_AnyText_ReadsOrRefusesAndNeverThrows() => Prop.ForAll<string?>(static text =>
    {
        var refusals = Refusals(text ?? "");
        return refusals.All(static reason => reason.All(static character => character is '…' or (>= ' ' and <= '~')));
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    private static List<string> Refusals(string text)
    {
        var refusals = new List<string>();
        PortSet.Parse(text, refusals.Add);
        return refusals;
    }

    private static void Refused(string reason) => Assert.Fail(reason);
}

using FsCheck;
using FsCheck.Fluent;
using Sidecar.Proxy.Forwarding;

namespace Sidecar.Proxy.Tests.Forwarding;

public class CallerDeadlineTests
{
    [Theory]
    [InlineData("1H", 3600_000)]
    [InlineData("2M", 120_000)]
    [InlineData("3S", 3_000)]
    [InlineData("99999999m", 99_999_999)]
    [InlineData("5000u", 5)]
    [InlineData("7000000n", 7)]
    public void ParseGrpc_WellFormed_IsTheTime(string text, double milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), CallerDeadline.ParseGrpc(text));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("S")]
    [InlineData("123456789S")]
    [InlineData("-1S")]
    [InlineData("+1S")]
    [InlineData("1 S")]
    [InlineData("1s")]
    [InlineData("1.5S")]
    public void ParseGrpc_Malformed_IsAbsent(string? text) => Assert.Null(CallerDeadline.ParseGrpc(text));

    [Theory]
    [InlineData("250", 250)]
    [InlineData("0", 0)]
    public void ParseMilliseconds_WellFormed_IsTheTime(string text, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), CallerDeadline.ParseMilliseconds(text));

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("1e3")]
    [InlineData("12345678901234567890")]
    public void ParseMilliseconds_Malformed_IsAbsent(string text) => Assert.Null(CallerDeadline.ParseMilliseconds(text));

    [Fact]
    public void Read_Both_TheShorterCounts()
    {
        Assert.Equal(TimeSpan.FromMilliseconds(100), CallerDeadline.Read("1S", "100"));
        Assert.Equal(TimeSpan.FromSeconds(1), CallerDeadline.Read("1S", "2000"));
        Assert.Equal(TimeSpan.FromSeconds(1), CallerDeadline.Read("1S", null));
        Assert.Null(CallerDeadline.Read(null, null));
    }

    [Fact]
    public void FormatGrpc_AnyTime_NeverGivesMoreThanIsLeftAndFitsEightDigits() =>
        Prop.ForAll(
            Gen.Choose(1, int.MaxValue).Select(milliseconds => TimeSpan.FromMilliseconds(milliseconds)).ToArbitrary(),
            left =>
            {
                var text = CallerDeadline.FormatGrpc(left);
                var back = CallerDeadline.ParseGrpc(text);
                return text.Length <= 9 && back is { } parsed && parsed <= left && parsed > TimeSpan.Zero;
            }).QuickCheckThrowOnFailure();
}

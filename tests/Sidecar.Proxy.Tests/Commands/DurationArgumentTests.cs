using FsCheck;
using FsCheck.Fluent;
using Sidecar.Proxy.Commands;

namespace Sidecar.Proxy.Tests.Commands;

public sealed class DurationArgumentTests
{
    [Theory]
    [InlineData("250ms", 250)]
    [InlineData("5s", 5_000)]
    [InlineData("1m30s", 90_000)]
    [InlineData("1h2m3s4ms", 3_723_004)]
    [InlineData("0s", 0)]
    public void TryParse_Document_Spelling_IsRead(string text, int milliseconds)
    {
        Assert.True(DurationArgument.TryParse(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("-5s")]
    [InlineData("1.5s")]
    [InlineData("5 s")]
    [InlineData("5S")]
    [InlineData("30s1m")]
    [InlineData("1s1s")]
    [InlineData("25h")]
    [InlineData("9999999999s")]
    public void TryParse_AnyOtherSpelling_IsRefused(string text) => Assert.False(DurationArgument.TryParse(text, out _));

    [Fact]
    public void Format_ThenParse_IsTheSame() => Prop.ForAll(Gen.Choose(0, 86_400_000).ToArbitrary(), milliseconds =>
        DurationArgument.TryParse(DurationArgument.Format(TimeSpan.FromMilliseconds(milliseconds)), out var parsed)
        && parsed == TimeSpan.FromMilliseconds(milliseconds)).QuickCheckThrowOnFailure();

    [Fact]
    public void TryParse_AnyText_DoesNotThrow() =>
        Prop.ForAll<NonNull<string>>(text => DurationArgument.TryParse(text.Get, out var duration) || duration == TimeSpan.Zero).QuickCheckThrowOnFailure();
}

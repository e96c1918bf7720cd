using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Keys;

namespace Sidecar.Configuration.Tests.Keys;

public sealed class ValueShapeTests
{
    [Theory]
    [InlineData("250ms", 250)]
    [InlineData("5s", 5_000)]
    [InlineData("1m30s", 90_000)]
    [InlineData("1h1m1s1ms", 3_661_001)]
    [InlineData("90s", 90_000)]
    [InlineData("24h", 86_400_000)]
    [InlineData("86400000ms", 86_400_000)]
    public void Duration_GoodSpelling_IsRead(string text, int milliseconds)
    {
        Assert.True(TryRead(Shapes.Duration, Written.Text(text), out var value, out _));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("5")]
    [InlineData("5S")]
    [InlineData("5 s")]
    [InlineData(" 5s")]
    [InlineData("5s ")]
    [InlineData("-5s")]
    [InlineData("+5s")]
    [InlineData("1.5s")]
    [InlineData("1e3ms")]
    [InlineData("5sec")]
    [InlineData("1d")]
    [InlineData("1us")]
    [InlineData("1s1m")]
    [InlineData("1s1s")]
    [InlineData("1ms1s")]
    [InlineData("00:00:05")]
    [InlineData("0s")]
    [InlineData("0ms")]
    [InlineData("24h1ms")]
    [InlineData("99999999999999999999999h")]
    [InlineData("999999999h999999999m")]
    [InlineData("9223372036854775807ms")]
    [InlineData("५s")]
    public void Duration_OtherSpelling_IsAnErrorWithTheValue(string text)
    {
        Assert.False(TryRead(Shapes.Duration, Written.Text(text), out _, out var error));
        Assert.Contains("is not a duration such as 250ms, 5s or 1m30s", error);
    }

    [Fact]
    public void Duration_PlainNumber_AsksForAUnit()
    {
        Assert.False(TryRead(Shapes.Duration, Written.Number(30), out _, out var error));
        Assert.EndsWith(": add a unit, 30s or 30ms", error);
    }

    [Fact]
    public void Duration_Zero_IsReadWhereAllowed() => Assert.True(TryRead(Shapes.DurationOrZero, Written.Text("0s"), out var value, out _) && value == TimeSpan.Zero);

    [Fact]
    public void Duration_AnyWholeMilliseconds_ReadsBackFromItsFormat()
    {
        var random = new Random(1);
        for (var i = 0; i < 2_000; i++)
        {
            var value = TimeSpan.FromMilliseconds(random.Next(1, 86_400_001), 0);
            Assert.True(TryRead(Shapes.Duration, Shapes.Duration.ToNode(value), out var read, out _));
            Assert.Equal(value, read);
        }
    }

    [Theory]
    [InlineData("64KiB", 65_536)]
    [InlineData("0B", 0)]
    [InlineData("1GiB", 1 << 30)]
    [InlineData("16MiB", 16 << 20)]
    public void Size_GoodSpelling_IsRead(string text, long bytes)
    {
        Assert.True(TryRead(Shapes.Size(0, 1 << 30), Written.Text(text), out var value, out _));
        Assert.Equal(bytes, value);
        Assert.Equal(text, SizeShape.Format(bytes));
    }

    [Fact]
    public void Size_PlainNumber_IsBytes() => Assert.True(TryRead(Shapes.Size(0, 100), Written.Number(64), out var value, out _) && value == 64);

    [Theory]
    [InlineData("64KB")]
    [InlineData("64kib")]
    [InlineData("64 KiB")]
    [InlineData("64K")]
    [InlineData("64")]
    [InlineData("1.5MiB")]
    [InlineData("-1KiB")]
    [InlineData("KiB")]
    [InlineData("2GiB")]
    [InlineData("17179869185GiB")]
    [InlineData("99999999999999999999B")]
    public void Size_OtherSpellingOrOutOfBounds_IsAnError(string text)
    {
        Assert.False(TryRead(Shapes.Size(0, 1 << 30), Written.Text(text), out _, out var error));
        Assert.Contains("is not a size such as 64KiB (B, KiB, MiB or GiB) from 0B to 1GiB", error);
    }

    [Theory]
    [InlineData("0", true)]
    [InlineData("1", true)]
    [InlineData("0.25", true)]
    [InlineData("1e-3", true)]
    [InlineData("-0.1", false)]
    [InlineData("1.0000001", false)]
    [InlineData("1e400", false)]
    public void Ratio_Number_IsReadWithinBounds(string text, bool isGood) =>
        Assert.Equal(isGood, TryRead(Shapes.Ratio, Number(text), out _, out _));

    [Theory]
    [InlineData("1.0")]
    [InlineData("1e2")]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("99999999999999")]
    public void Port_NotAWholeNumberInBounds_IsAnError(string text)
    {
        Assert.False(TryRead(Shapes.Port, Number(text), out _, out var error));
        Assert.Equal($"the number '{text}' is not a whole number from 1 to 65535", error);
    }

    [Fact]
    public void Port_QuotedNumber_SaysSo()
    {
        Assert.False(TryRead(Shapes.Port, Written.Text("80"), out _, out var error));
        Assert.EndsWith(": write 80 without quotes", error);
    }

    [Theory]
    [InlineData("127.0.0.1:8080")]
    [InlineData("0.0.0.0:1")]
    [InlineData("127.0.0.1:0")]
    [InlineData("[::]:15120")]
    [InlineData("[fe80::1]:65535")]
    public void ListenAddress_IpAndPort_IsReadAndPrintedAlike(string text)
    {
        Assert.True(TryRead(AddressShapes.ListenAddress, Written.Text(text), out var address, out _));
        Assert.Equal(text, address!.ToString());
    }

    [Theory]
    [InlineData("localhost:8080")]
    [InlineData("*:8080")]
    [InlineData(":8080")]
    [InlineData("8080")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("127.0.0.1:+80")]
    [InlineData("127.1:80")]
    [InlineData("0177.0.0.1:80")]
    [InlineData("1:80")]
    [InlineData("::1:80")]
    [InlineData("[127.0.0.1]:80")]
    [InlineData("[fe80::1%eth0]:80")]
    [InlineData("[]:80")]
    [InlineData("[::1]80")]
    [InlineData("[::1]:80:90")]
    public void ListenAddress_AnythingElse_IsAnError(string text) =>
        Assert.False(TryRead(AddressShapes.ListenAddress, Written.Text(text), out _, out _));

    [Theory]
    [InlineData("http://127.0.0.1:9000")]
    [InlineData("https://api.example.com/prefix/")]
    [InlineData("http://[::1]:80")]
    [InlineData("http://my_service:1")]
    [InlineData("http://x.")]
    public void Destination_HttpAddress_IsReadAndPrintedAlike(string text)
    {
        Assert.True(TryRead(AddressShapes.Destination, Written.Text(text), out var address, out _));
        Assert.Equal(text, ((ScalarNode)AddressShapes.Destination.ToNode(address!)).Text);
    }

    [Theory]
    [InlineData("127.0.0.1:9000")]
    [InlineData("ftp://x")]
    [InlineData("HTTP://x")]
    [InlineData("http:/x")]
    [InlineData("http://")]
    [InlineData("http:///x")]
    [InlineData("http://:80")]
    [InlineData("http://x:0")]
    [InlineData("http://x:65536")]
    [InlineData("http://x:y")]
    [InlineData("http://u@x")]
    [InlineData("http://u:p@x")]
    [InlineData("http://x?q")]
    [InlineData("http://x#f")]
    [InlineData("http://x\\y")]
    [InlineData(" http://x")]
    [InlineData("http://x y")]
    [InlineData("http://bücher.example")]
    [InlineData("http://*.example.com")]
    [InlineData("http://a..b")]
    [InlineData("http://-a")]
    public void Destination_AnythingElse_IsAnError(string text) =>
        Assert.False(TryRead(AddressShapes.Destination, Written.Text(text), out _, out _));

    [Theory]
    [InlineData("orders.example.com", "orders.example.com")]
    [InlineData("Orders.Example.COM.", "orders.example.com.")]
    [InlineData("*.example.com", "*.example.com")]
    [InlineData("my_service", "my_service")]
    [InlineData("10.0.0.1", "10.0.0.1")]
    [InlineData("*", null)]
    [InlineData("*.", null)]
    [InlineData("a.*.b", null)]
    [InlineData("**.b", null)]
    [InlineData("a:80", null)]
    [InlineData("a b", null)]
    [InlineData("a..b", null)]
    [InlineData(".a", null)]
    [InlineData("-a", null)]
    [InlineData("a-", null)]
    [InlineData("", null)]
    [InlineData(".", null)]
    [InlineData("bücher.example", null)]
    [InlineData("a\n", null)]
    public void Host_Text_IsReadInLowerCase(string text, string? host)
    {
        Assert.Equal(host is not null, TryRead(AddressShapes.HostPattern, Written.Text(text), out var read, out _));
        Assert.Equal(host, read);
    }

    [Fact]
    public void Host_LongerThanDnsAllows_IsAnError()
    {
        Assert.True(TryRead(AddressShapes.HostPattern, Written.Text(new string('a', 63)), out _, out _));
        Assert.False(TryRead(AddressShapes.HostPattern, Written.Text(new string('a', 64)), out _, out _));
        Assert.False(TryRead(AddressShapes.HostPattern, Written.Text(string.Join('.', Enumerable.Repeat("abc", 64))), out _, out _));
    }

    [Theory]
    [InlineData("get", "GET")]
    [InlineData("PROPFIND", "PROPFIND")]
    [InlineData("M-SEARCH", "M-SEARCH")]
    [InlineData("GET ", null)]
    [InlineData("", null)]
    [InlineData("GE\u0000T", null)]
    [InlineData("GÉT", null)]
    public void Method_Token_IsReadInUpperCase(string text, string? method)
    {
        TryRead(HttpShapes.Method, Written.Text(text), out var read, out _);
        Assert.Equal(method, read);
    }

    [Theory]
    [InlineData("a", true)]
    [InlineData("a.b_c-D9", true)]
    [InlineData("", false)]
    [InlineData("-a", false)]
    [InlineData("a.", false)]
    [InlineData("a/b", false)]
    [InlineData("ä", false)]
    public void Id_Text_IsShortAndPlain(string id, bool isId)
    {
        Assert.Equal(isId, MapShape<string>.IsId(id));
        Assert.Equal(isId, System.Text.RegularExpressions.Regex.IsMatch(id, $"^{MapShape<string>.IdPattern}$"));
    }

    [Fact]
    public void Id_SixtyFourCharacters_IsTheLongest()
    {
        Assert.True(MapShape<string>.IsId(new string('a', 64)));
        Assert.False(MapShape<string>.IsId(new string('a', 65)));
    }

    private static ScalarNode Number(string text) => new(default, NodePath.Root, ScalarKind.Number, text);

    private static bool TryRead<T>(ValueShape<T> shape, DocumentNode node, out T? value, out string error)
    {
        var problems = new ProblemList();
        var isRead = shape.TryRead(node, problems, out value);
        error = isRead ? "" : Assert.Single(problems.Errors).Message;
        return isRead;
    }
}

using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Primitives;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Tests.Telemetry;

public class TraceContextTests
{
    private const string Valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Theory]
    [InlineData(Valid, true)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", false)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03", true)]
    [InlineData("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true)]
    [InlineData("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", true)]
    public void Read_ValidParent_IsKeptAsItCame(string parent, bool isSampled)
    {
        var context = TraceContext.Read(parent, "a=1", "b=2");

        Assert.Same(parent, context.Parent);
        Assert.Equal(isSampled, context.IsSampled);
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", context.TraceId);
        Assert.Equal("a=1", context.State);
        Assert.Equal("b=2", context.Baggage);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01")]
    [InlineData("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more")]
    [InlineData("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01more")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x")]
    [InlineData("00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319-cb7ad6b7169203331-01")]
    [InlineData(" 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    public void Read_InvalidParent_IsAsIfAbsentAndStateGoesWithIt(string parent)
    {
        var context = TraceContext.Read(parent, "a=1", "b=2");

        Assert.False(context.HasParent);
        Assert.Equal(0, context.State.Count);
        Assert.Equal("b=2", context.Baggage);
    }

    [Fact]
    public void Read_TwoParents_AreNone() => Assert.False(TraceContext.Read(new StringValues([Valid, Valid]), default, default).HasParent);

    [Theory]
    [InlineData(32, 3, true)]
    [InlineData(33, 3, false)]
    [InlineData(1, 512, true)]
    [InlineData(1, 513, false)]
    public void Read_State_IsDroppedWholeBeyondTheLimits(int members, int memberLength, bool isKept)
    {
        var state = string.Join(',', Enumerable.Repeat(new string('a', memberLength), members));

        Assert.Equal(isKept, TraceContext.Read(Valid, state, default).State.Count > 0);
    }

    [Theory]
    [InlineData(180, 3, true)]
    [InlineData(181, 3, false)]
    [InlineData(1, 8192, true)]
    [InlineData(1, 8193, false)]
    public void Read_Baggage_IsDroppedWholeBeyondTheLimits(int members, int memberLength, bool isKept)
    {
        var baggage = Enumerable.Repeat(new string('a', memberLength), members).ToArray();

        Assert.Equal(isKept, TraceContext.Read(default, default, new StringValues(baggage)).Baggage.Count > 0);
    }

    [Fact]
    public void Read_AnyOneCharacterChanged_IsNeverMisread()
    {
        var changes = from at in Gen.Choose(0, Valid.Length - 1) from code in Gen.Choose(0, 0x17f) select (at, (char)code);
        Prop.ForAll(changes.ToArbitrary(), change =>
        {
            var (at, character) = change;
            var changed = string.Concat(Valid.AsSpan(0, at), [character], Valid.AsSpan(at + 1));

            var context = TraceContext.Read(changed, default, default);

            var isSeparator = at is 2 or 35 or 52;
            var expected = isSeparator ? character == '-' : character is (>= '0' and <= '9') or (>= 'a' and <= 'f');
            Assert.Equal(expected, context.HasParent);
            _ = context.HasParent ? context.ToActivityContext() : default;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }
}

using Sidecar.Proxy.Admin;

namespace Sidecar.Proxy.Tests.Admin;

public sealed class LoopbackAuthorityTests
{
    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:15100")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:15100")]
    [InlineData("127.8.9.1:1")]
    [InlineData("[::1]")]
    [InlineData("[::1]:15100")]
    public void Matches_ThisMachine_IsTrue(string host) => Assert.True(LoopbackAuthority.Matches(host));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(":15100")]
    [InlineData("localhost.")]
    [InlineData("localhost.evil.example")]
    [InlineData("evil.localhost")]
    [InlineData("localhost@evil.example")]
    [InlineData("evil@localhost")]
    [InlineData("localhost:")]
    [InlineData("localhost:x")]
    [InlineData("localhost:+80")]
    [InlineData("localhost:1234567")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("127.1")]
    [InlineData("0177.0.0.1")]
    [InlineData("0x7f.0.0.1")]
    [InlineData("2130706433")]
    [InlineData("0.0.0.0")]
    [InlineData("10.0.0.1")]
    [InlineData("[::]")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("[::1%lo]")]
    [InlineData("::1")]
    [InlineData("[::1]x")]
    [InlineData("127.0.0.1, evil.example")]
    public void Matches_AnythingElse_IsFalse(string? host) => Assert.False(LoopbackAuthority.Matches(host));
}

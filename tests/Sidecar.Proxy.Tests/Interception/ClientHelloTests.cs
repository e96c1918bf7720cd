using System.Buffers.Binary;
using System.Net.Security;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Proxy.Interception;
using Sidecar.TestKit;
using Sidecar.TestKit.Network;

namespace Sidecar.Proxy.Tests.Interception;

public class ClientHelloTests
{
    [Fact]
    public async Task Read_RealClient_TellsNameAndProtocols()
    {
        var bytes = await SayAsync("API.Example.test", SslApplicationProtocol.Http2, SslApplicationProtocol.Http11);

        var state = ClientHello.Read(bytes, out var hello);

        Assert.Equal(ClientHelloState.Complete, state);
        Assert.Equal("api.example.test", hello.ServerName);
        Assert.Equal(new[] { "h2", "http/1.1" }, hello.Protocols);
        Assert.Equal(CarriedProtocol.Tls, FirstBytes.Detect(bytes, carriesProxyRequests: true));
    }

    [Fact]
    public async Task Read_RealClientOfAnAddress_TellsNoName()
    {
        var bytes = await SayAsync("10.0.0.7");

        Assert.Equal(ClientHelloState.Complete, ClientHello.Read(bytes, out var hello));
        Assert.Null(hello.ServerName);
        Assert.Empty(hello.Protocols);
    }

    [Fact]
    public async Task Read_CutAtEveryByte_IsIncomplete()
    {
        var bytes = await SayAsync("a.test", SslApplicationProtocol.Http2);

        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(ClientHelloState.Incomplete, ClientHello.Read(bytes.AsSpan(0, length), out var hello));
            Assert.Null(hello.ServerName);
            Assert.Equal(CarriedProtocol.Undecided, FirstBytes.Detect(bytes.AsSpan(0, length), carriesProxyRequests: true));
        }
    }

    [Fact]
    public async Task Read_EveryByteChangedToEveryValue_NeverThrowsNorInventsAName()
    {
        var bytes = await SayAsync("a.test", SslApplicationProtocol.Http2);
        for (var at = 0; at < bytes.Length; at++)
        {
            var before = bytes[at];
            for (var value = 0; value < 256; value++)
            {
                bytes[at] = (byte)value;
                ClientHello.Read(bytes, out var hello);
                AssertClean(hello);
            }

            bytes[at] = before;
        }
    }

    [Fact]
    public void Read_AnyBytesInAHello_NeverThrowsAndMoreBytesNeverChangeAnEnd() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue).ToArbitrary(),
        seed =>
        {
            var random = new SeededRandom(seed);
            var bytes = Record(RandomBytes(random, 200));
            if (random.Chance(0.3))
            {
                bytes = RandomBytes(random, 64);
                bytes[0] = 22;
            }

            var ended = ClientHelloState.Incomplete;
            for (var length = 0; length <= bytes.Length; length++)
            {
                var now = ClientHello.Read(bytes.AsSpan(0, length), out var hello);
                AssertClean(hello);
                Assert.True(ended == ClientHelloState.Incomplete || now == ended, $"seed {seed}: {ended} became {now} at {length}");
                ended = now;
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Theory]
    [InlineData("a.test", "a.test")]
    [InlineData("XN--BCHER-KVA.Example", "xn--bcher-kva.example")]
    [InlineData("_sip.a-b.test", "_sip.a-b.test")]
    [InlineData("", null)]
    [InlineData("a b", null)]
    [InlineData("a\r\nx: y", null)]
    [InlineData("a\0b", null)]
    [InlineData("b\u00fccher.test", null)]
    [InlineData("a/b", null)]
    [InlineData("{\"json\"}", null)]
    public void Read_ServerName_IsAHostNameOrNone(string name, string? expected)
    {
        var state = ClientHello.Read(Record(Hello(Extension(0, ServerName(0, name)))), out var hello);

        Assert.Equal(ClientHelloState.Complete, state);
        Assert.Equal(expected, hello.ServerName);
    }

    [Fact]
    public void Read_ServerNameOfAnotherKindOrLength_IsNone()
    {
        Assert.Null(Read(Extension(0, ServerName(1, "a.test"))).ServerName);
        Assert.Null(Read(Extension(0, ServerName(0, new string('a', 254)))).ServerName);
        Assert.NotNull(Read(Extension(0, ServerName(0, new string('a', 253)))).ServerName);
        Assert.Null(Read(Extension(0, [])).ServerName);
        Assert.Null(Read(Extension(0, [0, 0])).ServerName);
        Assert.Null(Read(Extension(0, [0, 9, 0, 0, 200, 97])).ServerName);
    }

    [Fact]
    public void Read_Protocols_AreBoundedAndPrintable()
    {
        var many = Enumerable.Range(0, 40).SelectMany(number => Vector(1, Encoding.ASCII.GetBytes($"p{number}"))).ToArray();

        Assert.Equal(16, Read(Extension(16, Vector(2, many))).Protocols.Length);
        Assert.Equal(new[] { "h2" }, Read(Extension(16, Vector(2, [1, 10, 0, 2, .. "h2"u8, 1, 0x80]))).Protocols);
        Assert.Empty(Read(Extension(16, Vector(2, [200, 1, 2]))).Protocols);
        Assert.Empty(Read(Extension(16, [255])).Protocols);
    }

    [Fact]
    public void Read_HostileLengths_AreNoNames()
    {
        var name = Extension(0, ServerName(0, "a.test"));

        // An extension that claims more than there is, then the list of extensions, then the vectors before it.
        Assert.Null(Read([0, 0, 255, 255, 1]).ServerName);
        Assert.Null(ReadBody([.. Prefix(), .. Length(2, 9999), .. name]).ServerName);
        Assert.Null(ReadBody([3, 3, .. new byte[32], 255, 1]).ServerName);
        Assert.Null(ReadBody([3, 3, .. new byte[32], 0, 255, 255]).ServerName);
        Assert.Null(ReadBody([3, 3]).ServerName);
        Assert.Null(ReadBody([]).ServerName);
        Assert.Equal("a.test", Read([.. name, 0, 16, 255]).ServerName);
    }

    [Fact]
    public void Read_NoExtensions_IsCompleteWithoutAName()
    {
        Assert.Equal(ClientHelloState.Complete, ClientHello.Read(Record(Prefix()), out var hello));
        Assert.Null(hello.ServerName);
    }

    [Fact]
    public void Read_HelloOverSeveralRecords_IsCompleteWithoutAName()
    {
        var whole = Hello(Extension(21, new byte[500]), Extension(0, ServerName(0, "a.test")));

        Assert.Equal(ClientHelloState.Complete, ClientHello.Read([22, 3, 1, .. Length(2, 100), 1, .. Length(3, whole.Length), .. whole[..96]], out var hello));
        Assert.Null(hello.ServerName);
    }

    [Theory]
    [InlineData(new byte[] { 21, 3, 1, 0, 2, 1, 0 })] // an alert
    [InlineData(new byte[] { 22, 2, 0 })]
    [InlineData(new byte[] { 22, 3, 5 })]
    [InlineData(new byte[] { 22, 3, 1, 0, 3 })] // too short for any handshake message
    [InlineData(new byte[] { 22, 3, 1, 64, 1 })] // longer than a record may be
    [InlineData(new byte[] { 22, 3, 1, 0, 4, 2 })] // a ServerHello
    public void Read_WhatOnlyBeginsLikeIt_IsInvalid(byte[] bytes)
    {
        Assert.Equal(ClientHelloState.Invalid, ClientHello.Read(bytes, out _));
        Assert.Equal(CarriedProtocol.Tcp, FirstBytes.Detect(bytes, carriesProxyRequests: true));
    }

    private static ClientHello Read(params byte[][] extensions)
    {
        ClientHello.Read(Record(Hello(extensions)), out var hello);
        return hello;
    }

    private static ClientHello ReadBody(byte[] body)
    {
        Assert.Equal(ClientHelloState.Complete, ClientHello.Read(Record(body), out var hello));
        return hello;
    }

    private static void AssertClean(ClientHello hello)
    {
        Assert.True(hello.ServerName is null || hello.ServerName.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '-' or '.' or '_'));
        Assert.All(hello.Protocols, protocol => Assert.True(protocol.Length > 0 && protocol.All(letter => letter is > ' ' and < '\x7f')));
    }

    private static byte[] Record(byte[] body) => [22, 3, 1, .. Length(2, body.Length + 4), 1, .. Length(3, body.Length), .. body];

    private static byte[] Hello(params byte[][] extensions) => [.. Prefix(), .. Vector(2, [.. extensions.SelectMany(static bytes => bytes)])];

    // Version, random, no session, one cipher suite, no compression.
    private static byte[] Prefix() => [3, 3, .. new byte[32], 0, 0, 2, 0x13, 0x01, 1, 0];

    private static byte[] Extension(ushort type, byte[] content) => [.. Length(2, type), .. Vector(2, content)];

    private static byte[] ServerName(byte kind, string name) => Vector(2, [kind, .. Vector(2, Encoding.Latin1.GetBytes(name))]);

    private static byte[] Vector(int prefix, byte[] content) => [.. Length(prefix, content.Length), .. content];

    private static byte[] Length(int prefix, int length)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        return bytes[^prefix..];
    }

    private static byte[] RandomBytes(SeededRandom random, int most)
    {
        // Small numbers make lengths that nearly fit.
        var bytes = new byte[random.Next(1, most)];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(random.Chance(0.7) ? random.Next(20) : random.Next(256));
        }

        return bytes;
    }

    /// <summary>The first bytes of the platform's own TLS client.</summary>
    private static async Task<byte[]> SayAsync(string host, params SslApplicationProtocol[] protocols)
    {
        using var stream = new ListeningStream();
        using var tls = new SslStream(stream);
        var options = new SslClientAuthenticationOptions { TargetHost = host, ApplicationProtocols = protocols.Length == 0 ? null : [.. protocols] };
        await Patience.Await(Assert.ThrowsAnyAsync<Exception>(() => tls.AuthenticateAsClientAsync(options)), "the client gives up");
        return stream.Written.ToArray();
    }

    /// <summary>Keeps what is written, and answers with the end.</summary>
    private sealed class ListeningStream : Stream
    {
        public MemoryStream Written { get; } = new();

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => 0;

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Written.Write(buffer, offset, count);
    }
}

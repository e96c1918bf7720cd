using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Proxy.Interception;
using Sidecar.TestKit;

namespace Sidecar.Proxy.Tests.Interception;

/// <summary>What applications really say first.</summary>
public class FirstBytesTests
{
    private const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    // Beginnings that are alike up to some byte, to be cut, joined and damaged by the properties.
    private static readonly string[] Beginnings =
    [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST /a%20b?c=d HTTP/1.0\r\n", "get / HTTP/1.1\n", "OPTIONS * HTTP/1.1\r\n", "GET http://a.test/ HTTP/1.1\r\n",
        "CONNECT a.test:443 HTTP/1.1\r\n", Preface, "PRI / HTTP/1.1\r\n", "PRIX / HTTP/1.1\r\n", "GET / HTTP/2.0\r\n", "GET /\r\n", "GET /a b HTTP/1.1\r\n",
        "GET /a\tb HTTP/1.1\r\n", "GET / HTTP/1.1\r\r\n", "GET  / HTTP/1.1\r\n", "*1\r\n$4\r\nPING\r\n", "EHLO a.test\r\n", "get key\r\n",
        "\u0016\u0003\u0001\u0000\u0008\u0001\u0000\u0000\u0004\u0003\u0003\u0000\u0000", "\u0016\u0003\u0005", " ", "HTTP/1.1 200 OK\r\n",
    ];

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n", CarriedProtocol.Http1)]
    [InlineData("HEAD /a/b?c=d HTTP/1.1\r\nHost: a.test\r\n\r\n", CarriedProtocol.Http1)]
    [InlineData("POST /rpc HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi", CarriedProtocol.Http1)]
    [InlineData("PUT /a HTTP/1.1\r\n", CarriedProtocol.Http1)]
    [InlineData("DELETE /a HTTP/1.1\r\n", CarriedProtocol.Http1)]
    [InlineData("PATCH /a HTTP/1.1\r\n", CarriedProtocol.Http1)]
    [InlineData("OPTIONS * HTTP/1.1\r\n", CarriedProtocol.Tcp)]
    [InlineData("TRACE / HTTP/1.1\r\n", CarriedProtocol.Http1)]
    [InlineData("PROPFIND /dav HTTP/1.1\r\n", CarriedProtocol.Http1)]
    [InlineData("M-SEARCH * HTTP/1.1\r\n", CarriedProtocol.Tcp)]
    [InlineData("UPDATEREDIRECTREF /a HTTP/1.1\r\n", CarriedProtocol.Http1)]
    [InlineData("BREW /pot HTTP/1.1\r\n", CarriedProtocol.Http1)]
    [InlineData("get /lower HTTP/1.1\r\n", CarriedProtocol.Http1)]
    [InlineData("GET / HTTP/1.0\r\n", CarriedProtocol.Http1)]
    [InlineData("GET / HTTP/1.1\n", CarriedProtocol.Http1)]
    [InlineData("PRI / HTTP/1.1\r\n", CarriedProtocol.Http1)]
    [InlineData("PRIME / HTTP/1.1\r\n", CarriedProtocol.Http1)]
    [InlineData(Preface, CarriedProtocol.Http2)]
    [InlineData(Preface + "\u0000\u0000\u0000\u0004", CarriedProtocol.Http2)]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n", CarriedProtocol.Tcp)]
    [InlineData("PRI * HTTP/2.1\r\n", CarriedProtocol.Tcp)]
    [InlineData("PRI\r\n", CarriedProtocol.Tcp)]
    [InlineData("GET /\r\n", CarriedProtocol.Tcp)]
    [InlineData("GET / HTTP/0.9\r\n", CarriedProtocol.Tcp)]
    [InlineData("GET / HTTP/2.0\r\n", CarriedProtocol.Tcp)]
    [InlineData("GET / HTTP/9.9\r\n", CarriedProtocol.Tcp)]
    [InlineData("GET / HTTP/1.2\r\n", CarriedProtocol.Tcp)]
    [InlineData("GET / HTTP/1.10\r\n", CarriedProtocol.Tcp)]
    [InlineData("GET / http/1.1\r\n", CarriedProtocol.Tcp)]
    [InlineData("GET / HTTP/1.1 \r\n", CarriedProtocol.Tcp)]
    [InlineData("GET / HTTP/1.1\r\r\n", CarriedProtocol.Tcp)]
    [InlineData("GET  / HTTP/1.1\r\n", CarriedProtocol.Tcp)]
    [InlineData("GET /a b HTTP/1.1\r\n", CarriedProtocol.Tcp)]
    [InlineData("GET /a\tb HTTP/1.1\r\n", CarriedProtocol.Tcp)]
    [InlineData("GET\t/ HTTP/1.1\r\n", CarriedProtocol.Tcp)]
    [InlineData(" GET / HTTP/1.1\r\n", CarriedProtocol.Tcp)]
    [InlineData("\r\nGET / HTTP/1.1\r\n", CarriedProtocol.Tcp)]
    [InlineData("GET / HTTP/1.\u0000", CarriedProtocol.Tcp)]
    [InlineData("HTTP/1.1 200 OK\r\n", CarriedProtocol.Tcp)]
    [InlineData("AMETHODTHATISLONGERTHANANYREGISTERED / HTTP/1.1\r\n", CarriedProtocol.Tcp)]
    [InlineData("PING\r\n", CarriedProtocol.Tcp)] // redis, inline
    [InlineData("SET a 1\r\n", CarriedProtocol.Tcp)]
    [InlineData("*1\r\n$4\r\nPING\r\n", CarriedProtocol.Tcp)] // redis, RESP
    [InlineData("EHLO client.test\r\n", CarriedProtocol.Tcp)] // SMTP
    [InlineData("get key\r\n", CarriedProtocol.Tcp)] // memcached
    [InlineData("set key 0 60 5\r\nhello\r\n", CarriedProtocol.Tcp)]
    [InlineData("GET key\r\n", CarriedProtocol.Tcp)]
    [InlineData("\u0010\u000c\u0000\u0004MQTT\u0004\u0002\u0000\u003c\u0000\u0000", CarriedProtocol.Tcp)]
    [InlineData("\u0000\u0000\u0000\u0008\u0004\u00d2\u0016\u002f", CarriedProtocol.Tcp)] // PostgreSQL, SSLRequest
    [InlineData("\u0000\u0000\u0000\u0026\u0000\u0003\u0000\u0000user\u0000", CarriedProtocol.Tcp)] // PostgreSQL, StartupMessage
    [InlineData("\u0020\u0000\u0000\u0001\u0085\u00a6\u00ff\u0001", CarriedProtocol.Tcp)] // MySQL, the client's answer
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n", CarriedProtocol.Tcp)]
    [InlineData("SSH-2.0-OpenSSH_9.6 Debian-3\r\n", CarriedProtocol.Tcp)]
    [InlineData("OPTIONS rtsp://cam.test/1 RTSP/1.0\r\n", CarriedProtocol.Tcp)]
    [InlineData("INVITE sip:a@b.test SIP/2.0\r\n", CarriedProtocol.Tcp)]
    [InlineData("CONNECT {\"verbose\":false}\r\n", CarriedProtocol.Tcp)] // NATS
    [InlineData("AMQP\u0000\u0000\u0009\u0001", CarriedProtocol.Tcp)]
    [InlineData("\u0016\u0002\u0000", CarriedProtocol.Tcp)] // begins like TLS
    [InlineData("\u0080\u002e\u0001\u0000\u0002", CarriedProtocol.Tcp)] // SSL 2
    [InlineData("", CarriedProtocol.Undecided)]
    [InlineData("G", CarriedProtocol.Undecided)]
    [InlineData("GET", CarriedProtocol.Undecided)]
    [InlineData("GET /a", CarriedProtocol.Undecided)]
    [InlineData("GET / ", CarriedProtocol.Undecided)]
    [InlineData("GET / HTTP/1.1", CarriedProtocol.Undecided)]
    [InlineData("GET / HTTP/1.1\r", CarriedProtocol.Undecided)]
    public void Detect_FirstBytes_AreHttpOnlyBeyondDoubt(string bytes, CarriedProtocol expected)
    {
        Assert.Equal(expected, Detect(bytes, carriesProxyRequests: true));
        Assert.Equal(expected, Detect(bytes, carriesProxyRequests: false));
    }

    [Theory]
    [InlineData("CONNECT a.test:443 HTTP/1.1\r\n")]
    [InlineData("GET http://a.test/ HTTP/1.1\r\n")]
    [InlineData("GET HTTP://a.test/ HTTP/1.1\r\n")]
    [InlineData("POST https://a.test/b HTTP/1.1\r\n")]
    [InlineData("GET ftp://a.test/b HTTP/1.0\r\n")]
    [InlineData("connect a.test:443 HTTP/1.1\r\n")]
    public void Detect_RequestForAForwardProxy_IsCarriedOutboundAndReadInbound(string bytes)
    {
        Assert.Equal(CarriedProtocol.Tcp, Detect(bytes, carriesProxyRequests: true));
        Assert.Equal(CarriedProtocol.Http1, Detect(bytes, carriesProxyRequests: false));
    }

    [Fact]
    public void Detect_Http2Preface_IsUndecidedToItsLastByte()
    {
        for (var length = 0; length < Preface.Length; length++)
        {
            Assert.Equal(CarriedProtocol.Undecided, Detect(Preface[..length]));
        }

        Assert.Equal(CarriedProtocol.Http2, Detect(Preface));
    }

    [Fact]
    public void Detect_LongTarget_IsDecidedAtTheLimit()
    {
        var target = new string('a', FirstBytes.Most);

        Assert.Equal(CarriedProtocol.Http1, Detect($"GET /{target[..8000]} HTTP/1.1\r\n"));
        Assert.Equal(CarriedProtocol.Undecided, Detect($"GET /{target}"[..(FirstBytes.Most - 1)]));
        Assert.Equal(CarriedProtocol.Http1, Detect($"GET /{target}"[..FirstBytes.Most]));
        Assert.Equal(CarriedProtocol.Http1, Detect($"GET /{target} SMTP\r\n"));
        Assert.Equal(CarriedProtocol.Tcp, Detect($"GET http://a.test/{target}"));
        Assert.Equal(CarriedProtocol.Tcp, Detect($"GET {target[..(FirstBytes.Most - 4)]}\r\n"));
    }

    [Fact]
    public void Detect_AnyBytes_MoreOfThemNeverChangeADecision() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue).ToArbitrary(),
        seed =>
        {
            var bytes = SomeFirstBytes(new SeededRandom(seed));
            foreach (var carriesProxyRequests in new[] { true, false })
            {
                // Whichever way the bytes are split, the looks see prefixes: one decision for all of them is one for every split.
                var decided = CarriedProtocol.Undecided;
                for (var length = 0; length <= bytes.Length; length++)
                {
                    var now = FirstBytes.Detect(bytes.AsSpan(0, length), carriesProxyRequests);
                    Assert.True(decided == CarriedProtocol.Undecided || now == decided, $"seed {seed}: {decided} became {now} at {length}");
                    decided = now;
                }
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void Detect_AnyByteAddedAnywhere_NeverThrows()
    {
        foreach (var text in Beginnings)
        {
            var bytes = Encoding.Latin1.GetBytes(text);
            for (var at = 0; at < bytes.Length; at++)
            {
                for (var value = 0; value < 256; value++)
                {
                    var changed = bytes.ToArray();
                    changed[at] = (byte)value;
                    FirstBytes.Detect(changed, carriesProxyRequests: true);
                    FirstBytes.DetectHttp2Settings(changed);
                }
            }
        }
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0 }, true)]
    [InlineData(new byte[] { 0, 0, 18, 4, 0, 0, 0, 0, 0, 0, 3 }, true)]
    [InlineData(new byte[] { 0, 0, 5, 4, 0, 0, 0, 0, 0 }, false)] // no multiple of six
    [InlineData(new byte[] { 1, 0, 0, 4, 0, 0, 0, 0, 0 }, false)] // too long for a first frame
    [InlineData(new byte[] { 0, 0, 0, 4, 1, 0, 0, 0, 0 }, false)] // an acknowledgement
    [InlineData(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 1 }, false)] // of a stream
    [InlineData(new byte[] { 0, 0, 8, 7, 0, 0, 0, 0, 0 }, false)] // GOAWAY
    [InlineData(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0 }, null)] // in pieces
    [InlineData(new byte[] { 0 }, null)]
    [InlineData(new byte[] { 0, 0, 5 }, false)]
    [InlineData(new byte[] { 0, 0, 6, 7 }, false)]
    [InlineData(new byte[] { }, null)]
    [InlineData(new byte[] { 74, 0, 0, 0, 10, 56, 46, 48, 46 }, false)] // MySQL's greeting
    public void DetectHttp2Settings_FirstBytesOfAServer_OnlyASettingsFrame(byte[] bytes, bool? expected) =>
        Assert.Equal(expected, FirstBytes.DetectHttp2Settings(bytes));

    [Fact]
    public void DetectHttp2Settings_Greetings_AreNot()
    {
        foreach (var greeting in new[] { "220 mail.test ESMTP\r\n", "SSH-2.0-OpenSSH_9.6\r\n", "* OK IMAP4rev1 ready\r\n", "+OK POP3\r\n", "HTTP/1.1 408 Timeout\r\n", "RFB 003.008\n" })
        {
            Assert.Equal(false, FirstBytes.DetectHttp2Settings(Encoding.Latin1.GetBytes(greeting)));
        }
    }

    private static CarriedProtocol Detect(string bytes, bool carriesProxyRequests = true) =>
        FirstBytes.Detect(Encoding.Latin1.GetBytes(bytes), carriesProxyRequests);

    private static byte[] SomeFirstBytes(SeededRandom random)
    {
        var bytes = Encoding.Latin1.GetBytes(random.Pick(Beginnings)).ToList();
        for (var damage = random.Next(4); damage > 0; damage--)
        {
            var at = random.Next(bytes.Count + 1);
            switch (random.Next(4))
            {
                case 0:
                    bytes.Insert(at, (byte)random.Pick(" \r\n\t\0/GHTP.1209aZ\u0016\u00ff".ToCharArray()));
                    break;
                case 1:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                case 2:
                    bytes.RemoveRange(at, random.Next(bytes.Count - at + 1));
                    break;
                default:
                    bytes.AddRange(Encoding.Latin1.GetBytes(random.Pick(Beginnings)));
                    break;
            }
        }

        return [.. bytes];
    }
}

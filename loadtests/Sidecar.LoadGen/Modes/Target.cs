using System.Net;
using System.Net.Sockets;
using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Loop;
using Sidecar.LoadGen.Wire;

namespace Sidecar.LoadGen.Modes;

/// <summary>What is sent over a lane.</summary>
public enum TargetProtocol
{
    /// <summary>HTTP/1.1 with keep-alive.</summary>
    Http1,

    /// <summary>Messages of a WebSocket that answers each with its echo.</summary>
    WebSocket,

    /// <summary>HTTP/2 without TLS.</summary>
    H2c,

    /// <summary>Unary calls in the manner of gRPC, without TLS.</summary>
    Grpc,

    /// <summary>Messages of streams in the manner of gRPC, open in both directions, that answer each with its echo.</summary>
    GrpcStream,
}

/// <summary>The shape of requests.</summary>
/// <param name="Protocol">What is sent.</param>
/// <param name="Profile"><c>plain</c>: what wrk sends; <c>R</c>: twelve headers, every tenth request a POST of 1 KB.</param>
/// <param name="BodyBytes">Of each request, or each message.</param>
/// <param name="ExpectedStatus">Another one is a failure.</param>
public sealed record RequestShape(TargetProtocol Protocol = TargetProtocol.Http1, string Profile = "plain", int BodyBytes = 0, int ExpectedStatus = 200);

/// <summary>One thing that is measured: a name and where it listens.</summary>
public sealed class Target
{
    // With Host twelve: what a browser or a service client behind a few hops sends.
    private static readonly KeyValuePair<string, string>[] ManyHeaders =
    [
        new("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"),
        new("Accept", "application/json, text/plain, */*"),
        new("Accept-Encoding", "gzip, deflate, br"),
        new("Accept-Language", "en-US,en;q=0.9"),
        new("Authorization", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJsb2FkIn0."),
        new("Cookie", "session=0123456789abcdef; theme=dark"),
        new("X-Request-Id", "6f1c8a52-3f0e-4d4b-9d2c-0e5a3b1c7d42"),
        new("X-Tenant", "measure"),
        new("Cache-Control", "no-cache"),
        new("Referer", "http://bench/orders"),
        new("X-Client-Version", "2026.11.21"),
    ];

    private readonly IPEndPoint _endpoint;

    private Target(string name, Uri address, IPEndPoint endpoint) => (Name, Address, _endpoint) = (name, address, endpoint);

    /// <summary>As the report calls it.</summary>
    public string Name { get; }

    /// <summary>Where it listens, with the path that is asked for.</summary>
    public Uri Address { get; }

    /// <summary>Reads <c>name=http://host:port/path</c>; resolves the host.</summary>
    public static Target Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 1 || !Uri.TryCreate(text[(equals + 1)..], UriKind.Absolute, out var address) || address.Scheme != "http")
        {
            throw new ArgumentException($"not a target: '{text}'; wanted: name=http://host:port/path");
        }

        return new Target(text[..equals], address, Resolve(address));
    }

    /// <summary>Lanes to it; none is opened yet.</summary>
    public Lane[] Lanes(EpollReactor reactor, int count, RequestShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        switch (shape.Protocol)
        {
            case TargetProtocol.H2c:
            case TargetProtocol.Grpc:
                var client = H2Exchange.Client();
                return Make(count, () => new H2Lane(reactor, client, () => shape.Protocol == TargetProtocol.Grpc
                    ? H2Exchange.GrpcRequest(Address, shape.BodyBytes)
                    : H2Exchange.Request(Address, shape.BodyBytes)));
            case TargetProtocol.GrpcStream:
                var shared = H2Exchange.Client();
                return Make(count, () => new GrpcStreamLane(reactor, shared, Address, shape.BodyBytes));
            case TargetProtocol.WebSocket:
                var handshake = RequestImage.WebSocketHandshake(Address.Authority, Address.PathAndQuery);
                return Make(count, () => new SocketLane(reactor, _endpoint, () => new WebSocketReader(), handshake));
            default:
                return Make(count, () => new SocketLane(reactor, _endpoint, () => new HttpResponseReader()));
        }
    }

    /// <summary>The n-th request.</summary>
    public Func<long, RequestImage> Images(RequestShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (shape.Protocol == TargetProtocol.WebSocket)
        {
            var message = RequestImage.WebSocketMessage(Math.Max(1, shape.BodyBytes));
            return _ => message;
        }

        var headers = shape.Profile == "R" ? ManyHeaders : [];
        var usual = RequestImage.Http(
            shape.BodyBytes > 0 ? "POST" : "GET", Address.Authority, Address.PathAndQuery, shape.BodyBytes, headers, shape.ExpectedStatus);
        if (shape.Profile != "R")
        {
            return _ => usual;
        }

        var post = RequestImage.Http("POST", Address.Authority, Address.PathAndQuery, 1024, headers, shape.ExpectedStatus);
        return n => n % 10 == 9 ? post : usual;
    }

    private static Lane[] Make(int count, Func<Lane> make)
    {
        var lanes = new Lane[count];
        for (var i = 0; i < count; i++)
        {
            lanes[i] = make();
        }

        return lanes;
    }

    internal static IPEndPoint Resolve(Uri address) => new(
        IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) ? ip : Dns.GetHostAddresses(address.Host, AddressFamily.InterNetwork)[0], address.Port);
}

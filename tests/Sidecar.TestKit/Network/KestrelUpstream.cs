using System.Buffers.Binary;
using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Sidecar.TestKit.Network;

/// <summary>An upstream on a real server, for protocols where frames by hand would hide the point: h2c, gRPC, WebSocket.</summary>
public sealed class KestrelUpstream : IAsyncDisposable
{
    private readonly WebApplication _application;

    private KestrelUpstream(WebApplication application) => _application = application;

    /// <summary>Chosen by the kernel.</summary>
    public int Port { get; private set; }

    /// <summary>As a destination's address.</summary>
    public string Address => $"http://127.0.0.1:{Port}";

    /// <summary>Starts with one protocol: <see cref="HttpProtocols.Http1"/> or <see cref="HttpProtocols.Http2"/> (h2c).</summary>
    public static async Task<KestrelUpstream> StartAsync(HttpProtocols protocol, RequestDelegate handler)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.Limits.MaxRequestBodySize = null;
            options.Limits.MinRequestBodyDataRate = null;
            options.Limits.MinResponseDataRate = null;
            options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocol);
        });
        var application = builder.Build();
        application.UseWebSockets();
        application.Run(handler);
        await application.StartAsync();
        var addresses = application.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>()
            .Features.Get<Microsoft.AspNetCore.Hosting.Server.Features.IServerAddressesFeature>()!;
        return new KestrelUpstream(application) { Port = new Uri(addresses.Addresses.First()).Port };
    }

    /// <summary>Echoes every WebSocket message, and the close status; other requests get 426.</summary>
    public static Task<KestrelUpstream> StartWebSocketEchoAsync(HttpProtocols protocols = HttpProtocols.Http1) => StartAsync(protocols, async context =>
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            return;
        }

        var protocol = context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault();
        using var socket = await context.WebSockets.AcceptWebSocketAsync(protocol);
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, context.RequestAborted);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(received.CloseStatus ?? WebSocketCloseStatus.Empty, received.CloseStatusDescription, context.RequestAborted);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, context.RequestAborted);
        }
    });

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var immediately = new CancellationTokenSource();
        await immediately.CancelAsync();
        await _application.StopAsync(immediately.Token);
        await _application.DisposeAsync();
    }
}

/// <summary>gRPC's message framing (one byte compressed, four bytes length), enough to play both ends without a library.</summary>
public static class GrpcFraming
{
    /// <summary>One uncompressed message.</summary>
    public static byte[] Message(byte[] payload)
    {
        var framed = new byte[5 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), payload.Length);
        payload.CopyTo(framed, 5);
        return framed;
    }

    /// <summary>The next message's payload; null at the end.</summary>
    public static async Task<byte[]?> ReadMessageAsync(Stream body, CancellationToken cancellationToken = default)
    {
        var head = new byte[5];
        var read = await body.ReadAtLeastAsync(head, 5, throwOnEndOfStream: false, cancellationToken);
        if (read == 0)
        {
            return null;
        }

        if (read < 5)
        {
            throw new EndOfStreamException("a gRPC message was cut in its head");
        }

        var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1))];
        await body.ReadExactlyAsync(payload, cancellationToken);
        return payload;
    }

    /// <summary>Answers with messages and then a status in trailers.</summary>
    public static async Task RespondAsync(HttpContext context, int status, params byte[][] messages)
    {
        context.Response.ContentType = "application/grpc";
        await context.Response.StartAsync();
        foreach (var message in messages)
        {
            await context.Response.Body.WriteAsync(Message(message));
            await context.Response.Body.FlushAsync();
        }

        context.Response.AppendTrailer("grpc-status", status.ToString(System.Globalization.CultureInfo.InvariantCulture));
        context.Response.AppendTrailer("grpc-message", status == 0 ? "" : "scripted");
    }

    /// <summary>Answers with a status in headers and nothing else (trailers-only).</summary>
    public static Task RespondTrailersOnlyAsync(HttpContext context, int status)
    {
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = status.ToString(System.Globalization.CultureInfo.InvariantCulture);
        context.Response.Headers["grpc-message"] = "scripted";
        return Task.CompletedTask;
    }
}

using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sidecar.LoadGen.Commands;

namespace Sidecar.LoadGen.Backend;

/// <summary>
/// An upstream for the scenarios that nginx cannot serve: WebSocket echo, unary calls with trailers, bodies that are
/// counted, and a known capacity (<c>--slots</c> requests at a time, each taking <c>--delay</c>).
/// </summary>
internal static class BackendServer
{
    private static readonly byte[] Small = "hello from the backend\n"u8.ToArray();
    private static readonly byte[] Megabyte = new byte[1 << 20];

    public static async Task<int> RunAsync(Arguments given)
    {
        var http = given.Integer("http", 0);
        var h2c = given.Integer("h2c", 0);
        var delay = given.Duration("delay", TimeSpan.Zero);
        var slots = given.Integer("slots", 0);
        given.RejectUnknown();
        if (http == 0 && h2c == 0)
        {
            throw new ArgumentException("backend: --http PORT or --h2c PORT, or both");
        }

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
            if (http != 0)
            {
                kestrel.Listen(IPAddress.Loopback, http, listen => listen.Protocols = HttpProtocols.Http1);
            }

            if (h2c != 0)
            {
                kestrel.Listen(IPAddress.Loopback, h2c, listen => listen.Protocols = HttpProtocols.Http2);
            }
        });
        await using var application = builder.Build();
        // No pings of its own: the generator only counts messages.
        application.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.Zero });
        using var gate = slots > 0 ? new SemaphoreSlim(slots) : null;
        application.Run(context => AnswerAsync(context, delay, gate));
        await application.StartAsync();
        await Console.Out.WriteLineAsync("ready");
        await application.WaitForShutdownAsync();
        return 0;
    }

    private static async Task AnswerAsync(HttpContext context, TimeSpan delay, SemaphoreSlim? gate)
    {
        if (gate is null)
        {
            await AnswerAsync(context, delay);
            return;
        }

        await gate.WaitAsync(context.RequestAborted);
        try
        {
            await AnswerAsync(context, delay);
        }
        finally
        {
            gate.Release();
        }
    }

    private static async Task AnswerAsync(HttpContext context, TimeSpan delay)
    {
        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay, context.RequestAborted);
        }

        var path = context.Request.Path.Value ?? "/";
        if (context.WebSockets.IsWebSocketRequest)
        {
            await EchoWebSocketAsync(context);
        }
        else if (context.Request.ContentType == "application/grpc")
        {
            context.Response.ContentType = "application/grpc";
            await context.Request.Body.CopyToAsync(context.Response.Body);
            context.Response.AppendTrailer("grpc-status", "0");
        }
        else if (path.StartsWith("/echo", StringComparison.Ordinal))
        {
            context.Response.ContentLength = context.Request.ContentLength;
            await context.Request.Body.CopyToAsync(context.Response.Body);
        }
        else if (path.StartsWith("/bytes/", StringComparison.Ordinal) && long.TryParse(path.AsSpan(7), out var size) && size >= 0)
        {
            await WriteAsync(context.Response, size);
        }
        else
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.ContentLength = Small.Length;
            await context.Response.Body.WriteAsync(Small);
        }
    }

    private static async Task WriteAsync(HttpResponse response, long size)
    {
        response.ContentLength = size;
        for (var rest = size; rest > 0; rest -= Megabyte.Length)
        {
            await response.Body.WriteAsync(Megabyte.AsMemory(0, (int)Math.Min(rest, Megabyte.Length)));
        }
    }

    private static async Task EchoWebSocketAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, context.RequestAborted);
        }
    }
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sidecar.LoadGen.Commands;

namespace Sidecar.LoadGen.Backend;

/// <summary>
/// An upstream behind <see cref="ResettingRelay"/>s: every connection to it is reset at a random byte, and it accounts for each numbered
/// request that arrived nevertheless. <c>GET /account</c>, on a port without resets, says what came to it.
/// </summary>
internal static class HostileServer
{
    /// <summary>The header with the number of a request.</summary>
    public const string NumberHeader = "x-number";

    // What one exchange of the suite takes on the wire, about; the streams of HTTP/2 share a connection, which lives longer.
    private const int RequestBytes = 500;
    private const int AnswerBytes = 120;
    private const int StreamsPerConnection = 4;

    public static async Task<int> RunAsync(Arguments given)
    {
        var (http, h2c, accountPort) = (given.Integer("http", 0), given.Integer("h2c", 0), given.Integer("account", 0));
        var account = new RequestAccount(given.Integer("requests", 1_000_000));
        var (lives, seed) = (given.Integer("lives", 20), given.Integer("seed", 1));
        given.RejectUnknown();
        if (accountPort == 0 || (http == 0 && h2c == 0))
        {
            throw new ArgumentException("hostile: --account PORT, and --http PORT or --h2c PORT, or both");
        }

        var folder = Directory.CreateTempSubdirectory("sidecar-hostile-");
        try
        {
            var (forHttp, forH2c) = (Path.Combine(folder.FullName, "http"), Path.Combine(folder.FullName, "h2c"));
            using var relay1 = Relay(forHttp, seed, lives);
            using var relay2 = Relay(forH2c, seed + 1, lives * StreamsPerConnection);
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            {
                kestrel.AddServerHeader = false;
                kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
                kestrel.ListenUnixSocket(forHttp, listen => listen.Protocols = HttpProtocols.Http1);
                kestrel.ListenUnixSocket(forH2c, listen => listen.Protocols = HttpProtocols.Http2);
                kestrel.Listen(IPAddress.Loopback, accountPort, listen => listen.Protocols = HttpProtocols.Http1);
            });
            await using var application = builder.Build();
            application.Run(context => context.Connection.LocalPort == accountPort ? WriteAsync(context.Response, account, [relay1, relay2]) : AnswerAsync(context, account));
            await application.StartAsync();
            _ = http == 0 ? 0 : relay1.Start(http);
            _ = h2c == 0 ? 0 : relay2.Start(h2c);
            await Console.Out.WriteLineAsync("ready");
            await application.WaitForShutdownAsync();
            return 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static ResettingRelay Relay(string socket, int seed, int exchanges)
    {
        // One thread at a time draws: the relay accepts in a loop.
        var random = new Random(seed);
        return new ResettingRelay(new UnixDomainSocketEndPoint(socket), () => ConnectionFate.Draw(random, exchanges, RequestBytes, AnswerBytes));
    }

    private static async Task AnswerAsync(HttpContext context, RequestAccount account)
    {
        var request = context.Request;
        if (int.TryParse(request.Headers[NumberHeader], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            account.Begin(number, isRepeatable: HttpMethods.IsGet(request.Method) || request.Headers.ContainsKey("Idempotency-Key"));
            try
            {
                await request.Body.CopyToAsync(Stream.Null);
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException)
            {
                return; // cut before its end: an application would not act on it
            }

            account.Process(number);
        }

        context.Response.ContentLength = 3;
        await context.Response.Body.WriteAsync("ok\n"u8.ToArray());
    }

    private static async Task WriteAsync(HttpResponse response, RequestAccount account, ResettingRelay[] relays)
    {
        response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(response.BodyWriter);
        json.WriteStartObject();
        foreach (var isRepeatable in (bool[])[false, true])
        {
            var sum = account.Sum(isRepeatable);
            json.WriteStartObject(isRepeatable ? "repeatable" : "nonRepeatable");
            json.WriteNumber("begun", sum.Begun);
            json.WriteNumber("begunAgain", sum.BegunAgain);
            json.WriteNumber("processed", sum.Processed);
            json.WriteNumber("processedAgain", sum.ProcessedAgain);
            json.WriteEndObject();
        }

        json.WriteNumber("connections", relays.Sum(relay => relay.Connections));
        json.WriteStartObject("resets");
        foreach (var place in Enum.GetValues<ResetPlace>())
        {
            json.WriteNumber(place switch { ResetPlace.AtOnce => "at once", ResetPlace.InRequest => "within a request", ResetPlace.InAnswer => "within an answer", _ => "between two" },
                relays.Sum(relay => relay.Resets(place)));
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}

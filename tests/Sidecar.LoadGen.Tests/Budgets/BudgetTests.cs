using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Loop;
using Sidecar.LoadGen.Modes;
using Sidecar.LoadGen.Recording;
using Sidecar.TestKit.Network;

namespace Sidecar.LoadGen.Tests.Budgets;

/// <summary>What a request may cost (<c>loadtests/budgets.json</c>), counted on the native binary: bytes and system calls, never time.</summary>
public sealed class BudgetTests
{
    private static readonly JsonElement Budgets = JsonDocument.Parse(File.ReadAllText(PathOf("loadtests/budgets.json"))).RootElement;
    private static readonly long Requests = Budgets.GetProperty("requests").GetInt64();

    [NativeFact]
    public async Task Bytes_FullRoute_AreWithinTheBudget() =>
        Assert.InRange(await BytesAsync("/orders/1"), 0, Budgets.GetProperty("full").GetProperty("bytesPerRequest").GetDouble());

    [NativeFact]
    public async Task Bytes_RouteWithoutPolicies_AreWithinTheBudget() =>
        Assert.InRange(await BytesAsync("/plain/1"), 0, Budgets.GetProperty("withoutPolicies").GetProperty("bytesPerRequest").GetDouble());

    [NativeFact(Tool = "strace")]
    public async Task Syscalls_FullRoute_AreWithinTheBudget()
    {
        await using var running = await Running.StartAsync();
        await running.SendAsync("/orders/1", Requests / 10);
        var table = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo("strace", ["-c", "-f", "-o", table, "-p", $"{running.ProcessId}"]) { RedirectStandardError = true };
            using var strace = Process.Start(start)!;
            // Its first line says that every thread is watched.
            var first = await strace.StandardError.ReadLineAsync();
            Assert.True(first?.Contains("attached", StringComparison.Ordinal) == true, $"strace: {first}");
            await running.SendAsync("/orders/1", Requests / 4);
            using (Process.Start("kill", ["-INT", $"{strace.Id}"]))
            {
                await strace.WaitForExitAsync();
            }

            // Waits are left out: how often a thread has nothing to do depends on who else runs, not on the code.
            var calls = File.ReadLines(table).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(cells => cells.Length >= 5 && char.IsAsciiDigit(cells[0][0]) && cells[^1] is not ("total" or "futex" or "sched_yield" or "epoll_wait"))
                .Sum(cells => long.Parse(cells[3], CultureInfo.InvariantCulture));
            Assert.InRange((double)calls / (Requests / 4), 1, Budgets.GetProperty("full").GetProperty("syscallsPerRequest").GetDouble());
        }
        finally
        {
            File.Delete(table);
        }
    }

    private static async Task<double> BytesAsync(string path)
    {
        await using var running = await Running.StartAsync();
        await running.SendAsync(path, Requests / 10); // pools and tables of the first requests are not the price of one
        var before = await running.AllocatedAsync(Requests / 10);
        await running.SendAsync(path, Requests);
        return (double)(await running.AllocatedAsync((Requests / 10) + Requests) - before) / Requests;
    }

    private static string PathOf(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", name);

    /// <summary>The native proxy with everything on that PRODUCT calls full, an upstream of 100 bytes, and a sink for its exports.</summary>
    private sealed class Running(KestrelUpstream upstream, KestrelUpstream sink, ProxyProcess proxy, string folder) : IAsyncDisposable
    {
        private static readonly byte[] Body = new byte[100];
        private readonly HttpClient _client = new();
        private IPEndPoint? _traffic;
        private IPEndPoint? _admin;

        public int ProcessId => proxy.Id;

        public static async Task<Running> StartAsync()
        {
            var upstream = await KestrelUpstream.StartAsync(HttpProtocols.Http1, context =>
            {
                context.Response.ContentLength = Body.Length;
                return context.Response.Body.WriteAsync(Body).AsTask();
            });
            var sink = await KestrelUpstream.StartAsync(HttpProtocols.Http1, context => context.Request.Body.CopyToAsync(Stream.Null));
            var folder = Directory.CreateTempSubdirectory("sidecar-budget-").FullName;
            var document = Path.Combine(folder, "sidecar.yaml");
            await File.WriteAllTextAsync(document, $$"""
                version: 1
                listeners: { reverse: { address: "127.0.0.1:0" }, admin: { address: "127.0.0.1:0" }, metrics: off }
                telemetry: { traceRatio: 0.01, accessLog: { successRatio: 1, linesPerSecond: 1000000 } }
                clusters: { up: { destinations: { a: { address: "{{upstream.Address}}" } } } }
                routes:
                  all: { match: { path: "/{**rest}" }, cluster: up, policy: { timeouts: { request: 15s, perTry: 5s }, retry: { maxRetries: 2 }, circuitBreaker: {} } }
                  plain: { match: { path: "/plain/{**rest}" }, cluster: up, policy: { timeouts: { request: off }, retry: off } }
                """);
            var proxy = ProxyProcess.Start(NativeFactAttribute.Binary!, ["run", "--config", document], new Dictionary<string, string>
            {
                ["SIDECAR_EVENT_LOOPS"] = "1",
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = sink.Address,
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            });
            var running = new Running(upstream, sink, proxy, folder);
            running._traffic = await proxy.EndPointAsync("reverse");
            running._admin = await proxy.EndPointAsync("admin");
            return running;
        }

        /// <summary>So many requests over the budget's connections, all answered as wished.</summary>
        public Task SendAsync(string path, long requests) => Task.Run(() =>
        {
            using var reactor = new EpollReactor(TimeSpan.Zero);
            var target = Target.Parse($"proxy=http://{_traffic}{path}");
            var lanes = target.Lanes(reactor, Budgets.GetProperty("connections").GetInt32(), new RequestShape());
            var tally = new Tally();
            new ClosedLoop(reactor, lanes, target.Images(new RequestShape()), tally, TimeSpan.FromSeconds(30)).Run(requests);
            Array.ForEach(lanes, lane => lane.Close());
            Assert.Equal((requests, 0L), (tally.Succeeded, tally.Failed));
        });

        /// <summary>Once so many requests are counted: the last ones are a moment after their answers have gone out.</summary>
        public async Task<long> AllocatedAsync(long requests)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (true)
            {
                using var json = JsonDocument.Parse(await _client.GetStringAsync($"http://{_admin}/stats", limit.Token));
                var counted = json.RootElement.GetProperty("requests").GetInt64();
                Assert.InRange(counted, 0, requests);
                if (counted == requests)
                {
                    return json.RootElement.GetProperty("allocatedBytes").GetInt64();
                }
            }
        }

        public async ValueTask DisposeAsync()
        {
            _client.Dispose();
            await proxy.DisposeAsync();
            await upstream.DisposeAsync();
            await sink.DisposeAsync();
            Directory.Delete(folder, recursive: true);
        }
    }
}

/// <summary>Needs the native binary, which <c>make test</c> names by SIDECAR_PROXY_BINARY; skipped with the reason elsewhere.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NativeFactAttribute : FactAttribute
{
    private readonly string? _skip = Binary is null ? "SIDECAR_PROXY_BINARY names no native binary (make publish makes one)" : null;

    /// <summary>The binary, or null.</summary>
    public static string? Binary => Environment.GetEnvironmentVariable("SIDECAR_PROXY_BINARY") is { Length: > 0 } path && File.Exists(path) ? path : null;

    /// <summary>A program that must be there.</summary>
    public string? Tool { get; set; }

    /// <inheritdoc/>
    public override string? Skip
    {
        get => _skip ?? (Tool is null || IsThere(Tool) ? null : $"{Tool} is not installed");
        set => throw new NotSupportedException();
    }

    private static bool IsThere(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Any(folder => File.Exists(Path.Combine(folder, tool)));
}
